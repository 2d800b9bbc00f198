"""A time kept for somebody, to the microsecond, and who loses the race for it."""

import threading
from datetime import time, timedelta

import pytest
from django.db import IntegrityError

from bookings.domain import booking, holding
from bookings.domain.availability import get_available_slots
from bookings.domain.booking import cancel_session, reschedule_session
from bookings.domain.cells import CellState, build_cells
from bookings.domain.holding import hold_time, release_hold
from bookings.exceptions import (
    AlreadyPassed,
    BookingRefused,
    ClientBusy,
    Held,
    InvalidBooking,
    MayNotBook,
    SlotTaken,
    SlotUnavailable,
)
from bookings.models import Hold, TrainingSession
from bookings.transactions import refusal_behind
from tests.bookings.test_races import race
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.models import TimeOff

T = NOW + timedelta(hours=2)
TICK = timedelta(microseconds=1)


def hold(client, trainer, day=THURSDAY, hour=9, *, hours=1, until=T, now=NOW, **more):
    return hold_time(
        client,
        trainer_id=trainer.pk,
        session_date=day,
        start_time=time(hour),
        end_time=time(hour + hours),
        until=until,
        why=Hold.Why.OFFER,
        now=now,
        **more,
    )


def seen_by(client, trainer, hour=9, *, now):
    cells = build_cells(trainer, [THURSDAY], now=now, client_id=client.pk)
    return next(cell.state for cell in cells if cell.start == time(hour))


@pytest.mark.django_db
class TestWhatIsKept:
    def test_is_nobody_elses(self, ana, maya, omar):
        hold(maya, ana)
        with pytest.raises(Held):
            book(omar, ana, THURSDAY, 9, now=NOW)
        assert seen_by(omar, ana, now=NOW) == CellState.HELD
        assert time(9) not in get_available_slots(ana.pk, THURSDAY, now=NOW)

    def test_neither_is_what_overlaps_it(self, ana, maya, omar):
        hold(maya, ana, hours=2)
        with pytest.raises(Held):
            book(omar, ana, THURSDAY, 8, hours=2, now=NOW)
        with pytest.raises(Held):
            book(omar, ana, THURSDAY, 10, now=NOW)
        assert book(omar, ana, THURSDAY, 11, now=NOW).pk

    def test_is_open_to_whose_it_is_and_booking_ends_it(self, ana, maya):
        kept = hold(maya, ana)
        assert seen_by(maya, ana, now=NOW) == CellState.AVAILABLE
        book(maya, ana, THURSDAY, 9, now=NOW)
        kept.refresh_from_db()
        assert kept.ended_at == NOW

    def test_booking_another_time_does_not_end_it(self, ana, maya):
        kept = hold(maya, ana)
        book(maya, ana, THURSDAY, 10, now=NOW)
        kept.refresh_from_db()
        assert kept.is_standing(NOW)

    def test_moving_there_ends_it(self, ana, maya):
        kept = hold(maya, ana)
        session = book(maya, ana, THURSDAY, 12, now=NOW)
        place = kept.place()
        reschedule_session(session, **place, by=maya, now=NOW)
        kept.refresh_from_db()
        assert kept.ended_at == NOW

    def test_is_moved_onto_by_nobody_else(self, ana, maya, omar):
        kept = hold(maya, ana)
        session = book(omar, ana, THURSDAY, 12, now=NOW)
        with pytest.raises(Held):
            reschedule_session(session, **kept.place(), by=omar, now=NOW)

    def test_released_is_free_at_once_and_twice_is_quiet(self, ana, maya, omar):
        kept = hold(maya, ana)
        release_hold(kept, now=NOW)
        release_hold(kept, now=NOW + TICK)
        kept.refresh_from_db()
        assert kept.ended_at == NOW
        assert book(omar, ana, THURSDAY, 9, now=NOW).pk


@pytest.mark.django_db
class TestTheMomentItRunsOut:
    """Nothing but the clock ends it: no job has run, and the row says nothing."""

    @pytest.fixture(autouse=True)
    def kept(self, ana, maya):
        return hold(maya, ana)

    def test_a_microsecond_before_it_stands(self, ana, omar):
        assert seen_by(omar, ana, now=T - TICK) == CellState.HELD
        assert time(9) not in get_available_slots(ana.pk, THURSDAY, now=T - TICK)
        with pytest.raises(Held):
            book(omar, ana, THURSDAY, 9, now=T - TICK)
        with pytest.raises(Held):
            hold(omar, ana, now=T - TICK, until=T + TICK)

    @pytest.mark.parametrize("now", [T, T + TICK])
    def test_then_it_is_free(self, ana, omar, now):
        assert seen_by(omar, ana, now=now) == CellState.AVAILABLE
        assert time(9) in get_available_slots(ana.pk, THURSDAY, now=now)
        assert book(omar, ana, THURSDAY, 9, now=now).pk

    @pytest.mark.parametrize("now", [T, T + TICK])
    def test_then_the_next_can_have_it_held(self, ana, omar, now, kept):
        hold(omar, ana, now=now, until=now + TICK)
        kept.refresh_from_db()
        assert kept.ended_at == T


@pytest.mark.django_db
class TestWhatCanBeKept:
    def test_what_staff_could_book(self, ana, maya):
        be_easy_going(minimum_notice_hours=200, horizon_days=9, most_upcoming=1)
        assert hold(maya, ana).pk

    def test_not_what_is_taken(self, ana, maya, omar):
        book(omar, ana, THURSDAY, 9, now=NOW)
        with pytest.raises(SlotTaken):
            hold(maya, ana)

    def test_not_while_the_member_has_another_session(self, ana, maya):
        book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
        with pytest.raises(ClientBusy):
            hold(maya, ana)

    def test_but_in_place_of_that_one(self, ana, maya):
        session = book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
        assert hold(maya, ana, instead_of=session).pk

    def test_not_when_the_trainer_is_away(self, ana, maya):
        TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
        with pytest.raises(SlotUnavailable):
            hold(maya, ana)

    def test_not_what_has_begun(self, ana, maya):
        with pytest.raises(AlreadyPassed):
            hold(maya, ana, MONDAY, 7, now=NOW + timedelta(hours=1))

    @pytest.mark.parametrize("until", [NOW, NOW - TICK])
    def test_not_until_a_moment_that_has_come(self, ana, maya, until):
        with pytest.raises(InvalidBooking):
            hold(maya, ana, until=until)

    def test_not_twice_for_the_same_member(self, ana, maya):
        hold(maya, ana)
        with pytest.raises(Held, match="already"):
            hold(maya, ana)

    def test_not_for_who_has_left(self, ana, maya):
        maya.is_active = False
        maya.save()
        with pytest.raises(MayNotBook):
            hold(maya, ana)

    def test_a_cancelled_session_gives_no_hold_back(self, ana, maya):
        kept = hold(maya, ana)
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        kept.refresh_from_db()
        assert kept.ended_at == NOW


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_a_hold_and_a_booking_have_one_winner(self, ana, maya, omar):
        for hour in range(7, 17):
            results = race(
                lambda h=hour: hold(maya, ana, hour=h),
                lambda h=hour: book(omar, ana, THURSDAY, h, now=NOW),
            )
            refused = [each for each in results if isinstance(each, BookingRefused)]
            assert [type(each) for each in refused] in ([Held], [SlotTaken])
        assert Hold.objects.count() + TrainingSession.objects.count() == 10

    def test_without_the_lock_both_would_have_it(self, ana, maya, omar, monkeypatch):
        """The control: no constraint stands between the two tables, only the lock."""
        looked = threading.Barrier(2)
        people = {maya.pk: maya, omar.pk: omar}
        write, end = TrainingSession.save_locked, holding.end_what_ran_out
        for module in (booking, holding):
            monkeypatch.setattr(
                module, "lock_people", lambda c, t: (people, {ana.pk: ana})
            )

        def write_when_both_have_looked(session):
            looked.wait(10)
            write(session)

        def hold_when_both_have_looked(trainer_id, **place):
            looked.wait(10)
            end(trainer_id, **place)

        monkeypatch.setattr(TrainingSession, "save_locked", write_when_both_have_looked)
        monkeypatch.setattr(holding, "end_what_ran_out", hold_when_both_have_looked)

        race(
            lambda: hold(maya, ana),
            lambda: book(omar, ana, THURSDAY, 9, now=NOW),
        )

        assert (Hold.objects.count(), TrainingSession.objects.count()) == (1, 1)

    def test_two_holds_have_one_winner(self, ana, maya, omar):
        results = race(*(lambda m=m: hold(m, ana) for m in (maya, omar)))
        assert sum(isinstance(each, Held) for each in results) == 1
        assert Hold.objects.count() == 1

    def test_the_constraint_speaks_the_same_sentence(self, ana, maya, omar):
        kept = hold(maya, ana)
        place = {**kept.place(), "until": T, "why": Hold.Why.OFFER}
        with pytest.raises(IntegrityError) as caught:
            Hold.objects.create(client=omar, **place)
        assert refusal_behind(caught.value) is Held
