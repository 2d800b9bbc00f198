"""Threads against the real database: one winner, no deadlock, nothing lost."""

import threading
import time as time_module
from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest
from django.db import IntegrityError, connection, connections, transaction

from bookings import models
from bookings.domain import booking
from bookings.domain.booking import cancel_session
from bookings.exceptions import (
    BookingRefused,
    ClientBusy,
    SlotTaken,
    SlotUnavailable,
    TrainerNotFound,
)
from bookings.models import TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import DayOfWeek, SlotStatus, Trainer
from trainers.schedule import set_slot_status

pytestmark = pytest.mark.django_db(transaction=True)

RACERS = 8


def race(*runners):
    """Let all start at once; what each returned or raised, in order."""
    barrier = threading.Barrier(len(runners))

    def run(runner):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return runner()
        except (BookingRefused, IntegrityError) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return cursor.fetchone()[0]


def test_one_slot_many_members_one_winner(ana):
    members = MemberFactory.create_batch(RACERS)
    before = deadlocks()

    results = race(*(lambda m=m: book(m, ana, THURSDAY, 9, now=NOW) for m in members))

    won = [result for result in results if isinstance(result, TrainingSession)]
    assert TrainingSession.objects.get() == won[0]
    assert len(won) == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == RACERS - 1
    assert deadlocks() == before


def test_without_lock_and_constraint_the_same_race_double_books(ana, monkeypatch):
    """The control: it shows that the race above is one."""
    members = MemberFactory.create_batch(RACERS)
    monkeypatch.setattr(
        booking,
        "lock_people",
        lambda clients, trainers: (
            {m.pk: m for m in members},
            {ana.pk: ana},
        ),
    )
    constraint = next(
        c for c in TrainingSession._meta.constraints if c.name == models.TRAINER_OVERLAP
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(TrainingSession, constraint)
    try:
        rounds = 0
        while TrainingSession.objects.count() <= 1 and rounds < 20:
            TrainingSession.objects.all().delete()
            race(*(lambda m=m: book(m, ana, THURSDAY, 9, now=NOW) for m in members))
            rounds += 1
        assert TrainingSession.objects.count() > 1
    finally:
        TrainingSession.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(TrainingSession, constraint)


def test_without_the_lock_the_constraint_gives_the_same_sentence(
    ana, maya, omar, monkeypatch
):
    """Both look before either writes; the constraint stops the second."""
    looked = threading.Barrier(2)
    write = TrainingSession.save_locked

    def wait_then_write(session, *args, **kwargs):
        looked.wait(timeout=10)
        write(session, *args, **kwargs)

    people = {maya.pk: maya, omar.pk: omar}
    monkeypatch.setattr(booking, "lock_people", lambda c, t: (people, {ana.pk: ana}))
    monkeypatch.setattr(TrainingSession, "save_locked", wait_then_write)

    results = race(
        *(lambda m=m: book(m, ana, THURSDAY, 9, now=NOW) for m in (maya, omar))
    )

    assert TrainingSession.objects.count() == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == 1


def test_one_member_two_trainers_one_winner(ana, maya):
    bruno = TrainerFactory()
    results = race(
        *(lambda t=t: book(maya, t, THURSDAY, 9, now=NOW) for t in (ana, bruno))
    )

    assert TrainingSession.objects.count() == 1
    assert sum(isinstance(result, ClientBusy) for result in results) == 1


def after_others(trainer, client, others_do):
    """What booking answers when others hold a lock, write, and then let go."""
    holding, let_go = threading.Event(), threading.Event()

    def others():
        with transaction.atomic():
            others_do()
            holding.set()
            assert let_go.wait(10)
        connections.close_all()

    def member():
        try:
            return book(client, trainer, THURSDAY, 9, now=NOW)
        except BookingRefused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(others)
        assert holding.wait(10)
        ours = pool.submit(member)
        time_module.sleep(0.5)
        assert not ours.done(), "booking did not wait for the lock"
        let_go.set()
        theirs.result()
        return ours.result()


def test_booking_waits_for_the_trainers_lock(ana, maya):
    answer = after_others(ana, maya, lambda: Trainer.objects.lock([ana.pk]))
    assert isinstance(answer, TrainingSession)


def test_booking_waits_for_the_members_lock(ana, maya):
    answer = after_others(ana, maya, lambda: models.lock_people([maya.pk], []))
    assert isinstance(answer, TrainingSession)


def test_a_break_made_meanwhile_is_seen_after_the_lock(ana, maya):
    slots = [(DayOfWeek.THURSDAY, time(9))]
    answer = after_others(
        ana, maya, lambda: set_slot_status(ana.pk, slots, SlotStatus.BREAK)
    )
    assert isinstance(answer, SlotUnavailable)


def test_a_trainer_who_leaves_meanwhile_is_seen_after_the_lock(ana, maya):
    def leave():
        Trainer.objects.lock([ana.pk])
        Trainer.objects.filter(pk=ana.pk).update(is_active=False)

    assert isinstance(after_others(ana, maya, leave), TrainerNotFound)


def plain_session(client, trainer, hour):
    return TrainingSession(
        client=client,
        trainer=trainer,
        session_date=THURSDAY,
        start_time=time(hour),
        end_time=time(hour + 1),
    )


def test_plain_saves_and_verbs_do_not_deadlock(ana, maya, omar):
    bruno = TrainerFactory()
    before = deadlocks()
    for hour in range(7, 19):
        results = race(
            lambda: book(maya, ana, THURSDAY, hour, now=NOW),
            lambda: plain_session(maya, bruno, hour).save(),
            lambda: plain_session(omar, ana, hour).save(),
            lambda: book(omar, bruno, THURSDAY, hour, now=NOW),
        )
        assert (
            sum(isinstance(r, (BookingRefused, IntegrityError)) for r in results) == 2
        )
    assert TrainingSession.objects.count() == 24
    assert deadlocks() == before


def test_swaps_and_deletes_do_not_deadlock(ana, maya, omar):
    bruno = TrainerFactory()
    before = deadlocks()

    def swap(session, trainer):
        session.trainer = trainer
        session.save()

    for _ in range(5):
        first = book(maya, ana, THURSDAY, 9, now=NOW)
        second = book(omar, bruno, THURSDAY, 11, now=NOW)
        race(
            lambda: swap(first, bruno),
            lambda: swap(second, ana),
            lambda: TrainingSession.objects.filter(trainer__in=[ana, bruno]).delete(),
        )
        TrainingSession.objects.all().delete()
    assert deadlocks() == before


def test_cancel_against_book_leaves_the_truth(ana, maya, omar):
    for _ in range(10):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        race(
            lambda: cancel_session(session, by=maya, now=NOW),
            lambda: book(omar, ana, THURSDAY, 9, now=NOW),
        )
        standing = TrainingSession.objects.active().first()
        slot = ana.slots.get(day_of_week=4, time_slot=time(9))
        assert slot.booking == standing
        assert slot.status == ("booked" if standing else "available")
        TrainingSession.objects.all().delete()
