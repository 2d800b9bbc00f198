from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from bookings.domain.agenda import build_entry
from bookings.domain.alternatives import (
    offering_alternatives,
    others_at_the_same_time,
)
from bookings.domain.booking import (
    check_active,
    check_before_cut_off,
    check_not_begun,
    reschedule_session,
)
from bookings.domain.week import Week, build_week
from bookings.exceptions import BookingRefused
from bookings.forms import MoveForm, WeekForm
from bookings.gym import gym_settings
from bookings.models import TrainingSession
from bookings.views.sessions import names_of, own_session, show_session
from bookings.views.week import refused_click, wants_fragment
from trainers.clock import gym_now
from trainers.models import Trainer


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def reschedule(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    """The grid in which the session's new time is chosen; POST moves it there."""
    session = own_session(request, pk)
    trainer = trainer_for(session, slug)
    try:
        check_movable(session, request)
        if request.method == "POST":
            return move(request, session, trainer)
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_session(request, session, status=refusal.status)
    return show_choice(request, session, trainer, asked=request.GET.get("at", ""))


def trainer_for(session: TrainingSession, slug: str) -> Trainer:
    """Who is asked for, else whose the session is; raises Http404."""
    active = Trainer.objects.active()
    if not slug and not session.trainer.is_active:
        # Gone since: somebody else's week to choose from.
        active = active.order_by("name")[:1]
        return get_object_or_404(active)
    return get_object_or_404(active, slug=slug or session.trainer.slug)


def check_movable(session: TrainingSession, request: HttpRequest) -> None:
    """What the verb asks as well, before anybody has chosen a time in vain."""
    now = gym_now()
    check_active(session)
    check_not_begun(session, by=request.user, now=now)
    check_before_cut_off(session, by=request.user, now=now)


def move(
    request: HttpRequest, session: TrainingSession, trainer: Trainer
) -> HttpResponse:
    form = MoveForm(session, request.POST)
    if not form.is_valid():
        for sentence in form.errors.get("at", ()):
            messages.error(request, sentence)
        return show_choice(request, session, trainer, status=422)
    place = form.place(trainer)
    if not session.stands_at(**place):
        before = names_of(session)
        now, kind = gym_now(), session.session_type
        wish = {**place, "session_type": kind, "moving": session}
        try:
            with offering_alternatives(session.client_id, now=now, **wish):
                moved = reschedule_session(session, by=request.user, now=now, **place)
        except BookingRefused as refusal:
            return show_choice(request, session, trainer, refusal=refusal)
        tell_both_times(request, before, names_of(moved))
    return redirect("sessions")


def tell_both_times(
    request: HttpRequest, before: dict[str, Any], after: dict[str, Any]
) -> None:
    moved = _("Moved: from %(old)s to %(new)s.")
    names = {"old": in_words(before), "new": in_words(after)}
    messages.success(request, moved % names)


def in_words(names: dict[str, Any]) -> str:
    return _("%(day)s, %(time)s with %(trainer)s") % names


def show_choice(
    request: HttpRequest,
    session: TrainingSession,
    trainer: Trainer,
    *,
    asked: str = "",
    refusal: BookingRefused | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The trainer's week as it is now, green where the whole session fits."""
    now = gym_now()
    which = WeekForm(request.POST or request.GET)
    grid = build_week(
        trainer,
        Week.of(which.day_or(session.session_date)),
        now=now,
        client_id=request.user.pk,
        asked=asked,
        moving=session,
        shown_day=which.shown_day or session.session_date,
    )
    if grid.asked and not (grid.selected or refusal):
        refusal = refused_click(request, grid, grid.asked, now=now, moving=session)
        status = HTTPStatus.OK
    elif refusal:
        status = refusal.status
    if refusal:
        messages.error(request, refusal.sentence)
    context = {
        "entry": build_entry(session, gym_settings(), now=now),
        "moving": session,
        "trainer": trainer,
        "grid": grid,
        "page": reverse("reschedule-with", args=[session.pk, trainer.slug]),
        "others": others_at_the_same_time(session, now=now),
    }
    if refusal and refusal.is_about_time:
        context |= {"refusal": refusal, "refused_at": which["at"].value()}
    if grid.selected:
        context["until"] = session.end_if_from(grid.selected.start)
    # htmx puts a 404 in place of the whole page.
    fragment = wants_fragment(request) and status != HTTPStatus.NOT_FOUND
    template = "bookings/_week_swap.html" if fragment else "bookings/reschedule.html"
    return render(request, template, context, status=status)
