from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import push_url

from bookings.domain.idempotency import book_once
from bookings.domain.week import CellState, Week, build_week
from bookings.exceptions import BookingRefused, NoLongerBooked, PriceChanged, SlotTaken
from bookings.forms import BookingForm, WeekForm
from trainers.clock import gym_now
from trainers.models import Trainer
from trainers.wording import day_name, span


def wants_fragment(request: HttpRequest) -> bool:
    htmx = request.htmx
    return bool(htmx) and not (htmx.boosted or htmx.history_restore_request)


@require_safe
@login_not_required
@vary_on_headers("HX-Request")
def week(request: HttpRequest, slug: str) -> HttpResponse:
    trainer = get_object_or_404(Trainer.objects.active(), slug=slug)
    return show_week(request, trainer, asked=request.GET.get("at", ""))


@require_POST
@permission_required("bookings.book_session", raise_exception=True)
def book(request: HttpRequest, slug: str) -> HttpResponse:
    trainer = get_object_or_404(Trainer, slug=slug)
    form = BookingForm(trainer, request.POST)
    if not form.is_valid():
        for sentence in [*form.errors.get("at", ()), *form.errors.get("until", ())]:
            messages.error(request, sentence)
        at = request.POST.get("at", "")
        return show_week(request, trainer, asked=at, form=form, status=422)
    key = form.cleaned_data["key"]
    try:
        receipt = book_once(request.user, key=key, now=gym_now(), **form.request())
        if receipt.replayed and not receipt.still_stands():
            raise NoLongerBooked
    except PriceChanged as refusal:
        messages.error(request, refusal.sentence)
        at = request.POST["at"]
        return show_week(request, trainer, asked=at, form=form, status=refusal.status)
    except BookingRefused as refusal:
        messages.error(request, refusal.sentence)
        return show_week(request, trainer, status=refusal.status)
    wish = form.request()
    day, start, end = (wish[n] for n in ("session_date", "start_time", "end_time"))
    booked = _("Booked: %(day)s, %(time)s with %(trainer)s. It is yours.")
    names = {"day": day_name(day), "time": span(start, end), "trainer": trainer}
    messages.success(request, booked % names)
    url = f"{trainer.get_absolute_url()}?day={day}"
    if wants_fragment(request):
        return push_url(show_week(request, trainer), url)
    return redirect(url)


def show_week(
    request: HttpRequest,
    trainer: Trainer,
    *,
    asked: str = "",
    form: BookingForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The trainer's week as it is now; as a fragment where htmx swaps it in."""
    now = gym_now()
    which = WeekForm(request.POST or request.GET)
    grid = build_week(
        trainer,
        Week.of(which.day_or(now.date())),
        now=now,
        client_id=request.user.pk,
        asked=asked,
        shown_day=which.shown_day,
    )
    context: dict[str, Any] = {"trainer": trainer, "grid": grid}
    if grid.selected:
        context["form"] = form or BookingForm.for_cell(trainer, grid.selected)
        context["length"] = context["form"].offer(grid.lengths)
    elif grid.asked and grid.asked.state is CellState.MINE:
        messages.info(request, _("This time is yours already: see My sessions."))
    elif asked and status == HTTPStatus.OK:
        messages.error(request, SlotTaken.sentence)
    # htmx puts a 404 in place of the whole page.
    fragment = wants_fragment(request) and status != HTTPStatus.NOT_FOUND
    template = "bookings/_week_swap.html" if fragment else "bookings/week.html"
    return render(request, template, context, status=status)
