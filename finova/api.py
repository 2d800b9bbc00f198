"""The JSON API: who is calling, how it answers, and the routers it is made of."""

from typing import Any

import simplejson
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import BaseRenderer
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from bookings.api import router
from bookings.exceptions import BookingRefused, MayNotBook
from finova.accounts.models import ApiToken, User


class Json(BaseRenderer):
    """A price is a number with its cents, 75.00: the json module has no such number."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        default = DjangoJSONEncoder().default
        return simplejson.dumps(data, use_decimal=True, default=default)


def admit(request: HttpRequest) -> Any:
    """Who may not book is told so before anything about the request itself."""
    if request.method == "POST" and not request.user.has_perm("bookings.book_session"):
        raise MayNotBook
    return request.user


class Bearer(HttpBearer):
    """For programs: a token made by `manage.py create_api_token`."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        found = ApiToken.objects.presenting(token).first()
        if found is None:
            return None
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
            raise HttpError(403, "The CSRF token is missing or wrong. Reload the page.")
        return admit(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """Never reached: __call__ decides."""


api = NinjaAPI(
    title="FinovaFitness trainer booking",
    version="1.0",
    urls_namespace="api",
    description="Read a trainer's day and book a session. Times are the gym's.",
    renderer=Json(),
    # Bearer first: with a token, a cookie that came along needs no CSRF token.
    auth=[Bearer(), Session()],
)
api.add_router("/members", router)


def refuse(
    request: HttpRequest, status: int, code: str, sentence: str, **more: Any
) -> HttpResponse:
    body = {"success": False, "error": sentence, "code": code, **more}
    return api.create_response(request, body, status=status)


@api.exception_handler(BookingRefused)
def refused(request: HttpRequest, refusal: BookingRefused) -> HttpResponse:
    more = {"field": refusal.field} if refusal.field else {}
    return refuse(request, refusal.status, refusal.code, refusal.sentence, **more)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return refuse(
        request, 401, "not_signed_in", "Sign in, or send a valid bearer token."
    )


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
    codes = {400: "malformed_json", 403: "forbidden", 429: "too_many_requests"}
    code = codes.get(error.status_code, "refused")
    sentence = "The body is not valid JSON." if error.status_code == 400 else str(error)
    return refuse(request, error.status_code, code, sentence)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return refuse(request, 404, "not_found", "There is nothing at this address.")
