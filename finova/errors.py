"""The answer to what nobody caught: 503 while the database is away, 500 for a bug."""

import sys
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import escape_leading_slashes
from django_htmx.http import reswap, retarget

from bookings.transactions import refusal_behind
from finova.logs import request_id

RETRY_AFTER_SECONDS = 2
LOOK_AGAIN = "We cannot reach our records just now. Please try again in a moment."
BROKEN = (
    "Something broke on our side, and we have noted it. Look under My sessions "
    "whether your last step went through, then try again."
)


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
    again = escape_leading_slashes(request.get_full_path()) if looking else ""
    context = {"sentence": sentence, "again": again, "request_id": request_id.get()}
    if request.path_info.startswith("/api/"):
        body = {"success": False, "error": sentence, "code": code}
        return JsonResponse({**body, "request_id": request_id.get()}, status=status)
    if "HX-Request" in request.headers:
        message = render_to_string("_server_error.html", context)
        answer = HttpResponse(message, status=status)
        return reswap(retarget(answer, "#messages"), "innerHTML")
    return render(None, f"{status}.html", context, status=status)


def say_when_to_retry(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        return response

    return middleware
