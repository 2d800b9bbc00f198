"""Deleting an account: nothing personal stays, and nothing that others need goes."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q

from bookings.domain.leaving import forget_client
from finova.accounts.models import ApiToken, TimeDisplay, User
from trainers.models import Trainer

PERSONAL: list[Any] = [ApiToken, Authenticator, EmailAddress, UserSession]
FORMER_MEMBER = "Former member"


def is_needed(user: User) -> bool:
    """Whether others depend on the account: a trainer's or a colleague's."""
    staff = user.is_staff or user.is_superuser
    return staff or Trainer.objects.filter(user=user).exists()


def leave(user: User, *, now: datetime) -> int:
    """Delete the account; returns how many sessions were cancelled.

    The row stays, with neither name nor address, because past sessions point to it.
    The same person may join again and is somebody new.
    """
    # Reads every row of a long table, which nobody should have to wait for: so before
    # the locks. Who signs in meanwhile is nobody afterwards, as the account is closed.
    signed_in = sessions_of(user)

    def forget_account() -> None:
        forget_log(user)
        for model in PERSONAL:
            model.objects.filter(user=user).delete()
        Session.objects.filter(pk__in=signed_in).delete()
        forget_person(user)

    return forget_client(user, now=now, and_then=forget_account)


def forget_person(user: User) -> None:
    # As stored: the caller's row may be older.
    stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    stored.name, stored.email, stored.phone = FORMER_MEMBER, None, ""
    stored.time_display = TimeDisplay.TWENTY_FOUR_HOURS
    stored.language = ""
    stored.staff_notes = stored.blocked_because = ""
    stored.awaits_approval = False
    stored.is_active, stored.last_login = False, None
    stored.set_unusable_password()
    stored.save()
    stored.groups.clear()
    stored.user_permissions.clear()


def forget_log(user: User) -> None:
    """The admin's log names whom staff changed, and by which address.

    What it says of people by their number is theirs, whatever they are called.
    """
    people = Q(content_type__model__in=["user", "trainer"])
    about = Q(content_type__model="user", object_id=str(user.pk))
    called = Q(object_repr__in=addresses_of(user) | own_name(user)) & ~people
    LogEntry.objects.filter(about | called).update(
        object_repr=FORMER_MEMBER, change_message=""
    )


def own_name(user: User) -> set[str]:
    """Nothing, where somebody else here has the same name."""
    namesakes = User.objects.filter(name=user.name).exclude(pk=user.pk)
    trainers = Trainer.objects.filter(name=user.name)
    shared = namesakes.exists() or trainers.exists()
    return set() if shared else {user.name} - {""}


def addresses_of(user: User) -> set[str]:
    addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {user.email, *addresses} - {"", None}


def sessions_of(user: User) -> list[str]:
    """Also those of a sign-in that stands at its second step: they hold the address."""
    addresses = [json.dumps(address) for address in addresses_of(user)]
    return [
        session.pk
        for session in Session.objects.iterator()
        if belongs(session.get_decoded(), user, addresses)
    ]


def belongs(told: dict[str, Any], user: User, addresses: Collection[str]) -> bool:
    if told.get(SESSION_KEY) == str(user.pk):
        return True
    written = json.dumps(told)
    return any(address in written for address in addresses)
