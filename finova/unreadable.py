"""Requests that nobody can read, told so before a query stumbles over them.

PostgreSQL keeps no NUL: one that reaches it is an error deep inside a page. No browser
sends any, so whoever does gets the page for bad requests, and nothing is changed.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict

from bookings.exceptions import Unstorable
from bookings.transactions import refusal_behind
from finova.errors import refuse

logger = logging.getLogger(__name__)

NUL = "\x00"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class ReadableRequestMiddleware:
    """Refuses what no page could look up or store, as a bad request.

    NUL in addresses and forms; a cookie with one counts as not sent. And what the
    admin's lists would stumble over: they look up whatever an address names.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for name, value in [*request.COOKIES.items()]:
            if NUL in value:
                del request.COOKIES[name]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        # Here and not in __call__: the page that says so greets who is signed in.
        sent = [request.GET, request.POST] if is_form(request) else [request.GET]
        if NUL in request.path_info or any(map(has_nul, sent)):
            raise BadRequest("NUL in the address or the form")
        if is_in_admin(request) and any(map(asks_nonsense, sent)):
            raise BadRequest("What no list of the admin can look up")

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """Who only reads brings nothing but an address: what is wrong stands there."""
        reading = request.method in ("GET", "HEAD") and is_in_admin(request)
        if reading and (is_no_value(exception) or is_no_lookup(request, exception)):
            logger.warning("An address that cannot be looked up", exc_info=exception)
            return bad_request(request, exception)
        return None


def is_form(request: HttpRequest) -> bool:
    return request.content_type in FORMS


def is_in_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


def has_nul(fields: QueryDict) -> bool:
    return any(
        NUL in text for name, values in fields.lists() for text in [name, *values]
    )


def asks_nonsense(fields: QueryDict) -> bool:
    """A text for the list of two that a range needs, or no name for a field's name."""
    ranges = any(name.endswith("__range") for name in fields)
    return ranges or "" in fields.getlist("_to_field")


def is_no_value(exception: Exception) -> bool:
    """Too large a number, or what is none to PostgreSQL."""
    too_large = isinstance(exception, OverflowError)
    return too_large or refusal_behind(exception) is Unstorable


def is_no_lookup(request: HttpRequest, exception: Exception) -> bool:
    """A filter that Python finds out late: `__iso_year=-1`."""
    return bool(request.GET) and isinstance(exception, ValueError)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for a request that Django gave up reading: 400, or 413 by its size."""
    too_large = isinstance(exception, RequestDataTooBig)
    status = 413 if too_large else 400
    # After a database's error, nothing more is asked of it.
    return refuse(request, status, greets=not isinstance(exception, DatabaseError))
