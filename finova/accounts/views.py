from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MINUTE = timedelta(minutes=1)

# How long allauth's own limits last, where it is longer than its usual minute.
WAIT_AT = {"account_reset_password": 15 * MINUTE}


def too_many_tries(request: HttpRequest, wait: timedelta | None = None) -> HttpResponse:
    """What a page answers, and allauth's handler429, to whoever tried too often."""
    page = request.resolver_match and request.resolver_match.url_name
    wait = wait or WAIT_AT.get(page or "", MINUTE)
    context = {"minutes": wait // MINUTE}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response
