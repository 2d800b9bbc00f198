"""The JSON API: who is calling, how it answers, and the routers it is made of."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Never

import simplejson
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from bookings.api import router
from bookings.exceptions import BookingRefused, MayNotBook
from finova.accounts.models import ApiToken, User


class StrictJson(Parser):
    """UTF-8 and what RFC 8259 calls JSON; Python's own reading is wider.

    A name that comes twice is refused: which of the two is meant, one program reads
    one way and the next the other.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(
            request.body.decode(),
            parse_float=Decimal,
            parse_constant=refuse_constant,
            object_pairs_hook=without_duplicates,
        )


def refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len(read := dict(pairs)):
        raise ValueError("a name comes twice")
    return read


class Json(BaseRenderer):
    """A price is a number with its cents, 75.00: the json module has no such number."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        default = DjangoJSONEncoder().default
        return simplejson.dumps(data, use_decimal=True, default=default)


def admit(request: HttpRequest) -> Any:
    """Who may not book is told so before anything about the request itself."""
    if request.method == "POST":
        if not request.user.has_perm("bookings.book_session"):
            raise MayNotBook
        if request.content_type != "application/json":
            raise HttpError(
                415, gettext("Send JSON, with `Content-Type: application/json`.")
            )
    return request.user


class Bearer(HttpBearer):
    """For programs: a token that its owner made on the account's page."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = ApiToken.objects.presenting(token).first()
        if found is None:
            return None
        found.note_use(timezone.now())
        request.user = found.user
        return admit(request)


class Session(APIKeyCookie):
    """For signed-in browsers: the session cookie, with the CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> User | None:
        # Who is not signed in is told that, whatever else is missing.
        if not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise HttpError(
                403, gettext("The CSRF token is missing or wrong. Reload the page.")
            )
        return admit(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """Never reached: __call__ decides."""


api = NinjaAPI(
    title="FinovaFitness trainer booking",
    version="1.0",
    urls_namespace="api",
    description="Read a trainer's day and book a session. Times are the gym's.",
    parser=StrictJson(),
    renderer=Json(),
    # Bearer first: with a token, a cookie that came along needs no CSRF token.
    auth=[Bearer(), Session()],
)
api.add_router("/members", router)


CODES = {
    400: "malformed_json",
    403: "forbidden",
    415: "not_json",
}

# What a program is told where no endpoint was reached.
REFUSALS = {
    400: ("malformed_request", _("The request cannot be read. Nothing was changed.")),
    403: ("forbidden", _("This is not for your account.")),
    404: ("not_found", _("There is nothing at this address.")),
    405: ("method_not_allowed", _("This address is not for this method: see `Allow`.")),
    413: ("too_large", _("The body is too large: 1 MB at most. Nothing was changed.")),
}


def refuse(
    request: HttpRequest, status: int, code: str, sentence: str | Promise, **more: Any
) -> HttpResponse:
    body = {"success": False, "error": sentence, "code": code, **more}
    return api.create_response(request, body, status=status)


@api.exception_handler(BookingRefused)
def refused(request: HttpRequest, refusal: BookingRefused) -> HttpResponse:
    more: dict[str, Any] = {"field": refusal.field} if refusal.field else {}
    if refusal.is_about_time:
        more["alternatives"] = [offer.facts() for offer in refusal.alternatives]
    return refuse(request, refusal.status, refusal.code, refusal.sentence, **more)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = refuse(
        request, 401, "not_signed_in", _("Sign in, or send a valid bearer token.")
    )
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    names = [part for part in first["loc"] if isinstance(part, str)]
    field = names[-1] if len(names) > 1 else "body"
    reason = first["msg"].removeprefix("Value error, ")
    sentence = f"{field}: {reason}."
    return refuse(request, 422, "invalid", sentence, field=field)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = CODES.get(error.status_code, "refused")
    sentence = (
        _("The body is not valid JSON.") if error.status_code == 400 else str(error)
    )
    return refuse(request, error.status_code, code, sentence)


class EnvelopeMiddleware:
    """Programs get JSON also where no endpoint was reached: unknown address or method,
    a body or a host that Django refuses.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_json = response.get("Content-Type", "").startswith(Json.media_type)
        if not request.path_info.startswith("/api/") or is_json:
            return response
        if response.status_code in REFUSALS:
            code, sentence = REFUSALS[response.status_code]
            envelope = refuse(request, response.status_code, code, sentence)
            response.content = envelope.content
            response["Content-Type"] = envelope["Content-Type"]
            response["Content-Length"] = str(len(envelope.content))
        return response
