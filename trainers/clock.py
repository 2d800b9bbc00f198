"""The one clock. Pages, commands and rules are handed what it says."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone


def gym_now() -> datetime:
    """This moment on the gym's wall: aware, in `settings.TIME_ZONE`."""
    return timezone.localtime(timezone=timezone.get_default_timezone())


def at_gym(day: date, clock_time: time) -> datetime:
    """A stored date and time as a moment that compares with `gym_now()`."""
    return datetime.combine(day, clock_time, timezone.get_default_timezone())


def minute_of_day(at: time) -> str:
    """18:00 to programs; midnight at the end of a day is its last microsecond."""
    return "24:00" if at == time.max else f"{at:%H:%M}"


def has_come(moment: datetime, now: datetime) -> bool:
    """Whether a time at the gym has come: the first time, where the clock repeats it.

    Python compares two moments of one zone by what the wall shows; in the hour that
    is repeated in autumn, what has begun would lie ahead again.
    """
    return moment <= now.astimezone(UTC)


def time_until(moment: datetime, now: datetime) -> timedelta:
    """How long it really is until then, also over a change of the clock."""
    return moment.astimezone(UTC) - now.astimezone(UTC)


def is_on_the_clock(moment: datetime) -> bool:
    """False for a wall-clock time that is skipped when clocks are put forward."""
    here = at_gym(moment.date(), moment.time())
    try:
        there_and_back = here.astimezone(UTC).astimezone(here.tzinfo)
    except OverflowError:
        # The first and the last day of the calendar have no other zone.
        return True
    # Whole moments: Samoa once left out a day.
    return there_and_back == here
