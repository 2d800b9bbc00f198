"""A trainer's own time off: what it is, and which sessions stand in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.utils.translation import gettext as _

from bookings.domain.stranded import Absence, affected_sessions
from bookings.exceptions import SessionsInTheWay
from bookings.models import TrainingSession, TrainingSessionQuerySet
from bookings.transactions import persistent, writing
from trainers.models import Closure, TimeOff, Trainer
from trainers.wording import clock, day_and_year, days_and_year, span


@dataclass(frozen=True)
class TimeAway:
    """Time off as its trainer reads it."""

    off: TimeOff
    # Active sessions that stand in it all the same.
    standing: int

    @property
    def when(self) -> str:
        return when_of(self.off)


def build_time_away(trainer: Trainer, *, now: datetime) -> Sequence[TimeAway]:
    """What is under way or ahead. Two queries."""
    ahead = list(trainer.time_off.filter(last_day__gte=now.date()))
    if not ahead:
        return []
    last = max(off.last_day for off in ahead)
    sessions = trainer.sessions.active().upcoming(now).filter(session_date__lte=last)
    booked = list(sessions.only("session_date", "start_time", "end_time"))
    return [TimeAway(off, sum(is_within(s, off) for s in booked)) for off in ahead]


def when_of(off: TimeOff) -> str:
    """Thursday 10 December 2026, 12:00 – 14:00; 24 – 27 December 2026"""
    start, end = off.starts_at, off.ends_at or time.max
    if off.first_day == off.last_day:
        day = day_and_year(off.first_day)
        if (start, end) == (time.min, time.max):
            return day
        return _("%(day)s, %(span)s") % {"day": day, "span": span(start, end)}
    if (start, end) == (time.min, time.max):
        return days_and_year(off.first_day, off.last_day)
    return _("%(day)s, %(time)s – %(last_day)s, %(last_time)s") % {
        "day": day_and_year(off.first_day),
        "time": clock(start),
        "last_day": day_and_year(off.last_day),
        "last_time": clock(end),
    }


def name_of(absence: TimeOff | Closure) -> str:
    """Ana Ruiz, 24 – 27 December 2026; Flood, 7 December 2026"""
    if isinstance(absence, Closure):
        return str(absence)
    return f"{absence.trainer}, {when_of(absence)}"


def is_within(session: TrainingSession, off: TimeOff) -> bool:
    """Whether any part of it is: as `trainers.slots` judges of slots."""
    begins = (session.session_date, session.start_time)
    ends = (session.session_date, session.end_time)
    away_until = (off.last_day, off.ends_at or time.max)
    return begins < away_until and (off.first_day, off.starts_at) < ends


def sessions_within(off: TimeOff, *, now: datetime) -> TrainingSessionQuerySet:
    """The active sessions ahead that the time off meets. One query."""
    return affected_sessions(Absence.of(off), now=now)


@persistent
def take_time_off(off: TimeOff, *, knowing: Collection[int], now: datetime) -> int:
    """Save it; returns how many sessions stand in it, which it leaves alone.

    Locks the trainer. Raises SessionsInTheWay when one of the sessions is not among
    those whose ids the trainer was shown: `knowing`.
    """
    with writing():
        Trainer.objects.lock([off.trainer_id])
        standing = set(sessions_within(off, now=now).values_list("pk", flat=True))
        if not standing <= set(knowing):
            raise SessionsInTheWay
        off.save()
    return len(standing)
