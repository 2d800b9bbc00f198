"""Gym time where the clocks change: against a search through all moments."""

import os
import time as time_module
from bisect import bisect
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trainers.clock import at_gym, gym_now, has_come, is_on_the_clock

ZONES = [
    "Europe/Berlin",
    "Europe/Prague",
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # back for Ramadan
    "America/Santiago",  # at midnight
    "Antarctica/Troll",  # by two hours
    "Pacific/Chatham",  # at a quarter to three
    "Pacific/Apia",  # went without a whole day in 2011
    "Asia/Kolkata",  # never
]


@cache
def changes(zone):
    """What the wall clock shows when it is changed, from 2005 for thirty years."""

    def offset(moment):
        return moment.astimezone(ZoneInfo(zone)).utcoffset()

    found = []
    days = [datetime(2005, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(10_957)]
    for day, next_day in pairwise(days):
        if (before := offset(day)) != offset(next_day):
            minutes = [day + timedelta(minutes=n) for n in range(1441)]
            moment = minutes[
                bisect(minutes, False, key=lambda at: offset(at) != before)
            ]
            found.append((moment + before).replace(tzinfo=None))
    return found


@st.composite
def zones_and_times(draw):
    """A zone and a time on its wall, often where clocks change."""
    zone = draw(st.sampled_from(ZONES))
    start = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31))
    if changes(zone):
        start |= st.sampled_from(changes(zone))
    minutes = draw(st.integers(-200, 200) | st.integers(-1600, 1600))
    wall = draw(start).replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    return zone, wall


def moments_showing(zone, wall):
    """Every moment at which a clock in the zone shows this time, in order."""
    day = timedelta(hours=30)
    around = [wall.replace(tzinfo=UTC) + n * day for n in (-1, 0, 1)]
    offsets = {at.astimezone(ZoneInfo(zone)).utcoffset() for at in around}
    moments = sorted(wall.replace(tzinfo=UTC) - offset for offset in offsets)
    shown = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in moments]
    return [at for at, show in zip(moments, shown, strict=True) if show == wall]


many = settings(max_examples=400)


@many
@given(zones_and_times())
@example(("Europe/Berlin", datetime(2027, 3, 28, 2, 0)))
@example(("Europe/Berlin", datetime(2027, 3, 28, 3, 0)))
@example(("America/Santiago", datetime(2026, 9, 6, 0, 30)))
@example(("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 29)))
@example(("Pacific/Apia", datetime(2011, 12, 30, 10, 0)))
def test_a_time_is_on_the_clock_when_some_moment_shows_it(zone_and_time):
    zone, wall = zone_and_time
    with override_settings(TIME_ZONE=zone):
        assert is_on_the_clock(wall) == bool(moments_showing(zone, wall))


@many
@given(zones_and_times())
@example(("Europe/Berlin", datetime(2026, 10, 25, 2, 30)))
@example(("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 45)))
def test_a_time_that_comes_twice_means_the_first(zone_and_time):
    zone, wall = zone_and_time
    with override_settings(TIME_ZONE=zone):
        here = at_gym(wall.date(), wall.time())
    moments = moments_showing(zone, wall)
    assert here.replace(tzinfo=None) == wall
    assert not moments or here.astimezone(UTC) == moments[0]


@many
@given(zones_and_times(), st.integers(-180, 180))
@example(("Europe/Berlin", datetime(2026, 10, 25, 2, 30)), 45)
def test_what_has_come_stays_so_when_the_clock_goes_back(zone_and_time, minutes):
    zone, wall = zone_and_time
    with override_settings(TIME_ZONE=zone):
        here = at_gym(wall.date(), wall.time())
        then = here.astimezone(UTC) + timedelta(minutes=minutes)
        assert has_come(here, then.astimezone(ZoneInfo(zone))) == (minutes >= 0)


@many
@given(zones_and_times())
def test_what_the_wall_shows_now_is_at_the_gym_now(zone_and_time):
    zone, wall = zone_and_time
    for moment in moments_showing(zone, wall):
        with (
            override_settings(TIME_ZONE=zone),
            time_machine.travel(moment, tick=False),
        ):
            now = gym_now()
            assert now.astimezone(UTC) == moment
            assert (now.date(), now.time()) == (wall.date(), wall.time())
            assert has_come(at_gym(wall.date(), wall.time()), now)


def test_the_zones_change_their_clocks_as_said():
    """Else the properties above would look at ordinary days alone."""
    assert [zone for zone in ZONES if not changes(zone)] == ["Asia/Kolkata"]


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def server_elsewhere(request):
    """The process and its machine keep another time."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time_module.tzset()
    yield
    os.environ["TZ"] = before or ""
    time_module.tzset()


@pytest.mark.parametrize(
    ("zone", "utc", "today"),
    [
        ("Europe/Berlin", datetime(2026, 12, 6, 22, 59, tzinfo=UTC), date(2026, 12, 6)),
        ("Europe/Berlin", datetime(2026, 12, 6, 23, 1, tzinfo=UTC), date(2026, 12, 7)),
        ("Pacific/Apia", datetime(2026, 12, 6, 10, 59, tzinfo=UTC), date(2026, 12, 6)),
        ("Pacific/Apia", datetime(2026, 12, 6, 11, 1, tzinfo=UTC), date(2026, 12, 7)),
        (
            "America/New_York",
            datetime(2027, 1, 1, 4, 59, tzinfo=UTC),
            date(2026, 12, 31),
        ),
        ("America/New_York", datetime(2027, 1, 1, 5, 1, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_today_is_the_gyms_wherever_the_server_stands(
    zone, utc, today, server_elsewhere
):
    tz = os.environ["TZ"]
    with override_settings(TIME_ZONE=zone), time_machine.travel(utc, tick=False):
        os.environ["TZ"] = tz
        time_module.tzset()
        now = gym_now()
    assert now.date() == today
    assert now.time() in (time(23, 59), time(0, 1))


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("at", [time.min, time(12), time.max])
@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/New_York"])
def test_the_ends_of_the_calendar_have_a_time_too(zone, day, at):
    with override_settings(TIME_ZONE=zone):
        assert is_on_the_clock(datetime.combine(day, at))
        assert has_come(at_gym(day, at), gym_now()) == (day == date.min)
