"""The browsers in which a person has signed in before.

Wrong passwords are counted per account, whatever addresses they come from, or many
addresses together could guess on and on. Counting alone would let anybody who knows
a member's email use the count up and keep the member out. So a browser keeps a
cookie once somebody has signed in with it, and for that account its tries are
counted apart from everybody else's. The cookie opens nothing: it is no password.
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

DAYS = 180


def remember(response: HttpResponseBase, email: str) -> None:
    nonce = secrets.token_urlsafe(16)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        f"{nonce}.{mark(nonce, email)}",
        max_age=DAYS * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def knows(request: HttpRequest, email: str) -> str:
    """What to count this browser's tries at the account by; "" if it is a stranger."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    nonce, _, given = cookie.partition(".")
    return nonce if constant_time_compare(given, mark(nonce, email)) else ""


def mark(nonce: str, email: str) -> str:
    """A mark of the account that tells nobody at a shared computer whose it is."""
    value = f"{nonce} {email.lower()}"
    return salted_hmac("known browser", value, algorithm="sha256").hexdigest()
