"""Signals keep the slot rows in step, as the seed's triggers did."""

from datetime import time
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reschedule_session,
)
from bookings.domain.projection import project_schedule, refresh_schedule
from bookings.models import TrainingSession
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.clock import at_gym
from trainers.models import SlotStatus, Trainer, TrainerSchedule, WorkingHours
from trainers.schedule import (
    fit_trainer_schedule,
    initialize_trainer_schedule,
    set_slot_status,
)

pytestmark = pytest.mark.django_db


def row(trainer, day=4, hour=9):
    slot = trainer.slots.get(day_of_week=day, time_slot=time(hour))
    return slot.status, slot.booking_id, slot.client_id, slot.session_date


FREE = ("available", None, None, None)


def booked_by(session):
    return "booked", session.pk, session.client_id, session.session_date


def test_booking_marks_the_slot(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)

    assert row(ana) == booked_by(session)
    assert row(ana, hour=10) == FREE


@pytest.mark.parametrize(
    "end", [cancel_session, partial(complete_session, early_is_fine=True)]
)
def test_ending_frees_the_slot(ana, maya, end):
    end(book(maya, ana, THURSDAY, 9, now=NOW), by=maya, now=NOW)

    assert row(ana) == FREE


def test_a_no_show_frees_the_slot_after_the_start(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    mark_no_show(session, by=maya, now=at_gym(THURSDAY, time(9)))

    assert row(ana) == FREE


def test_confirming_keeps_it(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    confirm_session(session, by=maya, now=NOW)

    assert row(ana) == booked_by(session)


def test_two_weeks_of_one_slot_show_the_earlier_then_the_later(ana, maya, omar):
    later = book(omar, ana, NEXT_THURSDAY, 9, now=NOW)
    earlier = book(maya, ana, THURSDAY, 9, now=NOW)
    assert row(ana) == booked_by(earlier)

    cancel_session(earlier, by=maya, now=NOW)
    assert row(ana) == booked_by(later)


def test_a_move_follows_on_both_ends(ana, maya):
    bruno = TrainerFactory()
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    moved = reschedule_session(
        session,
        trainer_id=bruno.pk,
        session_date=NEXT_THURSDAY,
        start_time=time(11),
        end_time=time(12),
        by=maya,
        now=NOW,
    )

    assert row(ana) == FREE
    assert row(bruno, hour=11) == booked_by(moved)


@pytest.mark.parametrize(
    "change",
    [
        {"session_date": MONDAY},
        {"start_time": time(14), "end_time": time(15)},
        {"session_date": "2026-12-07", "start_time": "14:00", "end_time": "15:00"},
    ],
)
def test_a_plain_save_follows_too(ana, maya, change):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    for field, value in change.items():
        setattr(session, field, value)
    session.save()

    assert row(ana) == FREE
    assert ana.slots.get(booking=session).time_slot == session.start_time


def test_a_plain_save_to_another_trainer_follows_on_both(ana, maya):
    bruno = TrainerFactory()
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    session.trainer = bruno
    session.save()

    assert row(ana) == FREE
    assert row(bruno) == booked_by(session)


def test_a_session_points_from_every_slot_it_covers(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW, hours=3)

    assert ana.slots.filter(booking=session).count() == 3
    session.delete()
    assert not ana.slots.filter(status="booked").exists()


def test_deleting_many_frees_all(ana, maya, omar):
    book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW)

    TrainingSession.objects.all().delete()

    assert row(ana) == row(ana, hour=10) == FREE


def test_the_admins_bulk_delete_frees_all(ana, maya, omar, as_frieda):
    sessions = [
        book(who, ana, THURSDAY, 9 + n, now=NOW) for n, who in enumerate([maya, omar])
    ]
    data = {
        "action": "delete_selected",
        "_selected_action": [session.pk for session in sessions],
        "post": "yes",
    }

    response = as_frieda.post(
        reverse("admin:bookings_trainingsession_changelist"), data
    )

    assert response.status_code == 302
    assert not TrainingSession.objects.exists()
    assert row(ana) == row(ana, hour=10) == FREE


@pytest.mark.parametrize("word", [SlotStatus.UNAVAILABLE, SlotStatus.BREAK])
def test_what_staff_say_of_a_slot_survives(ana, maya, word):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    slot = ana.slots.get(day_of_week=4, time_slot=time(9))
    slot.status = word
    slot.save()
    assert row(ana) == (word, *booked_by(session)[1:])

    cancel_session(session, by=maya, now=NOW)
    assert row(ana) == (word, None, None, None)


def test_a_slot_that_staff_open_again_is_projected_again(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    slot = ana.slots.get(day_of_week=4, time_slot=time(9))
    for word in (SlotStatus.BREAK, SlotStatus.AVAILABLE):
        slot.status = word
        slot.save()

    assert row(ana) == booked_by(session)


def test_silent_paths_are_closed(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    sessions = TrainingSession.objects

    for silent in (
        lambda: sessions.update(status="cancelled"),
        lambda: sessions.filter(pk=session.pk).update(trainer=ana),
        lambda: maya.sessions.update(status="cancelled"),
        lambda: sessions.bulk_create([session]),
        lambda: sessions.bulk_update([session], ["status"]),
        lambda: TrainingSession._base_manager.update(status="cancelled"),
    ):
        with pytest.raises(TypeError, match="use the verbs"):
            silent()
    assert row(ana) == booked_by(session)


def test_raw_sql_drifts_and_projecting_repairs(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE training_sessions SET session_date = '2026-12-11'")
    assert row(ana) == booked_by(session)

    assert project_schedule(ana.pk) == 2
    session.refresh_from_db()
    assert row(ana) == FREE
    assert row(ana, day=5) == booked_by(session)
    assert project_schedule(ana.pk) == 0


def test_a_new_session_length_is_projected_at_once(ana, maya):
    book(maya, ana, THURSDAY, 9, now=NOW)
    ana.session_minutes = 120
    ana.save()
    assert row(ana, hour=8)[0] == "booked"
    assert project_schedule(ana.pk) == 0


def test_fitting_asks_the_sessions_not_the_rows(ana, maya):
    TrainingSession.objects.create(
        trainer=ana,
        client=maya,
        session_date=THURSDAY,
        start_time=time(8),
        end_time=time(9),
    )
    ana.slots.update(booking=None, status="available")
    WorkingHours.objects.create(
        trainer=ana, day_of_week=4, starts_at=time(12), ends_at=time(14)
    )
    with transaction.atomic():
        fit_trainer_schedule(ana.pk)
    assert ana.slots.get(time_slot=time(8)).outside_hours


def test_an_unknown_trainer_is_said_to_be_one(db):
    for function in (refresh_schedule, initialize_trainer_schedule):
        with pytest.raises(Trainer.DoesNotExist):
            function(987654)


def test_a_booked_slot_cannot_be_deleted(ana, maya):
    book(maya, ana, THURSDAY, 9, now=NOW)

    stale = ana.slots.get(day_of_week=4, time_slot=time(10))
    book(maya, ana, THURSDAY, 10, now=NOW)
    with pytest.raises(ProtectedError), transaction.atomic():
        stale.delete()
    with pytest.raises(ProtectedError), transaction.atomic():
        ana.slots.all().delete()
    assert ana.slots.count() == 86


def test_a_slot_outside_new_hours_stays_for_its_session_alone(ana, maya):
    session = book(maya, ana, THURSDAY, 19, now=NOW)
    hours = WorkingHours.objects.create(
        trainer=ana, day_of_week=4, starts_at=time(9), ends_at=time(12)
    )
    result = refresh_schedule(ana.pk)
    assert (result.added, result.removed) == (0, 82)
    assert row(ana, hour=19) == booked_by(session)
    assert ana.slots.get(time_slot=time(19)).outside_hours

    cancel_session(session, by=maya, now=NOW)
    assert not ana.slots.filter(time_slot=time(19)).exists()

    hours.delete()
    assert refresh_schedule(ana.pk).added == 83
    assert TrainerSchedule.objects.filter(outside_hours=True).count() == 0


def test_a_slot_back_inside_the_hours_is_open_again(ana, maya):
    book(maya, ana, THURSDAY, 19, now=NOW)
    hours = WorkingHours.objects.create(
        trainer=ana, day_of_week=4, starts_at=time(9), ends_at=time(12)
    )
    refresh_schedule(ana.pk)
    hours.delete()
    refresh_schedule(ana.pk)

    assert not ana.slots.get(day_of_week=4, time_slot=time(19)).outside_hours


def test_a_slot_back_inside_the_hours_is_still_what_staff_said_of_it(ana, maya):
    """While sessions took 90 minutes, 10:00 stood for the session at 11:00 alone."""
    WorkingHours.objects.create(
        trainer=ana, day_of_week=4, starts_at=time(9), ends_at=time(12)
    )
    refresh_schedule(ana.pk)
    book(maya, ana, THURSDAY, 11, now=NOW)
    with transaction.atomic():
        set_slot_status(ana.pk, [(4, time(10))], "break")
    for minutes in (90, 60):
        ana.session_minutes = minutes
        ana.save()
        refresh_schedule(ana.pk)
    assert row(ana, hour=10)[0] == "break"
