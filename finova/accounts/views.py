from collections import Counter
from datetime import timedelta
from http import HTTPStatus

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bookings.exceptions import BookingRefused
from bookings.models import TrainingSession
from finova.accounts.export import everything_about
from finova.accounts.forms import ProfileForm, TokenForm
from finova.accounts.leaving import is_needed, leave
from finova.accounts.models import ApiToken, User
from finova.errors import refuse
from trainers.clock import gym_now

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
        "tokens": ApiToken.objects.live().filter(user=request.user.pk).count(),
        "devices": len(UserSession.objects.purge_and_list(request.user)),
    }
    return render(request, "account/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        # Not form.save(): it would write a row read before the account was closed.
        mine = User.objects.filter(pk=form.instance.pk, is_active=True)
        if mine.update(**form.cleaned_data):
            messages.success(request, _("Saved."))
        return redirect("account")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "account/profile.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def tokens(request: HttpRequest) -> HttpResponse:
    """The secret stands in the answer to the form and nowhere else, ever."""
    form = TokenForm(request.user, request.POST or None)
    if form.is_valid():
        name = form.cleaned_data["name"]
        token, secret = ApiToken.objects.issue(request.user, name=name)
        context = {"token": token, "secret": secret}
        created = HTTPStatus.CREATED
        return render(request, "account/token_made.html", context, status=created)
    live = ApiToken.objects.live().filter(user=request.user.pk).order_by("-pk")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"form": form, "tokens": live}
    return render(request, "account/tokens.html", context, status=status)


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.live(), pk=pk, user=request.user)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    said = _("“%(name)s” is revoked: no program can use it any more.")
    messages.success(request, said % {"name": token})
    return redirect("tokens")


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    told = everything_about(request.user)
    layout = {"indent": 2, "ensure_ascii": False}
    response = JsonResponse(told, json_dumps_params=layout)
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def delete(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show_delete(request)
    if is_needed(request.user):
        return show_delete(request, status=HTTPStatus.CONFLICT)
    address = request.user.email
    try:
        leave(request.user, now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_delete(request, status=refusal.status)
    logout(request)
    told = "account/email/account_deleted"
    get_adapter().send_notification_mail(told, request.user, email=address)
    messages.success(request, _("Your account is deleted. Goodbye, and all the best."))
    return redirect("home")


def show_delete(request: HttpRequest, *, status: int = HTTPStatus.OK) -> HttpResponse:
    mine = TrainingSession.objects.filter(client=request.user.pk)
    ahead = mine.active().upcoming(gym_now()).select_related("trainer")
    context = {"needed": is_needed(request.user), "ahead": ahead}
    return render(request, "account/delete.html", context, status=status)


@require_POST
def sign_out_device(request: HttpRequest, pk: int) -> HttpResponse:
    device = get_object_or_404(UserSession, pk=pk, user=request.user)
    if device.is_current():
        logout(request)
        return redirect("home")
    device.end()
    messages.success(request, _("That device is signed out."))
    return redirect("usersessions_list")
