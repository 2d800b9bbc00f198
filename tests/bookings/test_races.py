"""Threads against the real database: one winner, no deadlock, nothing lost."""

import threading
import time as time_module
from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from bookings import models
from bookings.domain import booking
from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reschedule_session,
)
from bookings.domain.idempotency import book_once
from bookings.domain.plan import PlanChanged, change_hours
from bookings.domain.projection import project_schedule
from bookings.exceptions import (
    BookingRefused,
    ClientBusy,
    KeyReused,
    SessionMoved,
    SlotTaken,
    SlotUnavailable,
    TrainerNotFound,
)
from bookings.models import TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import DayOfWeek, SlotStatus, Trainer, WorkingHours
from trainers.schedule import (
    WeeklyHours,
    fit_trainer_schedule,
    initialize_trainer_schedule,
    set_slot_status,
)

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
    looked, first_is_done = threading.Barrier(2), threading.Event()
    write = TrainingSession.save_locked

    def wait_then_write(session, *args, **kwargs):
        if looked.wait(timeout=10) != 0:
            assert first_is_done.wait(10)
        write(session, *args, **kwargs)

    def book_and_tell(member):
        try:
            return book(member, ana, THURSDAY, 9, now=NOW)
        finally:
            first_is_done.set()

    people = {maya.pk: maya, omar.pk: omar}
    monkeypatch.setattr(booking, "lock_people", lambda c, t: (people, {ana.pk: ana}))
    monkeypatch.setattr(TrainingSession, "save_locked", wait_then_write)

    results = race(*(lambda m=m: book_and_tell(m) for m in (maya, omar)))

    assert TrainingSession.objects.count() == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == 1


def test_one_member_two_trainers_one_winner(ana, maya):
    bruno = TrainerFactory()
    results = race(
        *(lambda t=t: book(maya, t, THURSDAY, 9, now=NOW) for t in (ana, bruno))
    )

    assert TrainingSession.objects.count() == 1
    assert sum(isinstance(result, ClientBusy) for result in results) == 1


def book_with_key(client, trainer, hour=9):
    return book_once(
        client,
        key="the same",
        trainer_id=trainer.pk,
        session_date=THURSDAY,
        start_time=time(hour),
        end_time=time(hour + 1),
        now=NOW,
    )


def test_one_request_many_times_at_once_books_once(ana, maya):
    receipts = race(*[lambda: book_with_key(maya, ana)] * RACERS)

    session = TrainingSession.objects.get()
    assert [receipt.answer["id"] for receipt in receipts] == [session.pk] * RACERS
    assert sum(not receipt.replayed for receipt in receipts) == 1


def test_two_requests_under_one_key_at_once_book_one(ana, maya):
    results = race(*(lambda h=h: book_with_key(maya, ana, h) for h in (9, 11)))

    assert TrainingSession.objects.count() == 1
    assert sum(isinstance(result, KeyReused) for result in results) == 1


def test_a_repeat_waits_for_the_first_and_gets_its_receipt(ana, maya):
    first = []
    second = after_others(
        lambda: first.append(book_with_key(maya, ana)),
        lambda: book_with_key(maya, ana),
    )
    assert second.replayed
    assert second.answer["id"] == first[0].answer["id"]


def after_others(others_do, we_do, *, must_wait=True):
    """What we get when others hold a lock, write, and then let go; we must wait."""
    holding, let_go = threading.Event(), threading.Event()

    def others():
        try:
            with transaction.atomic():
                others_do()
                holding.set()
                assert let_go.wait(10)
        finally:
            connections.close_all()

    def we():
        try:
            return we_do()
        except BookingRefused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(others)
        assert holding.wait(10)
        ours = pool.submit(we)
        time_module.sleep(0.3)
        waited = not ours.done()
        let_go.set()
        theirs.result()
        assert waited or not must_wait, "it did not wait for the lock"
        return ours.result()


def hold(trainer):
    return lambda: Trainer.objects.lock([trainer.pk])


def test_booking_waits_for_the_trainers_lock(ana, maya):
    answer = after_others(hold(ana), lambda: book(maya, ana, THURSDAY, 9, now=NOW))
    assert isinstance(answer, TrainingSession)


def test_booking_waits_for_the_members_lock(ana, maya):
    answer = after_others(
        lambda: models.lock_people([maya.pk], []),
        lambda: book(maya, ana, THURSDAY, 9, now=NOW),
    )
    assert isinstance(answer, TrainingSession)


def test_a_break_made_meanwhile_is_seen_after_the_lock(ana, maya):
    slots = [(DayOfWeek.THURSDAY, time(9))]
    answer = after_others(
        lambda: set_slot_status(ana.pk, slots, SlotStatus.BREAK),
        lambda: book(maya, ana, THURSDAY, 9, now=NOW),
    )
    assert isinstance(answer, SlotUnavailable)


def test_a_trainer_who_leaves_meanwhile_is_seen_after_the_lock(ana, maya):
    def leave():
        Trainer.objects.lock([ana.pk])
        Trainer.objects.filter(pk=ana.pk).update(is_active=False)

    answer = after_others(leave, lambda: book(maya, ana, THURSDAY, 9, now=NOW))
    assert isinstance(answer, TrainerNotFound)


def in_transaction(function, *args):
    with transaction.atomic():
        return function(*args)


def new_hours(trainer):
    return WorkingHours(
        trainer=trainer, day_of_week=1, starts_at=time(9), ends_at=time(10)
    )


WRITES = {
    "cancel": lambda s: cancel_session(s, by=s.client, now=NOW),
    "complete": lambda s: complete_session(s, by=s.client, now=s.starts),
    "confirm": lambda s: confirm_session(s, by=s.client, now=NOW),
    "no_show": lambda s: mark_no_show(s, by=s.client, now=s.starts),
    "save": lambda s: s.save(),
    "delete": lambda s: s.delete(),
    "delete many": lambda s: TrainingSession.objects.filter(pk=s.pk).delete(),
    "project": lambda s: project_schedule(s.trainer_id),
    "fit": lambda s: in_transaction(fit_trainer_schedule, s.trainer_id),
    "initialize": lambda s: in_transaction(initialize_trainer_schedule, s.trainer_id),
    "change hours": lambda s: change_hours(
        s.trainer_id, WeeklyHours.of(s.trainer), by=s.client, now=NOW
    ),
    "save slot": lambda s: in_transaction(s.trainer.slots.first().save),
    "delete slot": lambda s: s.trainer.slots.filter(day_of_week=0).delete(),
    "save hours": lambda s: in_transaction(new_hours(s.trainer).save),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_waits_for_the_trainers_lock(ana, maya, write):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    answer = after_others(hold(ana), lambda: write(session))
    assert not isinstance(answer, Exception)


def test_a_session_booked_meanwhile_is_not_stranded_unseen(ana, maya, frieda):
    mornings = WeeklyHours(((DayOfWeek.THURSDAY, time(9), time(12)),), 60)
    answer = after_others(
        lambda: book(maya, ana, THURSDAY, 15, now=NOW),
        lambda: change_hours(ana.pk, mornings, by=frieda, now=NOW),
    )
    assert isinstance(answer, PlanChanged)
    assert ana.slots.count() == 86


def test_moving_waits_for_the_other_trainer_too(ana, maya):
    bruno = TrainerFactory()
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    moved = after_others(
        hold(bruno),
        lambda: reschedule_session(
            session,
            trainer_id=bruno.pk,
            session_date=THURSDAY,
            start_time=time(9),
            end_time=time(10),
            by=maya,
            now=NOW,
        ),
    )
    assert moved.trainer_id == bruno.pk


def test_clients_are_locked_before_trainers(ana, maya):
    with CaptureQueriesContext(connection) as queries:
        book(maya, ana, THURSDAY, 9, now=NOW)
    locks = [q["sql"] for q in queries if "FOR NO KEY UPDATE" in q["sql"]]
    assert ['FROM "users"' in sql for sql in locks] == [True, False]


@pytest.mark.parametrize(
    "write",
    [
        lambda s: s.delete(),
        lambda s: TrainingSession.objects.filter(pk=s.pk).delete(),
        lambda s: cancel_session(s, by=s.client, now=NOW),
    ],
    ids=["delete", "delete many", "cancel"],
)
def test_a_session_that_moves_while_we_wait_is_left_alone(ana, maya, write):
    """Its new trainer is not the one we locked."""
    bruno = TrainerFactory()
    session = book(maya, ana, THURSDAY, 9, now=NOW)

    def move_away():
        Trainer.objects.lock([ana.pk, bruno.pk])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE training_sessions SET trainer_id = %s", [bruno.pk])

    assert isinstance(after_others(move_away, lambda: write(session)), SessionMoved)
    assert TrainingSession.objects.get().is_active


def quietly(delete):
    """A trainer who has just been booked cannot be deleted."""
    try:
        return delete()
    except ProtectedError as refusal:
        return refusal


def test_deleting_a_trainer_and_saving_slots_do_not_deadlock_with_booking(maya, omar):
    before = deadlocks()
    for hour in range(7, 13):
        leaving, staying = TrainerFactory.create_batch(2)
        slot = staying.slots.get(day_of_week=4, time_slot=time(hour))
        race(
            lambda: quietly(leaving.delete),
            lambda: book(maya, leaving, THURSDAY, hour, now=NOW),
            lambda: in_transaction(slot.save),
            lambda: book(omar, staying, THURSDAY, hour, now=NOW),
        )
    assert deadlocks() == before


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
