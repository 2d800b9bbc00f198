"""How a session went, and taking that back."""

from datetime import time, timedelta

import pytest

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reschedule_session,
)
from bookings.domain.invariants import broken_promises
from bookings.domain.marking import (
    check_in,
    close_unmarked,
    undo_check_in,
    undo_mark,
    undo_marks,
)
from bookings.domain.story import story_of
from bookings.exceptions import (
    ClientBusy,
    EarlyCompletion,
    HasCheckedIn,
    Held,
    NotToday,
    SlotTaken,
    WrongStatus,
)
from bookings.models import Hold, SessionStatus, TrainingSession
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.clock import at_gym
from trainers.models import TrainerSchedule

pytestmark = pytest.mark.django_db

NINE = at_gym(MONDAY, time(9))
NOON = at_gym(MONDAY, time(12))
TUESDAY = NOON + timedelta(days=1)


@pytest.fixture
def session(ana, maya):
    return book(maya, ana, MONDAY, 9, now=NOW)


def actions(session):
    return [event.action for event in session.events.all()]


def told(session):
    return [line.sentence for line in story_of(session)]


class TestCheckingIn:
    def test_is_noted_once_and_twice_is_quiet(self, session, frieda):
        check_in(session, by=frieda, now=NINE)
        again = check_in(session, by=frieda, now=NOON)
        assert again.checked_in_at == NINE
        assert actions(session) == ["booked", "checked_in"]
        line = session.events.last()
        assert (line.actor, line.at) == (frieda, NINE)
        assert (line.before["checked_in"], line.after["checked_in"]) == (False, True)

    def test_can_be_taken_back_and_twice_is_quiet(self, session, frieda):
        check_in(session, by=frieda, now=NINE)
        for _ in range(2):
            assert undo_check_in(session, by=frieda, now=NOON).checked_in_at is None
        assert actions(session) == ["booked", "checked_in", "check_in_undone"]

    def test_is_for_the_day_of_the_session(self, ana, maya, session, frieda):
        ahead = book(maya, ana, THURSDAY, 9, now=NOW)
        for other, now in ((ahead, NINE), (session, TUESDAY)):
            with pytest.raises(NotToday):
                check_in(other, by=frieda, now=now)

    def test_is_for_what_has_not_ended(self, session, frieda):
        cancel_session(session, by=frieda, now=NOW)
        for verb in (check_in, undo_check_in):
            with pytest.raises(WrongStatus):
                verb(session, by=frieda, now=NINE)

    def test_who_has_come_has_not_missed_it(self, session, frieda):
        check_in(session, by=frieda, now=NINE)
        with pytest.raises(HasCheckedIn):
            mark_no_show(session, by=frieda, now=NOON)
        undo_check_in(session, by=frieda, now=NOON)
        assert mark_no_show(session, by=frieda, now=NOON).status == "no_show"

    def test_holds_for_its_day_and_not_for_another(self, session, ana, maya, frieda):
        def move(day, hour):
            return reschedule_session(
                session,
                trainer_id=ana.pk,
                session_date=day,
                start_time=time(hour),
                end_time=time(hour + 1),
                by=frieda,
                now=NINE,
            )

        check_in(session, by=frieda, now=NINE)
        assert move(MONDAY, 11).checked_in_at
        assert move(THURSDAY, 11).checked_in_at is None


class TestCompletingEarly:
    def test_asks_first(self, session, frieda):
        with pytest.raises(EarlyCompletion):
            complete_session(session, by=frieda, now=NINE - timedelta(seconds=1))
        early = complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        assert early.status == "completed"
        assert complete_session(session, by=frieda, now=NOW) == early

    def test_from_the_start_on_it_does_not(self, session, frieda):
        assert complete_session(session, by=frieda, now=NINE).status == "completed"


class TestTakingAMarkBack:
    @pytest.mark.parametrize("mark", [complete_session, mark_no_show])
    def test_it_is_what_it_was_before(self, session, frieda, mark):
        confirm_session(session, by=frieda, now=NOW)
        mark(session, by=frieda, now=NOON)
        for _ in range(2):
            back = undo_mark(session, by=frieda, now=TUESDAY)
            assert back.status == "confirmed"
        assert actions(session)[2:] == [mark_of(mark), "mark_undone"]
        row = TrainerSchedule.objects.get(booking=session)
        assert row.status == "booked"

    def test_a_row_that_came_by_sql_is_scheduled_again(self, session, frieda):
        session.status = SessionStatus.NO_SHOW
        session.save()
        assert undo_mark(session, by=frieda, now=TUESDAY).status == "scheduled"

    def test_not_where_the_trainer_has_another(self, session, ana, omar, frieda):
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        other = book(omar, ana, MONDAY, 9, now=NOW)
        with pytest.raises(SlotTaken, match="The trainer has another session"):
            undo_mark(session, by=frieda, now=NOON)
        cancel_session(other, by=frieda, now=NOON)
        assert undo_mark(session, by=frieda, now=NOON).is_active

    def test_not_where_the_member_has_another(self, session, maya, frieda):
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        book(maya, TrainerFactory(), MONDAY, 9, now=NOW)
        with pytest.raises(ClientBusy, match="The member has another session"):
            undo_mark(session, by=frieda, now=NOON)

    def test_not_where_the_time_is_kept_for_another(
        self, session, ana, maya, omar, frieda
    ):
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        hold = Hold.objects.create(
            trainer=ana,
            client=omar,
            session_date=MONDAY,
            start_time=time(9),
            end_time=time(10),
            why="offer",
            until=NINE,
        )
        with pytest.raises(Held, match="kept for another member"):
            undo_mark(session, by=frieda, now=NOW)
        Hold.objects.filter(pk=hold.pk).update(client=maya)
        assert undo_mark(session, by=frieda, now=NOW).is_active

    def test_what_was_cancelled_has_no_mark(self, session, frieda):
        cancel_session(session, by=frieda, now=NOW)
        with pytest.raises(WrongStatus, match="was cancelled"):
            undo_mark(session, by=frieda, now=NOON)


def mark_of(verb):
    return "completed" if verb is complete_session else "no_show"


class TestClosingWhatNobodyMarked:
    @pytest.fixture
    def sessions(self, ana, maya, omar):
        over = [
            book(maya, ana, MONDAY, 9, now=NOW),
            book(omar, ana, MONDAY, 10, now=NOW),
        ]
        ahead = book(MemberFactory(), ana, MONDAY, 13, now=NOW)
        return [*over, ahead]

    def test_what_is_over_and_active_is_unmarked(self, sessions):
        def unmarked(now):
            return list(TrainingSession.objects.unmarked(now))

        assert unmarked(at_gym(MONDAY, time(9, 59))) == []
        assert unmarked(at_gym(MONDAY, time(10))) == sessions[:1]
        assert unmarked(NOON) == sessions[:2]
        assert unmarked(TUESDAY) == sessions

    def test_one_refusal_does_not_stop_the_rest(self, sessions, frieda):
        closed = close_unmarked(sessions, SessionStatus.COMPLETED, by=frieda, now=NOON)
        assert closed.done == sessions[:2]
        ((refused, refusal),) = closed.refused
        assert (refused, refusal.sentence) == (
            sessions[2],
            "This session is not over yet.",
        )

    def test_and_is_undone_in_one_go(self, sessions, frieda):
        closed = close_unmarked(sessions, SessionStatus.NO_SHOW, by=frieda, now=NOON)
        back = undo_marks(closed.done, by=frieda, now=TUESDAY)
        assert (back.done, back.refused) == (sessions[:2], [])
        assert list(TrainingSession.objects.unmarked(TUESDAY)) == sessions

    def test_who_had_checked_in_is_not_closed_as_a_no_show(self, sessions, frieda):
        check_in(sessions[0], by=frieda, now=NINE)
        closed = close_unmarked(sessions, SessionStatus.NO_SHOW, by=frieda, now=TUESDAY)
        assert closed.done == sessions[1:]
        assert isinstance(closed.refused[0][1], HasCheckedIn)


def test_every_step_keeps_the_promises_and_is_told(session, frieda):
    check_in(session, by=frieda, now=NINE)
    undo_check_in(session, by=frieda, now=NINE)
    mark_no_show(session, by=frieda, now=NOON)
    undo_mark(session, by=frieda, now=NOON)
    assert broken_promises() == []
    assert told(session)[1:] == [
        "You arrived, and were checked in.",
        "The check-in was taken back: it had been a mistake.",
        "The gym noted that you did not come.",
        "The gym took the last note back: it is booked as before.",
    ]
    befores, afters = zip(*session.events.values_list("before", "after"), strict=True)
    assert befores == ({}, *afters[:-1])
