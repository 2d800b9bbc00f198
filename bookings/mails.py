"""What the gym writes to a member about a session, in the member's language."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from bookings.domain.alternatives import Alternative
from bookings.gym import gym_settings
from bookings.models import Offer, TrainingSession
from trainers.models import Trainer
from trainers.wording import twelve_hours

logger = logging.getLogger(__name__)


@contextmanager
def as_read_by(member: Any) -> Iterator[None]:
    """Within it, words and times are written as the member chose to read them."""
    language = member.language or settings.LANGUAGE_CODE
    with translation.override(language), twelve_hours(member.time_display == "12"):
        yield


def mail_offer(offer: Offer, *, address: str) -> bool:
    """Whether the offer and its link are on their way; not without an email."""
    context = {"offer": offer, "session": offer.session, "address": address}
    return mail("offer", offer.session.client, context)


def mail_stand_in(session: TrainingSession, *, instead_of: Trainer) -> bool:
    """Tell that somebody else gives the session; its time stays."""
    context = {"session": session, "instead_of": instead_of}
    return mail("stand_in", session.client, context)


def mail_hours_changed(
    session: TrainingSession, *, instead: Alternative | None, reason: str, address: str
) -> bool:
    """Tell that it was moved to the other time, or cancelled where there is none."""
    told = {"instead": instead, "reason": reason, "address": address}
    return mail("hours_changed", session.client, {"session": session, **told})


def mail(matter: str, member: AbstractBaseUser, context: dict[str, Any]) -> bool:
    """What it tells of has happened: a mail that cannot leave undoes none of it."""
    to = getattr(member, "email", "")
    if not to:
        return False
    context = {"gym": gym_settings(), "member": member, **context}
    with as_read_by(member):
        subject = render_to_string(f"bookings/mail/{matter}_subject.txt", context)
        text = render_to_string(f"bookings/mail/{matter}_message.txt", context)
    try:
        send_mail(" ".join(subject.split()), text.strip() + "\n", None, [to])
    except OSError:
        logger.exception("A mail about a session was not sent.")
        return False
    return True
