"""A trainer's own pages: the week, and what became of each session."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bookings.domain.coach import (
    build_coach_week,
    build_entries,
    guest_of,
    mark_attended,
    mark_missed,
    unmark,
)
from bookings.domain.week import Week
from bookings.exceptions import BookingRefused
from bookings.forms import WeekForm
from bookings.models import TrainingSession
from bookings.views.week import wants_fragment
from trainers.clock import gym_now
from trainers.models import Trainer
from trainers.wording import clock


def own_trainer(request: HttpRequest) -> Trainer:
    """The trainer who asks. For everybody else there is nothing here."""
    trainer: Trainer | None = getattr(request.user, "trainer", None)
    if trainer is None:
        raise Http404
    return trainer


@require_safe
def coach(request: HttpRequest) -> HttpResponse:
    trainer = own_trainer(request)
    now = gym_now()
    return show_week(
        request, trainer, Week.of(WeekForm(request.GET).day_or(now.date()))
    )


@require_POST
def attended(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, mark_attended, _("Took place: %(time)s, %(name)s."))


@require_POST
def missed(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, mark_missed, _("Did not come: %(time)s, %(name)s."))


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    return mark(request, pk, unmark, _("Not marked any more: %(time)s, %(name)s."))


def mark(
    request: HttpRequest, pk: int, verb: Callable[..., Any], said: str
) -> HttpResponse:
    trainer = own_trainer(request)
    session = get_object_or_404(trainer.sessions, pk=pk)
    status = HTTPStatus.OK
    try:
        verb(session, by=request.user, now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        status = HTTPStatus(refusal.status)
    else:
        names = {
            "time": clock(session.start_time),
            "name": guest_of(session.client).name,
        }
        messages.success(request, said % names)
    return show_mark(request, trainer, session, status=status)


def show_mark(
    request: HttpRequest, trainer: Trainer, session: TrainingSession, *, status: int
) -> HttpResponse:
    """The session as it is now, or its week where no htmx swaps it in."""
    week = Week.of(session.session_date)
    if wants_fragment(request):
        same = trainer.sessions.filter(pk=session.pk)
        context = {"entries": build_entries(trainer, same, now=gym_now())}
        return render(request, "coach/_entry_swap.html", context, status=status)
    if status != HTTPStatus.OK:
        return show_week(request, trainer, week, status=status)
    return redirect(f"{reverse('coach')}?week={week}#session-{session.pk}")


def show_week(
    request: HttpRequest, trainer: Trainer, week: Week, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    now = gym_now()
    context = {
        "trainer": trainer,
        "agenda": build_coach_week(trainer, week, now=now),
        "this_week": Week.of(now.date()),
    }
    return render(request, "coach/week.html", context, status=status)
