"""A member's sessions as "My sessions" prints them: by day, every word decided.

The templates print what is here and ask nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, islice

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.domain.booking import UNDO_WITHIN
from bookings.gym import GymSettings, gym_settings
from bookings.models import TrainingSession
from trainers.clock import at_gym, has_come
from trainers.wording import duration

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
PAGE_SIZE = 25


class SessionState(StrEnum):
    """What a session is to the member who looks at it: its status, and the clock."""

    SCHEDULED = "scheduled"
    CONFIRMED = "confirmed"
    UNDER_WAY = "under_way"
    NOT_MARKED = "not_marked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CANCELLED_LATE = "cancelled_late"
    NO_SHOW = "no_show"

    @property
    def word(self) -> Promise:
        return WORDS[self]


WORDS = {
    SessionState.SCHEDULED: pgettext_lazy("a session", "Booked"),
    SessionState.CONFIRMED: _("Confirmed"),
    SessionState.UNDER_WAY: _("Under way"),
    SessionState.NOT_MARKED: _("Not yet marked"),
    SessionState.COMPLETED: _("Completed"),
    SessionState.CANCELLED: _("Cancelled"),
    SessionState.CANCELLED_LATE: _("Cancelled late"),
    SessionState.NO_SHOW: _("Missed"),
}


@dataclass(frozen=True)
class Entry:
    """One session: what it is at the moment, and what can be done with it."""

    session: TrainingSession
    state: SessionState
    # Neither begun nor ended: it can be cancelled and moved.
    is_ahead: bool
    # The same time on the same weekday, the next that comes: 2026-12-17T18:00.
    again: str
    # Until then cancelling and moving are free, and moving is possible at all.
    free_until: datetime
    is_past_cut_off: bool
    can_be_undone: bool = False

    @property
    def can_be_moved(self) -> bool:
        return self.is_ahead and not self.is_past_cut_off

    @property
    def duration(self) -> str:
        return duration(self.session.start_time, self.session.end_time)

    @property
    def at(self) -> str:
        """The name of its cell: 2026-12-10T18:00."""
        return f"{self.session.session_date}T{self.session.start_time:%H:%M}"

    @property
    def again_week(self) -> str:
        return self.again.partition("T")[0]

    @property
    def can_be_booked_again(self) -> bool:
        return not self.is_ahead and self.session.trainer.is_active


@dataclass(frozen=True)
class AgendaDay:
    date: date
    # Today and tomorrow are called so.
    nearness: Promise | None
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Agenda:
    """One page of it. The first has all that is ahead, and the newest of the rest."""

    upcoming: Sequence[AgendaDay]
    past: Sequence[AgendaDay]
    # What the member cancelled within the last minute.
    undoable: Sequence[Entry]
    page: int
    has_more: bool

    @property
    def newer(self) -> int:
        return self.page - 1

    @property
    def older(self) -> int:
        return self.page + 1


def build_agenda(client_id: int, *, now: datetime, page: int = 1) -> Agenda:
    """The member's sessions at `now`. Four queries, and two for what is undoable."""
    gym = gym_settings()
    mine = TrainingSession.objects.filter(client_id=client_id).select_related("trainer")
    ahead = [
        session
        for session in mine.active().filter(session_date__gte=now.date())
        if not has_come(session.ends, now)
    ]
    rest = mine.exclude(pk__in=[session.pk for session in ahead])
    rest = rest.order_by("-session_date", "-start_time", "-pk")
    first = PAGE_SIZE * (page - 1)
    found = list(rest[first : first + PAGE_SIZE + 1])
    just_cancelled = mine.filter(cancelled_at__gte=now - UNDO_WITHIN)
    return Agenda(
        upcoming=by_day(ahead if page == 1 else [], gym, now=now),
        past=by_day(islice(found, PAGE_SIZE), gym, now=now),
        undoable=[
            entry
            for session in just_cancelled
            if (entry := build_entry(session, gym, now=now)).can_be_undone
        ],
        page=page,
        has_more=len(found) > PAGE_SIZE,
    )


def by_day(
    sessions: Iterable[TrainingSession], gym: GymSettings, *, now: datetime
) -> list[AgendaDay]:
    days = groupby(sessions, key=lambda session: session.session_date)
    return [
        AgendaDay(
            day,
            nearness(day, now.date()),
            [build_entry(session, gym, now=now) for session in of_day],
        )
        for day, of_day in days
    ]


def build_entry(session: TrainingSession, gym: GymSettings, *, now: datetime) -> Entry:
    return Entry(
        session=session,
        state=state_of(session, now=now),
        is_ahead=session.is_active and not has_come(session.starts, now),
        again=again(session, now=now),
        free_until=gym.cut_off(session.starts),
        is_past_cut_off=gym.is_past_cut_off(session.starts, now),
        can_be_undone=can_be_undone(session, now=now),
    )


def can_be_undone(session: TrainingSession, *, now: datetime) -> bool:
    """As `undo_cancellation` judges it, but for what is in the way meanwhile."""
    cancelled_at = session.cancelled_at
    if cancelled_at is None or now - cancelled_at > UNDO_WITHIN:
        return False
    last = session.events.last()
    return last is not None and last.actor_id == session.client_id


def state_of(session: TrainingSession, *, now: datetime) -> SessionState:
    if session.is_active and has_come(session.ends, now):
        return SessionState.NOT_MARKED
    if session.is_active and has_come(session.starts, now):
        return SessionState.UNDER_WAY
    if session.cancelled_late:
        return SessionState.CANCELLED_LATE
    return SessionState(session.status)


def nearness(day: date, today: date) -> Promise | None:
    return {today: _("Today"), today + DAY: _("Tomorrow")}.get(day)


def again(session: TrainingSession, *, now: datetime) -> str:
    """The name of the next cell of its weekday and time, in addresses of the grid."""
    day = session.session_date
    if day < now.date():
        day += (now.date() - day + 6 * DAY) // WEEK * WEEK
    if has_come(at_gym(day, session.start_time), now):
        day += WEEK
    return f"{day}T{session.start_time:%H:%M}"
