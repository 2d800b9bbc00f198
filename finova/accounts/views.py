from collections import Counter
from datetime import timedelta
from http import HTTPStatus

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from finova.accounts.forms import ProfileForm
from finova.errors import refuse

MINUTE = timedelta(minutes=1)
RESET_WAIT = timedelta(minutes=15)


def too_many_tries(request: HttpRequest, wait: timedelta | None = None) -> HttpResponse:
    """The answer to whoever tried too often; also allauth's handler429.

    allauth's limits are per minute, but for the one on mails to choose a password.
    """
    page = request.resolver_match and request.resolver_match.url_name
    mails_are_sent = page == "account_reset_password"
    wait = wait or (RESET_WAIT if mails_are_sent else MINUTE)
    context = {"minutes": wait // MINUTE, "mails_are_sent": mails_are_sent}
    response = refuse(request, 429, context)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    factors = Authenticator.objects.filter(user=request.user)
    kinds = Counter(factors.values_list("type", flat=True))
    context = {
        "app": kinds[Authenticator.Type.TOTP],
        "passkeys": kinds[Authenticator.Type.WEBAUTHN],
        "devices": len(UserSession.objects.purge_and_list(request.user)),
    }
    return render(request, "account/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "account/profile.html", {"form": form}, status=status)


@require_POST
def sign_out_device(request: HttpRequest, pk: int) -> HttpResponse:
    device = get_object_or_404(UserSession, pk=pk, user=request.user)
    if device.is_current():
        logout(request)
        return redirect("home")
    device.end()
    messages.success(request, _("That device is signed out."))
    return redirect("usersessions_list")
