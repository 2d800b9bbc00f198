"""Booking in the nights when the clocks change, in zones that do it differently."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from bookings.domain.availability import is_slot_available
from bookings.domain.booking import (
    book_session,
    cancel_session,
    mark_no_show,
    reschedule_session,
)
from bookings.domain.week import Week, build_week
from bookings.exceptions import InvalidBooking, SlotTaken, SlotUnavailable, TooLate
from trainers.models import DayOfWeek, TrainerSchedule

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
# A time that no clock shows, and one that every clock shows twice.
LEFT_OUT = {
    "Europe/Berlin": datetime(2027, 3, 28, 2, 30),
    "Europe/Prague": datetime(2027, 3, 28, 2, 0),
    "America/New_York": datetime(2027, 3, 14, 2, 0),
    "Australia/Lord_Howe": datetime(2027, 10, 3, 2, 0),
    "Africa/Casablanca": datetime(2027, 3, 14, 2, 30),
    "America/Santiago": datetime(2027, 9, 5, 0, 0),
    "Antarctica/Troll": datetime(2027, 3, 28, 1, 30),
}
TWICE = {
    "Europe/Berlin": datetime(2026, 10, 25, 2, 30),
    "Europe/Prague": datetime(2026, 10, 25, 2, 15),
    "America/New_York": datetime(2026, 11, 1, 1, 30),
    "Australia/Lord_Howe": datetime(2027, 4, 4, 1, 45),
    "Africa/Casablanca": datetime(2027, 2, 7, 2, 15),
    "America/Santiago": datetime(2027, 4, 3, 23, 15),
    "Antarctica/Troll": datetime(2026, 10, 25, 2, 0),
}


@pytest.fixture
def at_night(ana):
    """Ana has a slot of a quarter of an hour at that time of the week."""
    ana.session_minutes = 15
    ana.save()

    def open_slot(wall):
        day = DayOfWeek.of(wall.date())
        ana.slots.filter(day_of_week=day).delete()
        TrainerSchedule.objects.create(
            trainer=ana, day_of_week=day, time_slot=wall.time()
        )
        return ana

    return open_slot


def when(wall):
    return {
        "session_date": wall.date(),
        "start_time": wall.time(),
        "end_time": (wall + timedelta(minutes=15)).time(),
    }


def on_the_wall(zone, wall, **fold):
    return wall.replace(tzinfo=ZoneInfo(zone), **fold)


def cells(trainer, wall, now):
    week = build_week(trainer, Week.of(wall.date()), now=now)
    day = next(day for day in week.days if day.date == wall.date())
    return {cell.start: str(cell.state) for cell in day.cells}


@pytest.mark.parametrize(("zone", "wall"), LEFT_OUT.items(), ids=LEFT_OUT)
def test_a_time_that_the_clock_leaves_out_cannot_be_had(at_night, maya, zone, wall):
    ana = at_night(wall)
    with override_settings(TIME_ZONE=zone):
        now = on_the_wall(zone, wall - 2 * WEEK)
        with pytest.raises(SlotUnavailable):
            book_session(maya, trainer_id=ana.pk, now=now, **when(wall))
        assert not is_slot_available(ana.pk, wall.date(), wall.time())
        assert cells(ana, wall, now).get(wall.time(), "closed") == "closed"

        week_before = when(wall - WEEK)
        session = book_session(maya, trainer_id=ana.pk, now=now, **week_before)
        with pytest.raises(SlotUnavailable):
            reschedule_session(
                session, trainer_id=ana.pk, by=maya, now=now, **when(wall)
            )
        later = when(wall + WEEK)
        reschedule_session(session, trainer_id=ana.pk, by=maya, now=now, **later)


@pytest.mark.parametrize(("zone", "wall"), TWICE.items(), ids=TWICE)
def test_a_time_that_comes_twice_is_booked_once(at_night, maya, omar, zone, wall):
    ana = at_night(wall)
    with override_settings(TIME_ZONE=zone):
        now = on_the_wall(zone, wall - WEEK)
        book_session(maya, trainer_id=ana.pk, now=now, **when(wall))
        with pytest.raises(SlotTaken):
            book_session(omar, trainer_id=ana.pk, now=now, **when(wall))
        assert cells(ana, wall, now)[wall.time()] == "booked"


@pytest.mark.parametrize(("zone", "wall"), TWICE.items(), ids=TWICE)
def test_what_began_lies_behind_also_when_its_time_comes_again(
    at_night, maya, omar, zone, wall
):
    ana = at_night(wall)
    a_minute_before = wall - timedelta(minutes=1)
    with override_settings(TIME_ZONE=zone):
        first_time = on_the_wall(zone, a_minute_before)
        session = book_session(maya, trainer_id=ana.pk, now=first_time, **when(wall))
        begun = on_the_wall(zone, wall + timedelta(minutes=1))
        again = on_the_wall(zone, a_minute_before, fold=1)
        for now in (begun, again):
            with pytest.raises(TooLate):
                cancel_session(session, by=maya, now=now)
        mark_no_show(session, by=omar, now=again)
        with pytest.raises(InvalidBooking):
            book_session(omar, trainer_id=ana.pk, now=again, **when(wall))
        assert not is_slot_available(ana.pk, wall.date(), wall.time(), now=again)
        assert cells(ana, wall, again)[wall.time()] == "past"
