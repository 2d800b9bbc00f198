"""How booking says no: a stable code, a sentence for the member, an HTTP status."""

from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class BookingRefused(Exception):
    code = "refused"
    sentence: str | Promise = _("This cannot be done.")
    status = 409
    field: str | None = None
    # Whether another time could be had instead, and which: `domain.alternatives`.
    is_about_time = False
    alternatives: Sequence[Any] = ()

    def __init__(self, sentence: str | Promise | None = None) -> None:
        # The reader's language is known here; whoever prints it may not know it.
        self.sentence = str(sentence or self.sentence)
        super().__init__(self.sentence)


class InvalidBooking(BookingRefused):
    code = "invalid"
    status = 422

    def __init__(self, field: str, sentence: str | Promise) -> None:
        self.field = field
        super().__init__(sentence)


class AlreadyPassed(InvalidBooking):
    is_about_time = True

    def __init__(self) -> None:
        super().__init__(
            "start_time",
            _("This time has already passed. Please choose a later one."),
        )


class MayNotBook(BookingRefused):
    code = "may_not_book"
    sentence = _("Your account may not book sessions. Please ask at the front desk.")
    status = 403


class Blocked(BookingRefused):
    """Staff have blocked the member, who is told the reason."""

    code = "blocked"
    sentence = _("Booking is blocked for your account. Please talk to the front desk.")
    status = 403


class AwaitsApproval(BookingRefused):
    code = "awaits_approval"
    sentence = _(
        "Your account waits for the gym’s approval. We will write to you as soon as "
        "you can book."
    )
    status = 403


class TrainerNotFound(BookingRefused):
    code = "trainer_not_found"
    is_about_time = True
    sentence = _("This trainer takes no bookings. Please choose another one.")
    status = 404


class SlotUnavailable(BookingRefused):
    code = "slot_unavailable"
    is_about_time = True
    sentence = _("Selected time slot is not available")


class SlotTaken(BookingRefused):
    code = "slot_taken"
    is_about_time = True
    sentence = _("Selected time slot is not available or already booked")


class Held(BookingRefused):
    code = "held"
    is_about_time = True
    sentence = _(
        "This time is being kept for another member. Please choose another one, or "
        "look again later."
    )


class ClientBusy(BookingRefused):
    code = "client_busy"
    is_about_time = True
    sentence = _("You already have another session at this time")


class TooSoon(BookingRefused):
    code = "too_soon"
    is_about_time = True
    sentence = _("This time is too soon to book. Please choose a later one.")


class TooFar(BookingRefused):
    code = "too_far"
    is_about_time = True
    sentence = _("This time is too far ahead to book. Please choose an earlier one.")


class OverLimit(BookingRefused):
    code = "limit"
    is_about_time = True
    sentence = _("You have as many sessions as the gym allows.")


class PriceChanged(BookingRefused):
    code = "price_changed"
    sentence = _("The price has changed. Please look at the new price and book again.")


class KeyReused(BookingRefused):
    code = "key_reused"
    sentence = _("This idempotency key was used for another booking. Send a new key.")
    status = 422
    field = "Idempotency-Key"


class Unstorable(BookingRefused):
    """The rules let it pass and the database did not: a value no column can hold."""

    code = "invalid"
    sentence = _("This cannot be stored. Check the date, the times and the text.")
    status = 422
    field = "body"


class NoLongerBooked(BookingRefused):
    """The same form again, whose session has ended or moved since."""

    code = "no_longer_booked"
    sentence = _("You booked this before, and it has changed since: see My sessions.")


class TooLate(BookingRefused):
    code = "too_late"
    sentence = _("This session has already started and can no longer be changed.")


class LateCancellation(BookingRefused):
    """The cut-off has passed; the member must say that it may count as late."""

    code = "late_cancellation"
    sentence = _("Cancelling now counts as a late cancellation.")


class PastCutOff(BookingRefused):
    code = "past_cut_off"
    sentence = _("It is too late to move this session. You can still cancel it.")


class UndoTooLate(BookingRefused):
    code = "undo_too_late"
    sentence = _(
        "Cancelling can be taken back for a minute, and that is over. "
        "If the time is still free, book it again."
    )


class NotStarted(BookingRefused):
    code = "not_started"
    sentence = _("This session has not started yet, so nobody can have missed it.")


class EarlyCompletion(BookingRefused):
    """It has not begun; whoever completes it must say that this is meant."""

    code = "early_completion"
    sentence = _(
        "This session has not started yet. Complete it all the same? Its time can "
        "then be booked by others."
    )


class NotToday(BookingRefused):
    code = "not_today"
    sentence = _("Members check in on the day of their session.")


class HasCheckedIn(BookingRefused):
    """Who has checked in cannot have missed it: one of the two is a mistake."""

    code = "checked_in"
    sentence = _(
        "The member has checked in for this session. If that was a mistake, take the "
        "check-in back first."
    )


class WrongStatus(BookingRefused):
    """The session is no longer in a status from which this step leads on."""

    code = "wrong_status"
    sentence = _("This session has already ended or been cancelled.")


class OfferExpired(BookingRefused):
    """Nobody answered in time, so the time is no longer kept."""

    code = "offer_expired"
    sentence = _(
        "This offer has run out, and the time is no longer kept for you. Please choose "
        "another time, or ask at the front desk."
    )


class OfferClosed(BookingRefused):
    """It was answered otherwise, or the session was moved or cancelled meanwhile."""

    code = "offer_closed"
    sentence = _(
        "This offer no longer stands: it has been answered, or the session has been "
        "moved or cancelled. See My sessions."
    )


class OfferWaits(BookingRefused):
    code = "offer_waits"
    sentence = _("This member has an offer already and has not answered yet.")


class Busy(BookingRefused):
    """The moment was bad: a second later the same request would do."""

    code = "busy"
    sentence = _("Too many people are booking right now. Please try again in a moment.")
    status = 503


class Conflicted(Busy):
    """PostgreSQL undid the whole transaction and asks for it once more."""


class Away(BookingRefused):
    """The database is away. Where the connection broke, it may have stored it."""

    code = "unavailable"
    sentence = _(
        "We cannot reach our records just now, so this may not have gone through. "
        "Please try again in a moment: nobody is booked twice."
    )
    status = 503


class SessionMoved(BookingRefused):
    """Between reading a session and locking its people, somebody else moved it."""

    code = "session_moved"
    sentence = _("Somebody has just changed this session. Please look again.")


class SessionsInTheWay(BookingRefused):
    """Sessions stand in the time off, and whoever takes it has not seen them."""

    code = "sessions_in_the_way"
    sentence = _("Sessions are booked in this time. Please look at them first.")
