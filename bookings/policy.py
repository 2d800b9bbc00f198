"""The rules a booking must pass, in the order in which their refusals are given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.exceptions import (
    AlreadyPassed,
    AwaitsApproval,
    Blocked,
    BookingRefused,
    ClientBusy,
    Held,
    InvalidBooking,
    OverLimit,
    PriceChanged,
    SlotTaken,
    SlotUnavailable,
    TooFar,
    TooSoon,
    TrainerNotFound,
)
from bookings.gym import GymSettings
from bookings.models import Hold, TrainingSession
from trainers.clock import at_gym, has_come
from trainers.models import DatedSlot, Trainer
from trainers.wording import clock, day_name


@dataclass(frozen=True)
class Standing:
    """Where a member stands with the gym's rules at the moment `now`.

    Grid and booking ask the same questions here, so that nobody is shown a green
    cell which the rules then refuse.
    """

    gym: GymSettings
    now: datetime
    # The member's sessions that count: all ahead, and the looked-at dates' others.
    sessions: Sequence[TrainingSession] = ()
    # Why the member may book nothing at all.
    bar: BookingRefused | None = None

    def is_too_soon(self, day: date, start: time) -> bool:
        return self.gym.is_too_soon(at_gym(day, start), self.now)

    def is_too_far(self, day: date) -> bool:
        return self.gym.is_too_far(day, self.now)

    def is_busy(self, day: date, start: time, end: time) -> bool:
        """Whether the member has a session then, with whomever."""
        return any(
            session.is_active
            and session.session_date == day
            and session.start_time < end
            and start < session.end_time
            for session in self.sessions
        )

    @cached_property
    def has_enough_ahead(self) -> bool:
        ahead = [
            session
            for session in self.sessions
            if session.is_active and not has_come(session.starts, self.now)
        ]
        return len(ahead) >= self.gym.most_upcoming

    @property
    def may_book_nothing(self) -> bool:
        return self.bar is not None or self.has_enough_ahead

    def has_enough_with(self, trainer_id: int, day: date) -> bool:
        that_day = [
            session
            for session in self.sessions
            if (session.trainer_id, session.session_date) == (trainer_id, day)
        ]
        return len(that_day) >= self.gym.most_per_day

    def notice_sentence(self) -> str:
        hours = self.gym.minimum_notice_hours
        sentence = ngettext(
            "Sessions are booked at least %(hours)s hour ahead. "
            "Please choose a later time.",
            "Sessions are booked at least %(hours)s hours ahead. "
            "Please choose a later time.",
            hours,
        )
        return sentence % {"hours": hours}

    def horizon_sentence(self) -> str:
        sentence = _(
            "Sessions can be booked until %(day)s. Please choose an earlier day, "
            "or come back later."
        )
        return sentence % {"day": day_name(self.gym.last_day(self.now))}

    def most_ahead_sentence(self) -> str:
        most = self.gym.most_upcoming
        sentence = ngettext(
            "You have %(count)s session ahead, and the gym allows no more at a time. "
            "Cancel it, or book again when it is over.",
            "You have %(count)s sessions ahead, and the gym allows no more at a time. "
            "Cancel one, or book again when one is over.",
            most,
        )
        return sentence % {"count": most}

    def most_that_day_sentence(self, trainer: Trainer) -> str:
        most = self.gym.most_per_day
        sentence = ngettext(
            "You have a session with %(trainer)s that day already, and the gym allows "
            "%(count)s a day. Please choose another day or another trainer.",
            "You have sessions with %(trainer)s that day already, and the gym allows "
            "%(count)s a day. Please choose another day or another trainer.",
            most,
        )
        return sentence % {"trainer": trainer, "count": most}


def bar_on(member: Any, gym: GymSettings) -> BookingRefused | None:
    """Why this person may book nothing for themselves; None as a rule."""
    if member.blocked_because:
        return Blocked(blocked_sentence(member.blocked_because, gym.contact))
    if member.awaits_approval:
        return AwaitsApproval()
    return None


def blocked_sentence(reason: str, contact: str) -> str:
    if contact:
        sentence = _(
            "Booking is blocked for your account: “%(reason)s” "
            "Please talk to the front desk (%(contact)s)."
        )
    else:
        sentence = _(
            "Booking is blocked for your account: “%(reason)s” "
            "Please talk to the front desk."
        )
    return sentence % {"reason": reason, "contact": contact}


@dataclass(frozen=True)
class Wish:
    """What a client wants, and all that is known about it at the moment `now`."""

    client_id: int
    trainer: Trainer | None
    session_date: date
    start_time: time
    end_time: time
    session_type: str | None
    now: datetime
    # The trainer's slots of that date, in order of time.
    slots: Sequence[DatedSlot]
    # The active sessions of the trainer or the client that overlap the wish.
    sessions: Sequence[TrainingSession]
    # The trainer's standing holds that overlap it.
    holds: Sequence[Hold]
    price_shown: Decimal | None
    # None where the rules for members do not bind: staff move, and book for a reason.
    standing: Standing | None = None


def check_member_may_book(wish: Wish) -> None:
    if wish.standing and wish.standing.bar:
        raise wish.standing.bar


def check_starts_later(wish: Wish) -> None:
    if has_come(at_gym(wish.session_date, wish.start_time), wish.now):
        raise AlreadyPassed


def check_ends_after_start(wish: Wish) -> None:
    if wish.end_time <= wish.start_time:
        raise InvalidBooking("end_time", _("The session must end after it starts."))


def check_ends_with_a_slot(wish: Wish) -> None:
    """Asked only where a slot starts: elsewhere the time itself is the trouble."""
    ends = [slot.ends for slot in wish.slots if slot.starts >= wish.start_time]
    starts_with_a_slot = any(slot.starts == wish.start_time for slot in wish.slots)
    if starts_with_a_slot and wish.end_time not in ends:
        sentence = _("A session from %(start)s ends at %(end)s, or with a later slot.")
        names = {"start": clock(wish.start_time), "end": clock(ends[0])}
        raise InvalidBooking("end_time", sentence % names)


def check_type_is_given(wish: Wish) -> None:
    """A session that exists keeps its type; `None` asks for no new one."""
    if wish.trainer is None or wish.session_type is None:
        return
    if wish.session_type not in wish.trainer.session_types:
        sentence = _("%(trainer)s does not give sessions of this type.")
        raise InvalidBooking("session_type", sentence % {"trainer": wish.trainer})


def check_trainer_takes_bookings(wish: Wish) -> None:
    if wish.trainer is None or not wish.trainer.is_active:
        raise TrainerNotFound


def check_slots_are_open(wish: Wish) -> None:
    """From start to end, one open slot follows the other without a gap."""
    reached = wish.start_time
    for slot in wish.slots:
        if wish.start_time <= slot.starts < wish.end_time:
            if slot.starts != reached or not slot.is_open:
                raise SlotUnavailable
            reached = slot.ends
    if reached != wish.end_time:
        raise SlotUnavailable


def check_time_is_free(wish: Wish) -> None:
    assert wish.trainer is not None
    if any(session.trainer_id == wish.trainer.pk for session in wish.sessions):
        raise SlotTaken


def check_time_is_not_held(wish: Wish) -> None:
    """For the client whose it is, a hold is no obstacle."""
    if any(hold.client_id != wish.client_id for hold in wish.holds):
        raise Held


def check_client_is_free(wish: Wish) -> None:
    if any(session.client_id == wish.client_id for session in wish.sessions):
        raise ClientBusy


def check_notice(wish: Wish) -> None:
    standing = wish.standing
    if standing and standing.is_too_soon(wish.session_date, wish.start_time):
        raise TooSoon(standing.notice_sentence())


def check_horizon(wish: Wish) -> None:
    if wish.standing and wish.standing.is_too_far(wish.session_date):
        raise TooFar(wish.standing.horizon_sentence())


def check_most_that_day(wish: Wish) -> None:
    assert wish.trainer is not None
    standing = wish.standing
    if standing and standing.has_enough_with(wish.trainer.pk, wish.session_date):
        raise OverLimit(standing.most_that_day_sentence(wish.trainer))


def check_most_ahead(wish: Wish) -> None:
    if wish.standing and wish.standing.has_enough_ahead:
        raise OverLimit(wish.standing.most_ahead_sentence())


def check_price_is_as_shown(wish: Wish) -> None:
    assert wish.trainer is not None
    price = wish.trainer.price_of(wish.start_time, wish.end_time)
    if wish.price_shown is not None and wish.price_shown != price:
        raise PriceChanged


RULES: list[Callable[[Wish], None]] = [
    check_member_may_book,
    check_starts_later,
    check_ends_after_start,
    check_ends_with_a_slot,
    check_type_is_given,
    check_trainer_takes_bookings,
    check_slots_are_open,
    check_time_is_free,
    check_time_is_not_held,
    check_client_is_free,
    check_notice,
    check_horizon,
    check_most_that_day,
    check_most_ahead,
    check_price_is_as_shown,
]


def check_rules(wish: Wish) -> Trainer:
    """The trainer, who can be booked as wished, or the first broken rule's refusal."""
    for rule in RULES:
        rule(wish)
    assert wish.trainer is not None
    return wish.trainer
