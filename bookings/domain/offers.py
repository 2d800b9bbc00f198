"""Another time in place of a session that cannot be: offering it, and the answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.domain.alternatives import Alternative, find_alternatives
from bookings.domain.booking import (
    Action,
    change_status,
    check_active,
    locked_copy,
    look_up,
    put_at,
)
from bookings.domain.holding import hold_time, release_hold
from bookings.exceptions import (
    BookingRefused,
    MayNotBook,
    OfferClosed,
    OfferExpired,
    OfferWaits,
    SessionMoved,
    WrongStatus,
)
from bookings.models import Hold, Offer, TrainingSession
from bookings.policy import check_rules
from bookings.transactions import persistent, writing
from trainers.clock import at_gym, has_come
from trainers.models import Trainer

# Whoever accepts must still be able to come, and whoever declines to go elsewhere.
ANSWER_BEFORE = timedelta(hours=1)
USUAL_TIME_TO_ANSWER = timedelta(hours=24)


class OfferState(StrEnum):
    """What staff see of an offer: its answer, and the clock."""

    NOT_OFFERED = "not_offered"
    WAITING = "waiting"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXCHANGED = "exchanged"
    SETTLED = "settled"

    @property
    def word(self) -> Promise:
        return WORDS[self]


WORDS = {
    OfferState.NOT_OFFERED: _("Nothing offered yet"),
    OfferState.WAITING: _("No answer yet"),
    OfferState.EXPIRED: _("Run out without an answer"),
    OfferState.ACCEPTED: _("Accepted"),
    OfferState.DECLINED: _("Declined"),
    OfferState.EXCHANGED: _("Chose another time"),
    OfferState.SETTLED: _("Moved or cancelled by staff"),
}


def state_of(offer: Offer, *, now: datetime) -> OfferState:
    if offer.answer:
        return OfferState(offer.answer)
    if not offer.session.is_active or offer.hold.ended_at is not None:
        ran_out = offer.hold.ended_at == offer.hold.until
        return OfferState.EXPIRED if ran_out else OfferState.SETTLED
    return OfferState.WAITING if offer.hold.is_standing(now) else OfferState.EXPIRED


@dataclass(frozen=True)
class Outcome:
    """What came of offering: the offer and its link's secret, or nothing that fits."""

    session: TrainingSession
    offer: Offer | None = None
    # Stored nowhere: it can be mailed this once.
    token: str = ""


def offer_alternatives(
    sessions: Iterable[TrainingSession],
    *,
    by: AbstractBaseUser,
    now: datetime,
    until: datetime,
    cause: str = "",
) -> Iterator[Outcome]:
    """Offer each session's member one other time, held until they should answer.

    One after the other, each in a transaction of its own: what is held for one is
    taken for the next. Not among the outcomes are who has an offer that waits, and
    whose session was moved or ended meanwhile.
    """
    for session in sessions:
        try:
            yield offer_alternative(session, by=by, now=now, until=until, cause=cause)
        except (OfferWaits, SessionMoved, WrongStatus):
            continue


def offer_alternative(
    session: TrainingSession,
    *,
    by: AbstractBaseUser,
    now: datetime,
    until: datetime,
    cause: str = "",
) -> Outcome:
    """The best time that can still be had. Raises OfferWaits or WrongStatus."""
    for alternative in alternatives_to(session, now=now):
        last = latest_answer(session, alternative, until)
        if last <= now:
            continue
        try:
            return make_offer(
                session, alternative, by=by, now=now, until=last, cause=cause
            )
        except BookingRefused as refusal:
            if not (refusal.is_about_time or isinstance(refusal, MayNotBook)):
                raise
    return Outcome(session)


def alternatives_to(session: TrainingSession, *, now: datetime) -> list[Alternative]:
    return find_alternatives(
        session.client_id,
        trainer_id=session.trainer_id,
        session_date=session.session_date,
        start_time=session.start_time,
        end_time=session.end_time,
        session_type=session.session_type,
        moving=session,
        # The gym asks, whatever it allows its members by themselves.
        limited=False,
        now=now,
    )


def latest_answer(
    session: TrainingSession, alternative: Alternative, until: datetime
) -> datetime:
    """An hour before the one or the other begins, or what staff asked for."""
    starts = (session.starts, at_gym(alternative.day, alternative.start))
    # In UTC, because in the night when the clocks change an hour may have another
    # name, or none.
    return min(until, *(each.astimezone(UTC) - ANSWER_BEFORE for each in starts))


@persistent
def make_offer(
    session: TrainingSession,
    alternative: Alternative,
    *,
    by: AbstractBaseUser,
    now: datetime,
    until: datetime,
    cause: str = "",
) -> Outcome:
    """Hold the time for the session's member, and offer it instead.

    Locks the client, then both trainers. Raises WrongStatus, OfferWaits, or why the
    time cannot be held.
    """
    with writing():
        locked = locked_copy(session, and_trainer_id=alternative.trainer.pk)
        check_active(locked)
        if locked.offers.waiting(now).exists():
            raise OfferWaits
        hold = hold_time(
            locked.client,
            trainer_id=alternative.trainer.pk,
            session_date=alternative.day,
            start_time=alternative.start,
            end_time=alternative.end,
            until=until,
            why=Hold.Why.OFFER,
            now=now,
            instead_of=locked,
        )
        token = Offer.new_token()
        offer = Offer.objects.create(
            session=locked,
            hold=hold,
            cause=cause,
            digest=Offer.digest_of(token),
            made_by_id=by.pk,
            made_at=now,
        )
    return Outcome(locked, offer, token)


def renew_link(offer: Offer, *, now: datetime) -> str:
    """A new secret for the link, to be mailed again; the old link is dead.

    Raises OfferExpired or OfferClosed where there is nothing left to answer.
    """
    check_open(offer.session, offer, now=now)
    token = Offer.new_token()
    Offer.objects.filter(pk=offer.pk).update(digest=Offer.digest_of(token))
    return token


@persistent
def accept_offer(
    offer: Offer, *, by: AbstractBaseUser, now: datetime
) -> TrainingSession:
    """Move the session to the time that was held; it keeps its price.

    Neither the cut-off nor the rules for members are asked: the gym asked the member.
    Accepting twice is quiet. Raises OfferExpired, OfferClosed, or why the time cannot
    be had after all.
    """
    with writing():
        locked, current = locked_offer(offer)
        if current.answer == Offer.Answer.ACCEPTED:
            return locked
        check_open(locked, current, now=now)
        place = current.hold.place()
        check_place(locked, place, now=now)
        return put_at(locked, by=by, now=now, **place)


@persistent
def decline_offer(
    offer: Offer, *, by: AbstractBaseUser, now: datetime, reason: str = ""
) -> TrainingSession:
    """Cancel the session, which never counts as late, and give the held time free.

    Declining twice is quiet, and a run-out offer can still be declined. Raises
    OfferClosed.
    """
    with writing():
        locked, current = locked_offer(offer)
        if current.answer == Offer.Answer.DECLINED:
            return locked
        check_open(locked, current, now=now, also_run_out=True)
        change_status(
            locked, Action.CANCELLED, by=by, now=now, reason=reason, cancelled_at=now
        )
        # By the member it is answered already; staff note what they heard by phone.
        note_answer(current, Offer.Answer.DECLINED, now=now)
    return locked


@persistent
def exchange_offer(
    offer: Offer,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    by: AbstractBaseUser,
    now: datetime,
) -> TrainingSession:
    """Move the session to a time of the member's own choice, past the cut-off too.

    The rules for members bind who chooses for themselves. Raises OfferClosed or a
    rule's refusal.
    """
    place: dict[str, Any] = {
        "trainer_id": trainer_id,
        "session_date": session_date,
        "start_time": start_time,
        "end_time": end_time,
    }
    with writing():
        locked, current = locked_offer(offer, and_trainer_id=trainer_id)
        if current.answer and locked.is_active and locked.stands_at(**place):
            return locked
        check_open(locked, current, now=now, also_run_out=True)
        check_place(locked, place, now=now, as_member=by.pk == locked.client_id)
        put_at(locked, by=by, now=now, **place)
        if not locked.stands_at(**current.hold.place()):
            note_answer(current, Offer.Answer.EXCHANGED, now=now)
    return locked


def locked_offer(
    offer: Offer, *, and_trainer_id: int | None = None
) -> tuple[TrainingSession, Offer]:
    """Its session and itself, read anew after the people are locked."""
    locked = locked_copy(
        offer.session, and_trainer_id=and_trainer_id or offer.hold.trainer_id
    )
    return locked, Offer.objects.select_related("hold").get(pk=offer.pk)


def check_open(
    locked: TrainingSession, offer: Offer, *, now: datetime, also_run_out: bool = False
) -> None:
    """Whether it can still be answered. The clock decides, not whether it was noted."""
    ran_out = offer.hold.until <= now
    ended = offer.hold.ended_at not in (None, offer.hold.until)
    if offer.answer or ended or not locked.is_active or has_come(locked.starts, now):
        raise OfferClosed
    if ran_out and not also_run_out:
        raise OfferExpired


def check_place(
    locked: TrainingSession,
    place: dict[str, Any],
    *,
    now: datetime,
    as_member: bool = False,
) -> None:
    asked = dict(place)
    trainer = Trainer.objects.filter(pk=asked.pop("trainer_id")).first()
    stays = trainer is not None and trainer.pk == locked.trainer_id
    kind = None if stays or not as_member else locked.session_type
    wish = look_up(
        trainer,
        client_id=locked.client_id,
        session_type=kind,
        as_member=as_member,
        moving=locked,
        now=now,
        **asked,
    )
    check_rules(wish)


def note_mailed(offer: Offer, *, now: datetime) -> None:
    Offer.objects.filter(pk=offer.pk).update(mailed_at=now)


def note_answer(offer: Offer, answer: Offer.Answer, *, now: datetime) -> None:
    Offer.objects.filter(pk=offer.pk).update(answer=answer, answered_at=now)
    release_hold(offer.hold, now=now)


def waiting_offers(client_id: int | None, *, now: datetime) -> list[Offer]:
    """What the member has not answered yet, the most urgent first. One query."""
    mine = Offer.objects.waiting(now).filter(session__client=client_id)
    return list(mine.with_places().order_by("hold__until", "pk"))


def latest_offer(session: TrainingSession) -> Offer | None:
    return Offer.objects.with_places().filter(session=session).order_by("pk").last()
