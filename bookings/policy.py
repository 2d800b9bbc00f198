"""The rules a booking must pass, in the order in which their refusals are given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from bookings.exceptions import (
    ClientBusy,
    InvalidBooking,
    PriceChanged,
    SlotTaken,
    SlotUnavailable,
    TrainerNotFound,
)
from bookings.models import TrainingSession
from trainers.clock import at_gym, has_come
from trainers.models import DatedSlot, Trainer


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
    price_shown: Decimal | None


def check_starts_later(wish: Wish) -> None:
    if has_come(at_gym(wish.session_date, wish.start_time), wish.now):
        raise InvalidBooking(
            "start_time", "This time has already passed. Please choose a later one."
        )


def check_ends_after_start(wish: Wish) -> None:
    if wish.end_time <= wish.start_time:
        raise InvalidBooking("end_time", "The session must end after it starts.")


def check_ends_with_a_slot(wish: Wish) -> None:
    """Asked only where a slot starts: elsewhere the time itself is the trouble."""
    ends = [slot.ends for slot in wish.slots if slot.starts >= wish.start_time]
    starts_with_a_slot = any(slot.starts == wish.start_time for slot in wish.slots)
    if starts_with_a_slot and wish.end_time not in ends:
        raise InvalidBooking(
            "end_time",
            f"A session from {wish.start_time:%H:%M} ends at {ends[0]:%H:%M}, "
            "or with a later slot.",
        )


def check_type_is_given(wish: Wish) -> None:
    """A session that exists keeps its type; `None` asks for no new one."""
    if wish.trainer is None or wish.session_type is None:
        return
    if wish.session_type not in wish.trainer.session_types:
        raise InvalidBooking(
            "session_type", f"{wish.trainer} does not give sessions of this type."
        )


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


def check_client_is_free(wish: Wish) -> None:
    if any(session.client_id == wish.client_id for session in wish.sessions):
        raise ClientBusy


def check_price_is_as_shown(wish: Wish) -> None:
    assert wish.trainer is not None
    price = wish.trainer.price_of(wish.start_time, wish.end_time)
    if wish.price_shown is not None and wish.price_shown != price:
        raise PriceChanged


RULES: list[Callable[[Wish], None]] = [
    check_starts_later,
    check_ends_after_start,
    check_ends_with_a_slot,
    check_type_is_given,
    check_trainer_takes_bookings,
    check_slots_are_open,
    check_time_is_free,
    check_client_is_free,
    check_price_is_as_shown,
]


def check_rules(wish: Wish) -> Trainer:
    """The trainer, who can be booked as wished, or the first broken rule's refusal."""
    for rule in RULES:
        rule(wish)
    assert wish.trainer is not None
    return wish.trainer
