"""What is said when a page cannot be: refusals, a bug, the database away.

Each status has one template, told as a page of its own or, to htmx, as a message above
the page that stays as it is.
"""

import sys
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext_lazy as _
from django_htmx.http import push_url, reswap, retarget

from bookings.transactions import refusal_behind
from finova.logs import request_id

RETRY_AFTER_SECONDS = 2
LOOK_AGAIN = _("We cannot reach our records just now. Please try again in a moment.")
BROKEN = _(
    "Something broke on our side, and we have noted it. Look under My sessions "
    "whether your last step went through, then try again."
)


def refuse(
    request: HttpRequest,
    status: int,
    context: dict[str, Any] | None = None,
    *,
    template: str = "",
    greets: bool = True,
) -> HttpResponse:
    """A status's page; to htmx the same as a message, on the page where it stands.

    A page that does not greet asks the database for nothing.
    """
    stays = stands_on_a_page(request)
    layout = "_refusal.html" if stays else None
    answer = render(
        request if greets else None,
        template or f"{status}.html",
        {**(context or {}), "status": status, "layout": layout},
        status=status,
    )
    return in_place(answer) if stays else answer


def stands_on_a_page(request: HttpRequest) -> bool:
    """Not `request.htmx`: what fails early fails before the middleware that sets it."""
    return "HX-Request" in request.headers


def in_place(answer: HttpResponse) -> HttpResponse:
    return push_url(reswap(retarget(answer, "#messages"), "innerHTML"), False)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, 403)


def form_ran_out(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return refuse(request, 403, template="403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: page, fragment or JSON, as the caller asked.

    Asks the database for nothing: it may be what has failed. What the page was about
    to say is dropped, or the next page would say it.
    """
    list(messages.get_messages(request))
    looking = request.method in ("GET", "HEAD")
    refusal = refusal_behind(sys.exc_info()[1])
    if refusal is not None and refusal.status == 503:
        sentence = LOOK_AGAIN if looking else refusal.sentence
        status, code = refusal.status, refusal.code
    else:
        status, code, sentence = 500, "broken", BROKEN
    # The address of a feed or an offer is its key, which no page repeats.
    tells = looking and not request.path_info.startswith(("/calendar/", "/offers/"))
    again = escape_leading_slashes(request.get_full_path()) if tells else ""
    if request.path_info.startswith("/api/"):
        body = {"success": False, "error": sentence, "code": code}
        return JsonResponse({**body, "request_id": request_id.get()}, status=status)
    context = {"sentence": sentence, "again": again, "request_id": request_id.get()}
    return refuse(request, status, context, greets=False)


def say_when_to_retry(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        return response

    return middleware
