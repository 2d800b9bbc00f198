"""Another time in place of a session: the page of an offer, by link or signed in.

The link is a key: nothing that comes back is kept or names it elsewhere.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from bookings.domain.offers import (
    accept_offer,
    decline_offer,
    exchange_offer,
    latest_offer,
    state_of,
)
from bookings.domain.week import Week, build_week
from bookings.domain.withdrawing import is_hit, was_moved
from bookings.exceptions import BookingRefused
from bookings.forms import MoveForm, WeekForm
from bookings.models import Offer
from bookings.views.sessions import own_session
from trainers.clock import gym_now, has_come
from trainers.models import Trainer

View = Callable[..., HttpResponse]


def by_link(view: View) -> Callable[..., HttpResponseBase]:
    """The address is the key. It comes in no referrer, no cache and no link."""

    @wraps(view)
    def shown(request: HttpRequest, token: str) -> HttpResponse:
        found = Offer.objects.presenting(token)
        if found is None:
            raise Http404
        response = view(request, found, page=reverse("offer", args=[token]))
        # Not `no-referrer`, with which browsers send forms from nowhere.
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return login_not_required(cache_control(private=True, no_store=True)(shown))


def signed_in(view: View) -> View:
    """The same page for the member whose session it is, without the link."""

    @wraps(view)
    def shown(request: HttpRequest, pk: int) -> HttpResponse:
        found = latest_offer(own_session(request, pk))
        if found is None:
            raise Http404
        return view(request, found, page=reverse("own-offer", args=[pk]))

    return shown


def show_or_answer(request: HttpRequest, found: Offer, *, page: str) -> HttpResponse:
    """GET shows it; POST accepts or declines."""
    if request.method != "POST":
        return show_offer(request, found, page)
    verbs = {"accept": accept_offer, "decline": decline_offer}
    verb = verbs.get(request.POST.get("answer", ""))
    if verb is None:
        messages.error(request, _("Choose one of the answers below."))
        return show_offer(request, found, page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        verb(found, by=found.session.client, now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        found = Offer.objects.with_places().get(pk=found.pk)
        return show_offer(request, found, page, status=refusal.status)
    return redirect(page)


def show_offer(
    request: HttpRequest, found: Offer, page: str, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    now = gym_now()
    state = state_of(found, now=now)
    context = {
        "offer": found,
        "session": found.session,
        "state": state,
        "can_exchange": can_exchange(found),
        "became": became(found, now=now) if state == "settled" else "",
        "page": page,
    }
    return render(request, "bookings/offer.html", context, status=status)


def became(found: Offer, *, now: datetime) -> str:
    """Of the session whose offer nobody needs any more, in a word."""
    if not found.session.is_active:
        return "ended"
    if was_moved(found):
        return "moved"
    return "stranded" if is_hit(found, now=now) else "stands"


def can_exchange(found: Offer) -> bool:
    """Whether the session still stands where it cannot be, and is ahead."""
    now = gym_now()
    is_open = state_of(found, now=now) in ("waiting", "expired")
    session = found.session
    return is_open and session.is_active and not has_come(session.starts, now)


def choose_time(request: HttpRequest, found: Offer, *, page: str) -> HttpResponse:
    """The open times of a trainer's week; POST moves the session to one of them."""
    if not can_exchange(found):
        return redirect(page)
    active = Trainer.objects.active()
    slug = request.GET.get("trainer") or found.hold.trainer.slug
    trainer = get_object_or_404(active, slug=slug)
    if request.method != "POST":
        return show_times(request, found, trainer, page)
    form = MoveForm(found.session, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the times below."))
        return show_times(request, found, trainer, page, status=422)
    try:
        exchange_offer(
            found, by=found.session.client, now=gym_now(), **form.place(trainer)
        )
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_times(request, found, trainer, page, status=refusal.status)
    return redirect(page)


def show_times(
    request: HttpRequest,
    found: Offer,
    trainer: Trainer,
    page: str,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    session = found.session
    which = WeekForm(request.GET)
    grid = build_week(
        trainer,
        Week.of(which.day_or(found.hold.session_date)),
        now=gym_now(),
        client_id=session.client_id,
        moving=session,
    )
    kind = session.session_type
    context: dict[str, Any] = {
        "session": session,
        "trainer": trainer,
        "trainers": Trainer.objects.active().filter(session_types__contains=[kind]),
        "grid": grid,
        "page": page,
    }
    return render(request, "bookings/offer_times.html", context, status=status)


safe_or_post = require_http_methods(["GET", "HEAD", "POST"])

offer = safe_or_post(by_link(show_or_answer))
times = safe_or_post(by_link(choose_time))
own_offer = safe_or_post(signed_in(show_or_answer))
own_times = safe_or_post(signed_in(choose_time))
