from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bookings.domain.agenda import build_agenda, build_entry
from bookings.domain.booking import cancel_session
from bookings.domain.story import story_of
from bookings.exceptions import BookingRefused
from bookings.forms import PageForm
from bookings.models import TrainingSession
from trainers.clock import gym_now
from trainers.wording import clock, day_name


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    return show_sessions(request)


@require_safe
def session(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_session(request, pk)
    context = {"entry": build_entry(found, now=gym_now()), "story": story_of(found)}
    return render(request, "bookings/session.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    session = own_session(request, pk)
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


def own_session(request: HttpRequest, pk: int) -> TrainingSession:
    mine = TrainingSession.objects.filter(client=request.user.pk)
    return get_object_or_404(mine.select_related("trainer"), pk=pk)


def show_sessions(request: HttpRequest, *, status: int = HTTPStatus.OK) -> HttpResponse:
    page = PageForm(request.GET).number()
    agenda = build_agenda(request.user.pk, now=gym_now(), page=page)
    context = {"agenda": agenda}
    return render(request, "bookings/sessions.html", context, status=status)
