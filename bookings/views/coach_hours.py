"""When a trainer works: the weekly slots, and time off."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from bookings.domain.away import (
    build_time_away,
    sessions_within,
    take_time_off,
    when_of,
)
from bookings.domain.coach import build_entries
from bookings.domain.weekly import build_weekly, set_weekly_slot
from bookings.domain.withdrawing import end_absences, say_withdrawn
from bookings.exceptions import BookingRefused, SessionsInTheWay
from bookings.forms import SlotField, SlotPageForm, TimeOffForm, WeeklySlotForm
from bookings.views.coach import own_trainer
from bookings.views.week import wants_fragment
from trainers.clock import gym_now
from trainers.models import Trainer
from trainers.schedule import STAFF_STATUSES
from trainers.wording import clock


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def slots(request: HttpRequest) -> HttpResponse:
    trainer = own_trainer(request)
    if request.method != "POST":
        return show_slots(request, trainer)
    form = WeeklySlotForm(request.POST)
    if not form.is_valid():
        messages.error(request, SlotField.default_error_messages["required"])
        return show_slots(request, trainer, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    day, start, status = form.chosen()
    try:
        standing = set_weekly_slot(trainer, day, start, status, now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_slots(request, trainer, status=refusal.status)
    said = _("%(day)s, %(time)s: %(status)s.")
    names = {"day": day.label, "time": clock(start), "status": status.label}
    messages.success(request, " ".join([said % names, *still_standing(standing)]))
    if wants_fragment(request):
        return show_slots(request, trainer)
    return redirect(f"{reverse('coach-slots')}?day={day.value}&status={status}")


def still_standing(number: int) -> list[str]:
    """A sentence of the sessions in a slot that takes no more; none where none are."""
    if not number:
        return []
    sentence = ngettext(
        "%(number)s session booked in it stands: ask the front desk to move it.",
        "%(number)s sessions booked in it stand: ask the front desk to move them.",
        number,
    )
    return [sentence % {"number": number}]


def show_slots(
    request: HttpRequest, trainer: Trainer, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    asked = SlotPageForm(request.POST or request.GET)
    context = {
        "trainer": trainer,
        "grid": build_weekly(trainer, now=gym_now(), day=asked.shown_day),
        "statuses": STAFF_STATUSES,
        "chosen": asked.becomes,
    }
    template = (
        "coach/_slots_swap.html" if wants_fragment(request) else "coach/slots.html"
    )
    return render(request, template, context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def time_off(request: HttpRequest) -> HttpResponse:
    """Before it is saved, the page shows once which sessions stand in it."""
    trainer = own_trainer(request)
    now = gym_now()
    sent = request.POST if request.method == "POST" else None
    form = TimeOffForm(trainer, sent, today=now.date())
    if not form.is_valid():
        return show_time_off(request, trainer, form)
    try:
        standing = take_time_off(form.instance, knowing=form.knowing(), now=now)
    except SessionsInTheWay as refusal:
        return show_sessions_within(request, trainer, form, status=refusal.status)
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_time_off(request, trainer, form, status=refusal.status)
    messages.success(request, " ".join(saved(form, standing)))
    return redirect("coach-time-off")


def saved(form: TimeOffForm, standing: int) -> list[str]:
    sentences = [_("Time off: %(when)s.") % {"when": when_of(form.instance)}]
    if standing:
        sentence = ngettext(
            "%(number)s session stands in it until the front desk has offered the "
            "member another time.",
            "%(number)s sessions stand in it until the front desk has offered the "
            "members another time.",
            standing,
        )
        sentences.append(sentence % {"number": standing})
    return sentences


def show_time_off(
    request: HttpRequest,
    trainer: Trainer,
    form: TimeOffForm,
    *,
    status: int | None = None,
) -> HttpResponse:
    unread = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {
        "trainer": trainer,
        "form": form,
        "away": build_time_away(trainer, now=gym_now()),
    }
    return render(request, "coach/time_off.html", context, status=status or unread)


def show_sessions_within(
    request: HttpRequest, trainer: Trainer, form: TimeOffForm, *, status: int
) -> HttpResponse:
    now = gym_now()
    within = sessions_within(form.instance, now=now)
    context: dict[str, Any] = {
        "trainer": trainer,
        "form": form,
        "when": when_of(form.instance),
        "entries": build_entries(trainer, within, now=now),
    }
    return render(request, "coach/time_off_sure.html", context, status=status)


@require_POST
def remove_time_off(request: HttpRequest, pk: int) -> HttpResponse:
    trainer = own_trainer(request)
    off = get_object_or_404(trainer.time_off, pk=pk)
    try:
        withdrawn = end_absences([off], now=gym_now())
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        empty = TimeOffForm(trainer, today=gym_now().date())
        return show_time_off(request, trainer, empty, status=refusal.status)
    said = _("Removed: %(when)s. Your slots are open again then.")
    sentences = [said % {"when": when_of(off)}, *say_withdrawn(withdrawn)]
    messages.success(request, " ".join(sentences))
    return redirect("coach-time-off")
