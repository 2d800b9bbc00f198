"""How a session went: who has come, what took place, and taking such a mark back.

Nothing here guesses. A session that nobody closed stays unmarked until somebody says
how it went, and each mark can be taken back as long as its time is nobody else's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils.translation import gettext as _

from bookings.domain.booking import (
    check_active,
    complete_session,
    locked_copy,
    mark_no_show,
    record,
)
from bookings.exceptions import (
    BookingRefused,
    ClientBusy,
    Held,
    NotToday,
    SlotTaken,
    WrongStatus,
)
from bookings.models import (
    ACTIVE,
    BookingEvent,
    Hold,
    SessionStatus,
    TrainingSession,
)
from bookings.transactions import persistent, writing
from trainers.clock import has_come

Action = BookingEvent.Action

MARKS = {
    SessionStatus.COMPLETED: complete_session,
    SessionStatus.NO_SHOW: mark_no_show,
}


@persistent
def check_in(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """The client has come. Twice is quiet, and the first time stands.

    Raises NotToday on another day, or WrongStatus.
    """
    with writing():
        locked = locked_copy(session)
        check_active(locked)
        if locked.session_date != now.date():
            raise NotToday
        if locked.checked_in_at is None:
            before = locked.facts()
            locked.checked_in_at = now
            locked.save_locked()
            record(locked, Action.CHECKED_IN, by=by, now=now, before=before)
        return locked


@persistent
def undo_check_in(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """It was somebody else. Twice is quiet. Raises WrongStatus when it has ended."""
    with writing():
        locked = locked_copy(session)
        check_active(locked)
        if locked.checked_in_at is not None:
            before = locked.facts()
            locked.checked_in_at = None
            locked.save_locked()
            record(locked, Action.CHECK_IN_UNDONE, by=by, now=now, before=before)
        return locked


@persistent
def undo_mark(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """Take back that it took place or was missed: it is again what it was before.

    Also what is over, which then stands unmarked. Twice is quiet. What was completed
    early may have been booked over since: raises SlotTaken, Held or ClientBusy then,
    and WrongStatus for what was cancelled.
    """
    with writing():
        locked = locked_copy(session)
        if locked.is_active:
            return locked
        if locked.status not in MARKS:
            raise WrongStatus(
                _("This session was cancelled, so there is no mark to take back.")
            )
        check_time_is_still_theirs(locked, now=now)
        before = locked.facts()
        locked.status = status_before_mark(locked)
        locked.save_locked()
        record(locked, Action.MARK_UNDONE, by=by, now=now, before=before)
        return locked


def status_before_mark(locked: TrainingSession) -> str:
    """What came in by SQL has no history, and was scheduled as far as anybody knows."""
    marked = locked.events.filter(action=locked.status).last()
    status = marked.before.get("status") if marked else None
    return str(status) if status in ACTIVE else SessionStatus.SCHEDULED


def check_time_is_still_theirs(locked: TrainingSession, *, now: datetime) -> None:
    place = (locked.session_date, locked.start_time, locked.end_time)
    others = (
        TrainingSession.objects.active()
        .overlapping(*place)
        .filter(Q(trainer=locked.trainer_id) | Q(client=locked.client_id))
        .exclude(pk=locked.pk)
    )
    busy = {(other.trainer_id, other.client_id) for other in others}
    if any(trainer_id == locked.trainer_id for trainer_id, _client in busy):
        raise SlotTaken(
            _("The trainer has another session at this time by now, so the mark stays.")
        )
    if busy:
        raise ClientBusy(
            _("The member has another session at this time by now, so the mark stays.")
        )
    holds = Hold.objects.standing(now).overlapping(*place)
    if holds.filter(trainer=locked.trainer_id).exclude(client=locked.client_id):
        raise Held(_("This time is kept for another member by now, so the mark stays."))


@dataclass(frozen=True)
class Marked:
    """What became of many sessions: which are done, and which refused with what."""

    done: list[TrainingSession]
    refused: list[tuple[TrainingSession, BookingRefused]]


def close_unmarked(
    sessions: Iterable[TrainingSession],
    status: SessionStatus,
    *,
    by: AbstractBaseUser,
    now: datetime,
) -> Marked:
    """Mark sessions that are over as completed or as no-show, each by its verb.

    One that refuses does not stop the rest: it is not over, a colleague has closed it
    meanwhile, or its member had checked in and so cannot have missed it. What is done
    can be undone by `undo_marks`.
    """
    verb = MARKS[status]

    def close(session: TrainingSession, **how: Any) -> TrainingSession:
        if not has_come(session.ends, now):
            raise WrongStatus(_("This session is not over yet."))
        if not session.is_active:
            raise WrongStatus
        return verb(session, **how)

    return each(sessions, close, by=by, now=now)


def undo_marks(
    sessions: Iterable[TrainingSession], *, by: AbstractBaseUser, now: datetime
) -> Marked:
    """As `undo_mark`, for many; one that refuses does not stop the rest."""
    return each(sessions, undo_mark, by=by, now=now)


def each(
    sessions: Iterable[TrainingSession],
    verb: Callable[..., TrainingSession],
    *,
    by: AbstractBaseUser,
    now: datetime,
) -> Marked:
    marked = Marked([], [])
    for session in sessions:
        try:
            verb(session, by=by, now=now)
        except BookingRefused as refusal:
            marked.refused.append((session, refusal))
        else:
            marked.done.append(session)
    return marked
