"""A trainer's own week: who comes, for what, and what they wrote about it.

What a member writes may be about health: these pages, the member's own and the
member's export are the only ones that carry it. The templates print what is here and
ask nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from bookings.domain.agenda import SessionState, nearness, state_of
from bookings.domain.booking import complete_session, locked_copy, mark_no_show
from bookings.domain.marking import undo_mark
from bookings.domain.week import Week
from bookings.exceptions import NotStarted, SessionMoved
from bookings.models import TrainingSession, TrainingSessionQuerySet
from bookings.transactions import persistent, writing
from trainers.clock import has_come
from trainers.models import Closure, TimeOff, Trainer
from trainers.wording import clock, duration, span

ENDED = (SessionState.COMPLETED, SessionState.NO_SHOW)
CANCELLED = (SessionState.CANCELLED, SessionState.CANCELLED_LATE)


@dataclass(frozen=True)
class Guest:
    """What a trainer sees of a member."""

    name: str
    # False for Former member, and for Member 12, who has not said how they are called.
    is_named: bool = True
    # Empty, too, where no session with this trainer lies ahead.
    phone: str = ""
    email: str = ""

    @property
    def first_name(self) -> str:
        """All of it where it is no name: Former member."""
        return self.name.split()[0] if self.is_named else self.name

    @property
    def dialled(self) -> str:
        """The number without what is only there to be read."""
        return "".join(sign for sign in self.phone if sign in "+0123456789")


@dataclass(frozen=True)
class CoachEntry:
    """One session: who comes, and what the trainer can say of it now."""

    session: TrainingSession
    guest: Guest
    state: SessionState

    @property
    def can_be_marked(self) -> bool:
        return self.state in (SessionState.UNDER_WAY, SessionState.NOT_MARKED)

    @property
    def is_marked(self) -> bool:
        return self.state in ENDED

    @property
    def is_cancelled(self) -> bool:
        return self.state in CANCELLED

    @property
    def notes(self) -> str:
        return "" if self.is_cancelled else self.session.notes

    @property
    def checked_in(self) -> str:
        """08:55; empty for who has not, or not yet."""
        at = self.session.checked_in_at
        return clock(localtime(at).time()) if at else ""

    @property
    def duration(self) -> str:
        return duration(self.session.start_time, self.session.end_time)


@dataclass(frozen=True)
class CoachDay:
    date: date
    # Today and tomorrow are called so.
    nearness: Promise | None
    is_today: bool
    # Closures and the trainer's own time off.
    absences: Sequence[str]
    entries: Sequence[CoachEntry]

    @property
    def is_shown(self) -> bool:
        return bool(self.is_today or self.absences or self.entries)

    @property
    def expected(self) -> int:
        return sum(not entry.is_cancelled for entry in self.entries)


@dataclass(frozen=True)
class CoachWeek:
    week: Week
    is_this_week: bool
    # From today, in the week that has it; what came before in it stands below.
    days: Sequence[CoachDay]
    earlier: Sequence[CoachDay]
    # Of the weeks before, and the newest of these weeks.
    unmarked: int
    unmarked_week: Week | None

    @property
    def is_empty(self) -> bool:
        return not any(day.entries for day in [*self.days, *self.earlier])


def build_coach_week(trainer: Trainer, week: Week, *, now: datetime) -> CoachWeek:
    """The trainer's week at `now`. Five queries, however many sessions it has."""
    today = now.date()
    of_week = trainer.sessions.between(week.monday, week.sunday)
    entries = build_entries(trainer, of_week, now=now)
    by_day = {
        day: list(of_day)
        for day, of_day in groupby(entries, key=lambda each: each.session.session_date)
    }
    absences = absences_of(trainer, week)
    days = [
        CoachDay(
            date=day,
            nearness=nearness(day, today),
            is_today=day == today,
            absences=absences[day],
            entries=by_day.get(day, []),
        )
        for day in week
    ]
    is_this_week = week == Week.of(today)
    before = today if is_this_week else week.monday
    forgotten = trainer.sessions.active().filter(
        session_date__lt=min(week.monday, today)
    )
    dates = list(forgotten.values_list("session_date", flat=True))
    return CoachWeek(
        week=week,
        is_this_week=is_this_week,
        days=[day for day in days if day.date >= before and day.is_shown],
        earlier=[day for day in days if day.date < before and day.is_shown],
        unmarked=len(dates),
        unmarked_week=Week.of(max(dates)) if dates else None,
    )


def build_entries(
    trainer: Trainer, sessions: TrainingSessionQuerySet, *, now: datetime
) -> list[CoachEntry]:
    """Two queries: the sessions with their members, and who has something ahead."""
    found = list(sessions.select_related("client"))
    expected = not_over(trainer, now=now).filter(
        client__in={session.client_id for session in found}
    )
    reachable = set(expected.order_by().values_list("client", flat=True).distinct())
    return [
        CoachEntry(
            session=session,
            guest=guest_of(session.client, is_reachable=session.client_id in reachable),
            state=state_of(session, now=now),
        )
        for session in found
    ]


def not_over(trainer: Trainer, *, now: datetime) -> TrainingSessionQuerySet:
    """Under way counts: who is late can be called."""
    today, at = now.date(), now.time()
    ahead = Q(session_date__gt=today) | Q(session_date=today, end_time__gt=at)
    return trainer.sessions.active().filter(ahead)


def guest_of(client: Any, *, is_reachable: bool = False) -> Guest:
    """By name only: `str()` of a person may be an address."""
    if not client.is_active:
        return Guest(_("Former member"), is_named=False)
    name = client.name.strip()
    shown = name or _("Member %(number)s") % {"number": client.pk}
    if not is_reachable:
        return Guest(shown, is_named=bool(name))
    email = client.email or ""
    return Guest(shown, is_named=bool(name), phone=client.phone, email=email)


def absences_of(trainer: Trainer, week: Week) -> dict[date, list[str]]:
    """What keeps the trainer from working on each day of the week. Two queries."""
    within = {"first_day__lte": week.sunday, "last_day__gte": week.monday}
    absences: dict[date, list[str]] = {day: [] for day in week}
    for closure in Closure.objects.filter(**within):
        for day in days_of(closure, week):
            sentence = _("The gym is closed: %(name)s")
            absences[day].append(sentence % {"name": closure.name})
    for off in trainer.time_off.filter(**within):
        for day in days_of(off, week):
            absences[day].append(time_off_on(off, day))
    return absences


def days_of(absence: Closure | TimeOff, week: Iterable[date]) -> list[date]:
    return [day for day in week if absence.first_day <= day <= absence.last_day]


def time_off_on(off: TimeOff, day: date) -> str:
    start = off.starts_at if day == off.first_day else time.min
    end = (off.ends_at if day == off.last_day else None) or time.max
    if (start, end) == (time.min, time.max):
        return _("Time off, the whole day")
    return _("Time off, %(span)s") % {"span": span(start, end)}


@persistent
def mark_attended(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """As `complete_session`, of what has begun and is still the trainer's.

    Raises NotStarted or SessionMoved.
    """
    with writing():
        locked = still_theirs(session)
        if not has_come(locked.starts, now):
            raise NotStarted(
                _("This session has not started yet. Mark it once it has.")
            )
        return complete_session(locked, by=by, now=now)


@persistent
def mark_missed(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """As `mark_no_show`, of what is still the trainer's. Raises SessionMoved too."""
    with writing():
        return mark_no_show(still_theirs(session), by=by, now=now)


def still_theirs(session: TrainingSession) -> TrainingSession:
    """The session locked; the desk may have given it to a colleague meanwhile."""
    locked = locked_copy(session)
    if locked.trainer_id != session.trainer_id:
        raise SessionMoved
    return locked


@persistent
def unmark(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """As `undo_mark`, of what is still the trainer's. Raises SessionMoved too."""
    with writing():
        return undo_mark(still_theirs(session), by=by, now=now)
