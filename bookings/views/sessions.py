from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bookings.domain.agenda import build_agenda, build_entry
from bookings.domain.booking import cancel_session, late_sentence, undo_cancellation
from bookings.domain.offers import waiting_offers
from bookings.domain.story import story_of
from bookings.exceptions import (
    BookingRefused,
    ClientBusy,
    LateCancellation,
    SlotTaken,
    SlotUnavailable,
    TooLate,
)
from bookings.forms import PageForm
from bookings.gym import gym_settings
from bookings.models import SessionStatus, TrainingSession
from trainers.clock import gym_now
from trainers.wording import clock, day_name


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    return show_sessions(request)


@require_safe
def session(request: HttpRequest, pk: int) -> HttpResponse:
    return show_session(request, own_session(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """The page says before the click when it counts as late; the form says it too."""
    session = own_session(request, pk)
    if not session.is_active and request.method != "POST":
        over = _("Your session on %(day)s, %(time)s is over already.")
        if session.status == SessionStatus.CANCELLED:
            over = _("Your session on %(day)s, %(time)s is cancelled already.")
        messages.info(request, over % names_of(session))
        return redirect("sessions")
    if request.method != "POST":
        return show_cancel(request, session)
    late_is_fine = request.POST.get("late") == "yes"
    try:
        cancel_session(
            session, by=request.user, now=gym_now(), late_is_fine=late_is_fine
        )
    except LateCancellation as refusal:
        return show_cancel(request, session, status=refusal.status)
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_sessions(request, status=refusal.status)
    if not session.is_active:
        messages.info(request, _("This session was cancelled already."))
    return redirect("sessions")


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    session = own_session(request, pk)
    try:
        undo_cancellation(session, by=request.user, now=gym_now())
    except (SlotTaken, SlotUnavailable, ClientBusy) as refusal:
        taken = _(
            "This time has been taken meanwhile, so the session stays cancelled. "
            "You can book another time with %(trainer)s."
        )
        messages.error(request, taken % names_of(session))
        return show_sessions(request, status=refusal.status)
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_sessions(request, status=refusal.status)
    kept = _("It is yours again: %(day)s, %(time)s with %(trainer)s.")
    messages.success(request, kept % names_of(session))
    return redirect("sessions")


def own_session(request: HttpRequest, pk: int) -> TrainingSession:
    mine = TrainingSession.objects.filter(client=request.user.pk)
    return get_object_or_404(mine.select_related("trainer"), pk=pk)


def names_of(session: TrainingSession) -> dict[str, Any]:
    return {
        "day": day_name(session.session_date),
        "time": clock(session.start_time),
        "trainer": session.trainer,
    }


def show_sessions(request: HttpRequest, *, status: int = HTTPStatus.OK) -> HttpResponse:
    page = PageForm(request.GET).number()
    now = gym_now()
    context = {
        "agenda": build_agenda(request.user.pk, now=now, page=page),
        "offers": waiting_offers(request.user.pk, now=now),
    }
    return render(request, "bookings/sessions.html", context, status=status)


def show_session(
    request: HttpRequest, session: TrainingSession, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    now = gym_now()
    waiting = waiting_offers(request.user.pk, now=now)
    context = {
        "entry": build_entry(session, gym_settings(), now=now),
        "story": story_of(session),
        "offers": [each for each in waiting if each.session_id == session.pk],
    }
    return render(request, "bookings/session.html", context, status=status)


def show_cancel(
    request: HttpRequest, session: TrainingSession, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    entry = build_entry(session, gym_settings(), now=gym_now())
    if not entry.is_ahead:
        messages.error(request, TooLate.sentence)
        return show_session(request, session, status=TooLate.status)
    context: dict[str, Any] = {"entry": entry}
    if entry.is_past_cut_off:
        context["late"] = late_sentence()
    return render(request, "bookings/cancel.html", context, status=status)
