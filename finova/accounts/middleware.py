import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from finova.accounts.models import TimeDisplay, User
from finova.accounts.second_factor import factors_of, is_required_of
from trainers.wording import twelve_hours

GetResponse = Callable[[HttpRequest], HttpResponseBase]

DAY = timedelta(days=1).total_seconds()
LONGEST_SESSION = timedelta(days=90).total_seconds()
# Staff see everybody's data, often at a computer that several people use: a shift.
LONGEST_STAFF_SESSION = timedelta(hours=12).total_seconds()


def start_session(request: HttpRequest, **kwargs: Any) -> None:
    now = int(time.time())
    request.session["signed_in_at"] = request.session["seen_at"] = now


def end_old_sessions(get_response: GetResponse) -> GetResponse:
    """Sign out who has not come for SESSION_COOKIE_AGE, or signed in too long ago.

    The session's own expiry does the first: a visit renews it, and so writes the
    session to the database, once a day; the list of devices learns of it then.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            session, now = request.session, int(time.time())
            if now - session.get("signed_in_at", 0) > longest_session(request.user):
                logout(request)
            elif now - session["seen_at"] > DAY:
                session["seen_at"] = now
                UserSession.objects.create_from_request(request)
        return get_response(request)

    return middleware


def longest_session(user: User) -> float:
    return LONGEST_STAFF_SESSION if user.is_staff else LONGEST_SESSION


def write_times_as_wished(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        with twelve_hours(wants_twelve_hours(request.user)):
            return get_response(request)

    return middleware


def wants_twelve_hours(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and user.time_display == TimeDisplay.TWELVE_HOURS


def keep_private_pages_out_of_caches(get_response: GetResponse) -> GetResponse:
    """After signing out, the back button finds nothing that a signed-in person saw.

    But what never changes, and is the same for everybody: it says so itself.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        immutable = "immutable" in response.headers.get("Cache-Control", "")
        if request.user.is_authenticated and not immutable:
            add_never_cache_headers(response)
        return response

    return middleware


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends who is not signed in to the sign-in page, and back afterwards.

    A browser follows a redirect inside an htmx request by itself, which would put
    the sign-in page into the corner the fragment was meant for. So htmx is told to
    go there as a whole page, and to come back to the page it stands on.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if not request.htmx:
            return super().handle_no_permission(request, view_func)
        return self.leave_for_sign_in(request)

    def leave_for_sign_in(self, request: HttpRequest) -> HttpResponseBase:
        query = urlencode({REDIRECT_FIELD_NAME: page_behind(request)})
        return HttpResponseClientRedirect(f"{resolve_url('account_login')}?{query}")


class SecondFactorMiddleware:
    """Closes the admin to staff whose password alone would open it.

    They are led to where they set up a second step, and from there on to what they
    wanted. What is their own, the account's pages first, stays open.
    """

    OPEN = ("login", "logout", "jsi18n")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        # By its address: not every page of the admin has its namespace.
        if not request.path.startswith(reverse("admin:index")):
            return None
        match = request.resolver_match
        if match is not None and match.url_name in self.OPEN:
            return None
        if not is_required_of(request.user):
            return None
        if factors_of(request.user).exists():
            request.session.pop("wanted_by_staff", None)
            return None
        return self.lead_to_setting_up(request)

    def lead_to_setting_up(self, request: HttpRequest) -> HttpResponseBase:
        looking = request.method in ("GET", "HEAD") and not request.htmx
        wanted = request.get_full_path() if looking else reverse("admin:index")
        request.session["wanted_by_staff"] = wanted
        if request.htmx:
            return HttpResponseClientRedirect(reverse("mfa_index"))
        return redirect("mfa_index")


def page_behind(request: HttpRequest) -> str:
    """The page that htmx says it stands on, if it is one of this site's."""
    try:
        here = urlsplit(request.htmx.current_url_abs_path or "/")
    except ValueError:
        return "/"
    back = here.path + (f"?{here.query}" if here.query else "")
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/"
