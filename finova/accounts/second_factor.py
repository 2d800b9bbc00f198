"""The second step of signing in: codes and passkeys, in our words and limits."""

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.demo import is_for_play
from bookings.gym import gym_name
from finova.accounts.models import User

logger = logging.getLogger(__name__)

# What the library that reads keys has been seen to stumble with.
STUMBLES = (
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
UNREADABLE = _("This passkey cannot be read. Try again.")


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "This code is not right, or it was used already. Wait for the next one."
        ),
        "cannot_delete_authenticator": _(
            "Your work needs a second step at sign-in, and this is your last one. Add "
            "a passkey or an app first; then you can do without this one."
        ),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        others = factors_of(user).exclude(pk=authenticator.pk)
        return not is_required_of(user) or others.exists()

    def get_totp_issuer(self) -> str:
        """What the app writes above the code."""
        return gym_name()

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user=user, type=type).count()
        if not count:
            return gettext("My passkey")
        return gettext("My passkey %(number)s") % {"number": count + 1}


def factors_of(user: User | AnonymousUser) -> QuerySet[Authenticator]:
    """Apps and passkeys: recovery codes are for when these are lost."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds)


def is_required_of(user: User | AnonymousUser) -> bool:
    """Of the front desk and above: whoever may open the admin.

    Not in a demo, where everybody knows the password.
    """
    if not user.is_staff:
        return False
    required = settings.SECOND_FACTOR_FOR_STAFF
    return not is_for_play() if required is None else required


class Counted:
    """Six digits are few: tries at an account are counted apart and sparingly."""

    user: User

    def clean_code(self) -> str:
        key = f"second factor of {self.user.pk}"
        count = {"app": "allauth.account", "action": "second_factor", "key": key}
        if ratelimit.consume(context.request, **count) is None:
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()  # type: ignore[misc]
        ratelimit.clear(context.request, **count)
        return code


class CodeForm(Counted, AuthenticateForm):
    pass


class CodeAgainForm(Counted, ReauthenticateForm):
    pass


@contextmanager
def unreadable_is_wrong() -> Iterator[None]:
    """A program may send any JSON in a key's place, and the library that reads it
    looks at nothing before. A bug of ours may look the same, so the log has it all.
    """
    try:
        yield
    except STUMBLES as error:
        logger.warning("A passkey could not be read", exc_info=True)
        raise ValidationError(UNREADABLE) from error


class Read:
    def clean_credential(self) -> Authenticator:
        with unreadable_is_wrong():
            return super().clean_credential()  # type: ignore[misc]


class PasskeyForm(Read, AuthenticateWebAuthnForm):
    pass


class PasskeyAgainForm(Read, ReauthenticateWebAuthnForm):
    pass


class PasskeyAloneForm(Read, LoginWebAuthnForm):
    pass


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("A name for it")
        self.fields["name"].help_text = _("So that you know it again: “my phone”.")
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with it alone, without a password")
        alone.help_text = _(
            "For a device that asks for your finger, your face or a PIN. Without the "
            "tick, you use it after your password."
        )
        alone.initial = True

    def clean_credential(self) -> dict[str, Any]:
        """The base class looks at what is true only, and would keep a 0 as a key."""
        credential = self.cleaned_data["credential"]
        if not isinstance(credential, dict):
            raise ValidationError(UNREADABLE)
        return credential

    def clean(self) -> dict[str, Any]:
        with unreadable_is_wrong():
            return super().clean()


class RemovePasskeyForm(forms.Form):
    """Asks nothing, and says why a passkey has to stay, as allauth's does of an app."""

    def __init__(self, *args: Any, authenticator: Authenticator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.authenticator = authenticator

    def clean(self) -> dict[str, Any]:
        adapter = MFAAdapter()
        if not adapter.can_delete_authenticator(self.authenticator):
            raise adapter.validation_error("cannot_delete_authenticator")
        return super().clean() or self.cleaned_data
