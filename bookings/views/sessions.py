from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bookings.domain.booking import cancel_session
from bookings.exceptions import BookingRefused
from bookings.models import TrainingSession
from trainers.clock import gym_now
from trainers.wording import clock, day_name


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    return show_sessions(request)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(
        TrainingSession.objects.select_related("trainer"), pk=pk, client=request.user.pk
    )
    names = {
        "day": day_name(session.session_date),
        "time": clock(session.start_time),
        "trainer": session.trainer,
    }
    if not session.is_active:
        ended = _("Your session on %(day)s, %(time)s has already ended.")
        messages.info(request, ended % names)
        return redirect("sessions")
    if request.method != "POST":
        return render(request, "bookings/cancel.html", {"session": session})
    try:
        cancel_session(session, by=request.user, now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_sessions(request, status=refusal.status)
    cancelled = _("Cancelled: %(day)s, %(time)s with %(trainer)s.")
    messages.success(request, cancelled % names)
    return redirect("sessions")


def show_sessions(request: HttpRequest, *, status: int = HTTPStatus.OK) -> HttpResponse:
    mine = TrainingSession.objects.filter(client=request.user.pk)
    mine = mine.select_related("trainer")
    upcoming = mine.active().upcoming(gym_now())
    past = mine.exclude(pk__in=upcoming).order_by("-session_date", "-start_time")
    context = {"upcoming": upcoming, "past": past[:50]}
    return render(request, "bookings/sessions.html", context, status=status)
