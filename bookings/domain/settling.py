"""What becomes of holds and offers when a session is written otherwise."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from bookings.models import Hold, Offer, TrainingSession

Answer = Offer.Answer


def settle(session: TrainingSession, *, by: AbstractBaseUser, now: datetime) -> None:
    """End what was held for the session's time or for its member's answer.

    For the verbs, which hold the locks and have just booked, moved or ended it. What
    its member did answers an offer; what staff did ends it without an answer, unless
    they put the session where the offer was.
    """
    if session.is_active:
        taken = Hold.objects.filter(
            client=session.client_id, trainer=session.trainer_id, ended_at=None
        ).overlapping(session.session_date, session.start_time, session.end_time)
        # Until now: an offer of that time for another session has run out with it.
        taken.update(ended_at=now, until=now)
    open_offers = Offer.objects.filter(session=session, answer="")
    for offer in open_offers.select_related("hold"):
        if answer := answer_in(session, offer, by=by):
            offer.answer, offer.answered_at = answer, now
            offer.save(update_fields=["answer", "answered_at"])
        Hold.objects.filter(pk=offer.hold_id, ended_at=None).update(ended_at=now)


def answer_in(session: TrainingSession, offer: Offer, *, by: AbstractBaseUser) -> str:
    """What the session as it stands now says to its offer; nothing, if staff did it."""
    if session.is_active and session.stands_at(**offer.hold.place()):
        return Answer.ACCEPTED
    if by.pk != session.client_id:
        return ""
    return Answer.EXCHANGED if session.is_active else Answer.DECLINED
