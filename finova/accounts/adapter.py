import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from bookings.demo import PASSWORD
from bookings.gym import gym_name, gym_settings
from finova.accounts import joining, known_browsers
from finova.accounts.addresses import vouch_for
from finova.accounts.languages import speaking_to
from finova.accounts.models import User
from finova.accounts.views import too_many_tries

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str | None) -> bool:
        try:
            return super().is_safe_url(url)
        except ValueError:
            # `http://[` is no address at all.
            return False

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Where only the invited join, the page says so, whatever is sent to it."""
        if joining.is_open():
            return True
        status = HTTPStatus.FORBIDDEN if request.method == "POST" else HTTPStatus.OK
        told = {"contact": gym_settings().contact}
        closed = render(request, "account/signup_closed.html", told, status=status)
        raise ImmediateHttpResponse(closed)

    def clean_password(self, password: str, user: Any = None) -> str:
        if password == PASSWORD:
            raise ValidationError(
                _("The demo has this password. Choose one of your own.")
            )
        return super().clean_password(password, user)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """In production the demo's password opens nothing, whoever seeded the data."""
        if settings.PRODUCTION and credentials.get("password") == PASSWORD:
            return None
        return super().authenticate(request, **credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before looking at the password, so that a volley counts too.

        The base class takes it off the counts again if the password was right.
        """
        counted = ratelimit.RateLimitUsage(usage=[])
        email = credentials.get("email", "").lower()
        for limit, key in self.limits_on(request, email):
            usage = ratelimit.consume(
                request, app="allauth.account", action=limit, key=key
            )
            if usage is None:
                wait = timedelta(seconds=self.window_of(limit))
                raise ImmediateHttpResponse(too_many_tries(request, wait=wait))
            counted.usage += usage.usage
        self._login_failed_rl_usage = counted

    def limits_on(self, request: HttpRequest, email: str) -> list[tuple[str, str]]:
        """The narrowest first: a try refused there adds nothing to the wider counts."""
        known = known_browsers.knows(request, email)
        if known:
            return [("login_failed_known_browser", known)]
        address = ratelimit.get_ip(request)
        return [
            ("login_failed_here", f"{address} {email}"),
            ("login_failed", address),
            ("login_failed_anywhere", email),
        ]

    def window_of(self, limit: str) -> float:
        rates = ratelimit.get_rates(app="allauth.account", action=limit)
        return max(rate.duration for rate in rates)

    def pre_login(
        self, request: HttpRequest, user: User, *, signup: bool, **how: Any
    ) -> HttpResponse | None:
        if not signup:
            vouch_for(user)
        return super().pre_login(request, user, signup=signup, **how)

    def post_login(
        self, request: HttpRequest, user: User, **how: Any
    ) -> HttpResponseBase:
        response = super().post_login(request, user, **how)
        known_browsers.remember(response, user.email or "")
        return response

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Without a request for the subject, the gym's name has to come along."""
        context = {
            "gym_name": gym_name(),
            "anybody_may_join": joining.is_open(),
            **context,
        }
        with speaking_to(context.get("user")):
            super().send_mail(template_prefix, email, context)

    def write_to(self, person: User, letter: str, told: dict[str, Any]) -> None:
        """A mail of the gym's own accord: nobody's request need be under way."""
        context = {"gym_name": gym_name(), "user": person, **told}
        with speaking_to(person):
            self.render_mail(letter, person.email or "", context).send()

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """What it tells of has happened: a mail that cannot leave is no error of it."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except OSError:
            logger.exception("A notice of a change to an account was not sent.")

    def respond_email_verification_sent(
        self, request: HttpRequest, user: User | None
    ) -> HttpResponseBase:
        """Nobody is joining where the email has an account already: that must not show.

        Making an account takes as long as hashing its password.
        """
        if user is None:
            make_password(PASSWORD)
        return super().respond_email_verification_sent(request, user)
