"""What a session costs and what kind it is, put right by staff."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from bookings.domain.booking import check_active, locked_copy, record
from bookings.exceptions import InvalidBooking
from bookings.models import BookingEvent, TrainingSession
from bookings.transactions import persistent, writing
from trainers.models import SessionType

CENT = Decimal("0.01")

Action = BookingEvent.Action


@persistent
def change_price(
    session: TrainingSession,
    price: Decimal,
    *,
    reason: str,
    by: AbstractBaseUser,
    now: datetime,
) -> TrainingSession:
    """Agree on another price, for an ended session too; the history keeps why.

    The price that it has already is quiet. Raises InvalidBooking without a reason,
    and where the price is below nothing.
    """
    reason, price = reason.strip(), price.quantize(CENT, ROUND_HALF_UP)
    if price < 0:
        raise InvalidBooking("price", _("A price is 0 or more."))
    with writing():
        locked = locked_copy(session)
        if locked.price == price:
            return locked
        if not reason:
            raise InvalidBooking("reason", _("Say why the price changes."))
        before = locked.facts()
        locked.price = price
        locked.save_locked()
        record(locked, Action.PRICED, by=by, now=now, before=before, reason=reason)
        return locked


@persistent
def change_type(
    session: TrainingSession,
    session_type: str,
    *,
    by: AbstractBaseUser,
    now: datetime,
) -> TrainingSession:
    """Make it a session of another type, which its trainer must give.

    Also when it has begun; the price stays. The type that it has already is quiet.
    Raises WrongStatus or InvalidBooking.
    """
    with writing():
        locked = locked_copy(session)
        if locked.session_type == session_type:
            return locked
        check_active(locked)
        if session_type not in locked.trainer.session_types:
            sentence = _("%(trainer)s does not give sessions of this type.")
            names = {"trainer": locked.trainer}
            raise InvalidBooking("session_type", sentence % names)
        before = locked.facts() | {"session_type": locked.session_type}
        locked.session_type = SessionType(session_type)
        locked.save_locked()
        after = {"session_type": session_type}
        record(locked, Action.TYPE_CHANGED, by=by, now=now, before=before, after=after)
        return locked
