"""How one becomes a member: by signing up, with staff's approval, or invited."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str
from django.http import HttpRequest
from django.urls import reverse

from bookings.gym import Joining, gym_settings
from finova.accounts.models import User

logger = logging.getLogger(__name__)


@dataclass
class Letters:
    """What became of a mail to each of several people."""

    sent: list[User] = field(default_factory=list)
    # The mail server was away, or would not take it.
    not_sent: list[User] = field(default_factory=list)
    # They have no email.
    unwritten: list[User] = field(default_factory=list)
    # There was nothing to tell them.
    passed_by: list[User] = field(default_factory=list)

    @property
    def done(self) -> list[User]:
        return [*self.sent, *self.not_sent, *self.unwritten]


def site_of(request: HttpRequest) -> str:
    """Where the links of a mail lead: https://gym.example."""
    return request.build_absolute_uri("/").rstrip("/")


def is_open() -> bool:
    """Whether anybody may sign up, be it to wait for approval."""
    return gym_settings().joining != Joining.INVITATION


def needs_approval() -> bool:
    return gym_settings().joining == Joining.APPROVAL


def approve(people: Iterable[User], *, site: str) -> Letters:
    """Let those who wait book, and write to them; the others are passed by."""
    letters = Letters()
    for person in people:
        waiting = User.objects.filter(pk=person.pk, awaits_approval=True)
        if waiting.update(awaits_approval=False):
            link = {"trainers_url": site + reverse("trainers")}
            write(person, "account/email/approved", link, letters)
        else:
            letters.passed_by.append(person)
    return letters


def can_be_invited(person: User) -> bool:
    """Who has a password chose it, and gets a new one by other means."""
    return bool(person.email and person.is_active and not person.has_usable_password())


def invite(people: Iterable[User], *, site: str) -> Letters:
    """Write to each with a link to choose a password, whoever may sign up.

    It works once, for as long as one to choose a new password does; afterwards the
    sign-in page sends another. Who has a password already is passed by.
    """
    letters = Letters()
    for person in people:
        if can_be_invited(person):
            link = {"invitation_url": invitation_url(person, site=site)}
            write(person, "account/email/invitation", link, letters)
        else:
            letters.passed_by.append(person)
    return letters


def invitation_url(person: User, *, site: str) -> str:
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
    names = {"uidb36": user_pk_to_url_str(person), "key": key}
    return site + reverse("account_reset_password_from_key", kwargs=names)


def write(person: User, letter: str, told: dict[str, Any], letters: Letters) -> None:
    """What it tells of has happened: a mail that cannot leave is noted, no more."""
    if not person.email:
        letters.unwritten.append(person)
        return
    try:
        get_adapter().write_to(person, letter, told)
        letters.sent.append(person)
    except OSError:
        logger.exception("A mail to a member was not sent.")
        letters.not_sent.append(person)
