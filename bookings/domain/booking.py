"""The verbs: everything that happens to a session happens here.

Each has one shape: refuse cheaply, then inside one transaction lock, read again,
check, write, record. The slot rows follow through the signals of the write itself.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.domain.settling import settle
from bookings.domain.standing import standing_of
from bookings.exceptions import (
    EarlyCompletion,
    HasCheckedIn,
    LateCancellation,
    MayNotBook,
    NotStarted,
    PastCutOff,
    SessionMoved,
    TooLate,
    UndoTooLate,
    WrongStatus,
)
from bookings.gym import gym_settings
from bookings.models import (
    BookingEvent,
    Hold,
    SessionStatus,
    TrainingSession,
    lock_people,
)
from bookings.policy import Wish, check_rules
from bookings.transactions import persistent, writing
from trainers.clock import has_come
from trainers.models import DatedSlot, SessionType, Trainer
from trainers.slots import dated_slots

Action = BookingEvent.Action

UNDO_WITHIN = timedelta(minutes=1)


@persistent
def book_session(
    client: AbstractBaseUser,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    now: datetime,
    session_type: str = SessionType.PERSONAL_TRAINING,
    notes: str = "",
    price_shown: Decimal | None = None,
    by: AbstractBaseUser | None = None,
    reason: str = "",
) -> TrainingSession:
    """Book the trainer for the client from start to end, in gym time.

    The time must be one open slot or several in a row. `price_shown` is the price
    the client agreed to; without it, the price of the moment holds. `by` is who
    books, when that is not the client: with a written `reason`, which the history
    keeps, the gym's rules for members (notice, horizon, limits) then do not bind.
    Locks the client, then the trainer. Raises the refusal of the first rule in
    `policy.RULES` that is broken, or MayNotBook.
    """
    asked = {
        "client_id": client.pk,
        "session_date": session_date,
        "start_time": start_time,
        "end_time": end_time,
        "session_type": session_type,
    }

    by, reason = by or client, reason.strip()
    bound = by.pk == client.pk or not reason

    def check(trainer: Trainer | None) -> Trainer:
        wish = look_up(
            trainer, price_shown=price_shown, as_member=bound, now=now, **asked
        )
        return check_rules(wish)

    check(Trainer.objects.filter(pk=trainer_id).first())
    with writing():
        clients, trainers = lock_people([client.pk], [trainer_id])
        if client.pk not in clients or not clients[client.pk].is_active:
            raise MayNotBook
        trainer = check(trainers.get(trainer_id))
        price = trainer.price_of(start_time, end_time)
        session = TrainingSession(trainer=trainer, price=price, notes=notes, **asked)
        session.save_locked()
        settle(session, by=by, now=now)
        record(session, Action.BOOKED, by=by, now=now, reason=reason)
    return session


@persistent
def reschedule_session(
    session: TrainingSession,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    by: AbstractBaseUser,
    now: datetime,
) -> TrainingSession:
    """Move an active session, to another trainer too; it keeps its price.

    One step: the old time is given up only when the new one is sure. The client may
    until the cut-off, and is bound by the rules for members; others always. Locks
    the client, then both trainers. Raises WrongStatus, TooLate, PastCutOff or a
    rule's refusal.
    """
    with writing():
        locked = locked_copy(session, and_trainer_id=trainer_id)
        check_active(locked)
        check_not_begun(locked, by=by, now=now)
        check_before_cut_off(locked, by=by, now=now)
        wish = look_up(
            Trainer.objects.filter(pk=trainer_id).first(),
            client_id=locked.client_id,
            session_date=session_date,
            start_time=start_time,
            end_time=end_time,
            session_type=type_to_ask_for(locked, trainer_id, by=by),
            as_member=by.pk == locked.client_id,
            now=now,
            moving=locked,
        )
        check_rules(wish)
        return put_at(
            locked,
            trainer_id=trainer_id,
            session_date=session_date,
            start_time=start_time,
            end_time=end_time,
            by=by,
            now=now,
        )


def put_at(
    locked: TrainingSession,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    by: AbstractBaseUser,
    now: datetime,
) -> TrainingSession:
    """Write and record the move of a locked session that has been found possible."""
    before = locked.facts()
    if session_date != locked.session_date:
        locked.checked_in_at = None
    locked.trainer_id = trainer_id
    locked.session_date = session_date
    locked.start_time = start_time
    locked.end_time = end_time
    locked.save_locked()
    if locked.facts() != before:
        settle(locked, by=by, now=now)
    record(locked, Action.MOVED, by=by, now=now, before=before)
    return locked


def type_to_ask_for(
    session: TrainingSession, trainer_id: int, *, by: AbstractBaseUser
) -> str | None:
    """What another trainer must give; staff may have them give anything."""
    stays = trainer_id == session.trainer_id
    return None if stays or by.pk != session.client_id else session.session_type


@persistent
def confirm_session(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """The trainer or the desk has acknowledged it."""
    with writing():
        return change_status(locked_copy(session), Action.CONFIRMED, by=by, now=now)


@persistent
def cancel_session(
    session: TrainingSession,
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    late_is_fine: bool = False,
) -> TrainingSession:
    """Free the time again. The client may until the start, others always.

    After the cut-off the client's own cancelling counts as late, and only one who
    says that this is fine does it. Cancelling twice is quiet. Raises TooLate,
    LateCancellation or WrongStatus.
    """
    with writing():
        locked = locked_copy(session)
        if locked.status == SessionStatus.CANCELLED:
            return locked
        check_active(locked)
        check_not_begun(locked, by=by, now=now)
        late = is_late(locked, by=by, now=now)
        if late and not late_is_fine:
            raise LateCancellation(late_sentence())
        return change_status(
            locked,
            Action.CANCELLED,
            by=by,
            now=now,
            reason=reason,
            cancelled_at=now,
            cancelled_late=late,
        )


@persistent
def undo_cancellation(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """Take back what `by` cancelled less than a minute ago, if the time is still free.

    The session is what it was before. Undoing twice is quiet. The rules for members
    do not ask again: the time was theirs. Raises WrongStatus, UndoTooLate or a
    rule's refusal.
    """
    with writing():
        locked = locked_copy(session)
        if locked.is_active:
            return locked
        if locked.status != SessionStatus.CANCELLED:
            raise WrongStatus
        last = locked.events.last()
        if last is None or last.actor_id != by.pk or now - last.at > UNDO_WITHIN:
            raise UndoTooLate
        return bring_back(locked, last.before["status"], by=by, now=now)


@persistent
def complete_session(
    session: TrainingSession,
    *,
    by: AbstractBaseUser,
    now: datetime,
    early_is_fine: bool = False,
) -> TrainingSession:
    """It took place. Completing early frees the time.

    Before the start, only one who says that this is fine does it. Raises
    EarlyCompletion or WrongStatus.
    """
    with writing():
        locked = locked_copy(session)
        ahead = locked.is_active and not has_come(locked.starts, now)
        if ahead and not early_is_fine:
            raise EarlyCompletion
        return change_status(locked, Action.COMPLETED, by=by, now=now)


@persistent
def mark_no_show(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """The client did not come. Raises NotStarted before the start, and HasCheckedIn
    where the client did come.
    """
    with writing():
        locked = locked_copy(session)
        if not has_come(locked.starts, now):
            raise NotStarted
        if locked.is_active and locked.checked_in_at:
            raise HasCheckedIn
        return change_status(locked, Action.NO_SHOW, by=by, now=now)


@persistent
def reopen_session(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """Take back that it ended, if its time is still ahead and still free.

    Raises WrongStatus when it has not ended, or a rule's refusal.
    """
    with writing():
        locked = locked_copy(session)
        if locked.is_active:
            raise WrongStatus(
                _("This session has not ended, so it need not be reopened.")
            )
        return bring_back(locked, SessionStatus.SCHEDULED, by=by, now=now)


def bring_back(
    locked: TrainingSession, status: str, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """Make an ended, locked session active again where all that is in it is free."""
    wish = look_up(
        locked.trainer,
        client_id=locked.client_id,
        session_date=locked.session_date,
        start_time=locked.start_time,
        end_time=locked.end_time,
        now=now,
    )
    check_rules(wish)
    before = locked.facts()
    locked.status = status
    locked.cancelled_at, locked.cancelled_late = None, False
    locked.save_locked()
    settle(locked, by=by, now=now)
    record(locked, Action.REOPENED, by=by, now=now, before=before)
    return locked


STATUS_AFTER = {
    Action.CONFIRMED: SessionStatus.CONFIRMED,
    Action.CANCELLED: SessionStatus.CANCELLED,
    Action.COMPLETED: SessionStatus.COMPLETED,
    Action.NO_SHOW: SessionStatus.NO_SHOW,
}


def change_status(
    locked: TrainingSession,
    action: BookingEvent.Action,
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str = "",
    **changes: Any,
) -> TrainingSession:
    """Take an active, locked session to the status the action leads to.

    Quiet when it is there already. Raises WrongStatus when it has ended otherwise.
    """
    if locked.status == STATUS_AFTER[action]:
        return locked
    check_active(locked)
    before = locked.facts()
    for field, value in {"status": STATUS_AFTER[action], **changes}.items():
        setattr(locked, field, value)
    locked.save_locked()
    if not locked.is_active:
        settle(locked, by=by, now=now)
    record(locked, action, by=by, now=now, before=before, reason=reason)
    return locked


def check_active(session: TrainingSession) -> None:
    if not session.is_active:
        raise WrongStatus


def check_not_begun(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> None:
    if by.pk == session.client_id and has_come(session.starts, now):
        raise TooLate


def check_before_cut_off(
    session: TrainingSession, *, by: AbstractBaseUser, now: datetime
) -> None:
    if is_late(session, by=by, now=now):
        hours = gym_settings().cancel_cut_off_hours
        sentence = ngettext(
            "Sessions can be moved until %(hours)s hour before they start. "
            "You can still cancel this one.",
            "Sessions can be moved until %(hours)s hours before they start. "
            "You can still cancel this one.",
            hours,
        )
        raise PastCutOff(sentence % {"hours": hours})


def is_late(session: TrainingSession, *, by: AbstractBaseUser, now: datetime) -> bool:
    """Whether it is past the cut-off, which binds the client alone."""
    if by.pk != session.client_id:
        return False
    return gym_settings().is_past_cut_off(session.starts, now)


def late_sentence() -> str:
    hours = gym_settings().cancel_cut_off_hours
    sentence = ngettext(
        "It is less than %(hours)s hour until this session, so cancelling it now "
        "counts as a late cancellation. Cancel it all the same?",
        "It is less than %(hours)s hours until this session, so cancelling it now "
        "counts as a late cancellation. Cancel it all the same?",
        hours,
    )
    return sentence % {"hours": hours}


def locked_copy(
    session: TrainingSession, *, and_trainer_id: int | None = None
) -> TrainingSession:
    """The session read anew after its people are locked: the caller's is stale.

    Raises SessionMoved, also when it has been deleted.
    """
    session.lock(and_trainer_id=and_trainer_id)
    locked = TrainingSession.objects.filter(pk=session.pk).first()
    if locked is None:
        raise SessionMoved
    return locked


def look_up(
    trainer: Trainer | None,
    *,
    client_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    now: datetime,
    as_member: bool = False,
    session_type: str | None = None,
    price_shown: Decimal | None = None,
    moving: TrainingSession | None = None,
) -> Wish:
    """All that the rules ask about, read now. At most five queries.

    Without a session type it stays what it is; `moving` is not in its own way. The
    rules for members are asked `as_member` alone.
    """
    standing = None
    if as_member:
        standing = standing_of(client_id, days=[session_date], now=now, moving=moving)
    in_the_way = (
        TrainingSession.objects.active()
        .overlapping(session_date, start_time, end_time)
        .filter(Q(trainer=trainer) | Q(client_id=client_id))
    )
    if moving is not None:
        in_the_way = in_the_way.exclude(pk=moving.pk)
    kept = (
        Hold.objects.standing(now)
        .overlapping(session_date, start_time, end_time)
        .filter(trainer=trainer)
    )
    return Wish(
        client_id=client_id,
        trainer=trainer,
        session_date=session_date,
        start_time=start_time,
        end_time=end_time,
        session_type=session_type,
        now=now,
        price_shown=price_shown,
        slots=slots_of(trainer, session_date),
        holds=list(kept),
        sessions=list(in_the_way),
        standing=standing,
    )


def slots_of(trainer: Trainer | None, day: date) -> list[DatedSlot]:
    """The trainer's slots of a date, without those that stand for a session alone."""
    slots = dated_slots([trainer.pk], [day]) if trainer else []
    return [slot for slot in slots if not slot.outside_hours]


def record(
    session: TrainingSession,
    action: BookingEvent.Action,
    *,
    by: AbstractBaseUser,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """One line of the history; `after` is what the session's facts do not tell."""
    BookingEvent.objects.create(
        session=session,
        actor_id=by.pk,
        action=action,
        at=now,
        before=before or {},
        after=session.facts() | (after or {}),
        reason=reason,
    )
