"""Changing plans: the cut-off, the late cancellation, the minute in which to undo."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    reschedule_session,
    undo_cancellation,
)
from bookings.domain.invariants import broken_promises
from bookings.exceptions import (
    InvalidBooking,
    LateCancellation,
    PastCutOff,
    SlotTaken,
    TooLate,
    UndoTooLate,
    WrongStatus,
)
from tests.conftest import NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.clock import at_gym
from trainers.models import TrainerSchedule

pytestmark = pytest.mark.django_db

IN_TIME = at_gym(THURSDAY, time(6))
LATE = IN_TIME + timedelta(seconds=1)
BEGUN = at_gym(THURSDAY, time(18))
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(ana, maya):
    be_easy_going(cancel_cut_off_hours=12)
    return book(maya, ana, THURSDAY, 18, now=NOW)


def slot_status():
    return TrainerSchedule.objects.get(day_of_week=4, time_slot=time(18)).status


class TestCutOff:
    def test_until_twelve_hours_before_it_is_free(self, session, maya):
        cancelled = cancel_session(session, by=maya, now=IN_TIME)
        assert (cancelled.status, cancelled.cancelled_late) == ("cancelled", False)

    def test_afterwards_it_is_asked_first_and_then_marked(self, session, maya):
        with pytest.raises(LateCancellation, match="less than 12 hours"):
            cancel_session(session, by=maya, now=LATE)
        session.refresh_from_db()
        assert session.is_active
        cancelled = cancel_session(session, by=maya, now=LATE, late_is_fine=True)
        assert (cancelled.status, cancelled.cancelled_late) == ("cancelled", True)
        assert cancelled.events.last().after["cancelled_late"] is True
        assert slot_status() == "available"
        assert not broken_promises()

    def test_saying_that_late_is_fine_does_not_make_it_late(self, session, maya):
        cancelled = cancel_session(session, by=maya, now=IN_TIME, late_is_fine=True)
        assert not cancelled.cancelled_late

    def test_after_the_start_it_is_too_late_for_both(self, session, maya):
        with pytest.raises(TooLate):
            cancel_session(session, by=maya, now=BEGUN, late_is_fine=True)

    def test_what_staff_cancel_is_never_the_members_fault(self, session, frieda):
        assert not cancel_session(session, by=frieda, now=LATE).cancelled_late

    def test_a_second_click_changes_nothing(self, session, maya):
        cancel_session(session, by=maya, now=IN_TIME)
        again = cancel_session(session, by=maya, now=LATE)
        assert not again.cancelled_late
        assert again.events.filter(action="cancelled").count() == 1

    def test_staff_see_it_and_find_it(self, session, maya, as_frieda):
        cancel_session(session, by=maya, now=LATE, late_is_fine=True)
        url = "/admin/bookings/trainingsession/"
        found = as_frieda.get(url, {"cancelled_late__exact": 1})
        assert found.context["cl"].result_count == 1
        assert (
            as_frieda.get(url, {"cancelled_late__exact": 0}).context["cl"].result_count
            == 0
        )
        page = as_frieda.get(f"{url}{session.pk}/change/").content.decode()
        assert "Cancelled late" in page

    def test_the_database_too_knows_no_late_session_that_stands(self, session):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE training_sessions SET cancelled_late = true")


class TestUndo:
    def test_within_a_minute_it_is_as_it_was(self, session, maya, frieda):
        confirm_session(session, by=frieda, now=NOW)
        cancel_session(session, by=maya, now=LATE, late_is_fine=True)
        back = undo_cancellation(session, by=maya, now=LATE + 60 * SECOND)
        assert (back.status, back.cancelled_late) == ("confirmed", False)
        assert back.cancelled_at is None
        assert slot_status() == "booked"
        assert not broken_promises()

    def test_undoing_twice_is_quiet(self, session, maya):
        cancel_session(session, by=maya, now=IN_TIME)
        for _ in range(2):
            undo_cancellation(session, by=maya, now=IN_TIME + SECOND)
        assert session.events.filter(action="reopened").count() == 1

    def test_afterwards_it_is_over(self, session, maya):
        cancel_session(session, by=maya, now=IN_TIME)
        with pytest.raises(UndoTooLate):
            undo_cancellation(session, by=maya, now=IN_TIME + 61 * SECOND)

    def test_nobody_undoes_what_another_cancelled(self, session, maya, frieda):
        cancel_session(session, by=frieda, now=IN_TIME)
        with pytest.raises(UndoTooLate):
            undo_cancellation(session, by=maya, now=IN_TIME + SECOND)

    def test_who_took_the_time_meanwhile_keeps_it(self, session, ana, maya, omar):
        cancel_session(session, by=maya, now=IN_TIME)
        book(omar, ana, THURSDAY, 18, now=IN_TIME)
        with pytest.raises(SlotTaken):
            undo_cancellation(session, by=maya, now=IN_TIME + SECOND)

    def test_the_rules_for_members_do_not_ask_again(self, session, maya):
        cancel_session(session, by=maya, now=IN_TIME)
        be_easy_going(minimum_notice_hours=100, horizon_days=1)
        assert undo_cancellation(session, by=maya, now=IN_TIME + SECOND).is_active

    def test_only_a_cancellation_can_be_taken_back(self, session, maya, frieda):
        complete_session(session, by=frieda, now=IN_TIME, early_is_fine=True)
        with pytest.raises(WrongStatus):
            undo_cancellation(session, by=maya, now=IN_TIME)


class TestMoving:
    def move(self, session, trainer, hour, *, by, now):
        return reschedule_session(
            session,
            trainer_id=trainer.pk,
            session_date=THURSDAY,
            start_time=time(hour),
            end_time=time(hour + 1),
            by=by,
            now=now,
        )

    def test_the_same_cut_off(self, session, ana, maya, frieda):
        with pytest.raises(PastCutOff, match="until 12 hours before"):
            self.move(session, ana, 19, by=maya, now=LATE)
        assert self.move(session, ana, 19, by=maya, now=IN_TIME).start_time.hour == 19
        assert self.move(session, ana, 17, by=frieda, now=LATE).start_time.hour == 17

    def test_to_another_trainer_at_the_same_time(self, session, ana, maya):
        ben = TrainerFactory(name="Ben Carter", hourly_rate=999)
        moved = self.move(session, ben, 18, by=maya, now=IN_TIME)
        assert (moved.trainer, moved.price) == (ben, session.price)
        assert slot_of(ana) == "available"
        assert slot_of(ben) == "booked"


def slot_of(trainer):
    return trainer.slots.get(day_of_week=4, time_slot=time(18)).status


def test_a_member_moves_only_to_who_gives_what_was_booked(session, maya, frieda):
    """Staff know better, and may."""
    cem = TrainerFactory(name="Cem", session_types=["group_session"])
    there = {
        "trainer_id": cem.pk,
        "session_date": THURSDAY,
        "start_time": time(18),
        "end_time": time(19),
    }
    with pytest.raises(InvalidBooking, match="does not give"):
        reschedule_session(session, **there, by=maya, now=NOW)
    assert reschedule_session(session, **there, by=frieda, now=NOW).trainer == cem
