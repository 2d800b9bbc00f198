"""Whose an address is: proven once, or vouched for by who made the account."""

from typing import Any

from allauth.account.models import EmailAddress
from django.http import HttpRequest

from finova.accounts.models import User


def vouch_for(user: User) -> None:
    """Take staff's word, or a command's, for the address of an account they made.

    Only who joined by himself has a primary address that is not yet proven; a row
    that allauth made for itself, when somebody asked for a new password, is not one.
    """
    if not EmailAddress.objects.filter(user=user, primary=True).exists():
        prove(user)


def awaits_confirmation(user: User) -> bool:
    """Whether the person joined on their own and has not followed the mail's link."""
    primary = EmailAddress.objects.filter(user=user, primary=True)
    return primary.filter(verified=False).exists()


def followed_the_link(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Who has chosen a new password through the mail can read that mailbox."""
    prove(user)


def prove(user: User) -> None:
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email)
    if address.set_verified():
        address.set_as_primary()
