"""Where allauth lets go of a second factor: the last one stays where it is required."""

from http import HTTPStatus
from typing import Any

from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.http import HttpResponse

from finova.accounts.second_factor import RemovePasskeyForm


class DeactivateAppView(DeactivateTOTPView):
    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(super().form_invalid(form))


class RemovePasskeyView(RemoveWebAuthnView):
    form_class = RemovePasskeyForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """With data, so that who only looks is told already."""
        kwargs = {"data": {}, **super().get_form_kwargs()}
        return {**kwargs, "authenticator": self.object}

    def form_invalid(self, form: Any) -> HttpResponse:
        return refused(super().form_invalid(form))


def refused(page: HttpResponse) -> HttpResponse:
    page.status_code = HTTPStatus.CONFLICT
    return page
