"""The one clock. Pages, commands and rules are handed what it says."""

from datetime import date, datetime, time

from django.utils import timezone


def gym_now() -> datetime:
    """This moment on the gym's wall: aware, in `settings.TIME_ZONE`."""
    return timezone.localtime(timezone=timezone.get_default_timezone())


def at_gym(day: date, clock_time: time) -> datetime:
    """A stored date and time as a moment that compares with `gym_now()`."""
    return datetime.combine(day, clock_time, timezone.get_default_timezone())
