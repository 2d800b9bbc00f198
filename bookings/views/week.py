from datetime import datetime
from functools import partial
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

from bookings.domain.alternatives import find_alternatives, offering_alternatives
from bookings.domain.cells import Cell, CellState
from bookings.domain.idempotency import book_once
from bookings.domain.week import REFUSALS, Week, WeekGrid, build_week
from bookings.exceptions import (
    AlreadyPassed,
    BookingRefused,
    NoLongerBooked,
    PriceChanged,
    SlotTaken,
    SlotUnavailable,
)
from bookings.forms import BookingForm, WeekForm
from bookings.models import TrainingSession
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
    wish, key, now = form.request(), form.cleaned_data["key"], gym_now()
    try:
        with offering_alternatives(request.user.pk, now=now, **wish):
            receipt = book_once(request.user, key=key, now=now, **wish)
        if receipt.replayed and not receipt.still_stands():
            raise NoLongerBooked
    except PriceChanged as refusal:
        at = request.POST["at"]
        return show_week(request, trainer, asked=at, form=form, refusal=refusal)
    except BookingRefused as refusal:
        return show_week(request, trainer, form=form, refusal=refusal)
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
    refusal: BookingRefused | None = None,
    status: int | None = None,
) -> HttpResponse:
    """The trainer's week as it is now; as a fragment where htmx swaps it in.

    Beside it the panel: of the time that is asked for, or of why it is refused.
    """
    now = gym_now()
    which = WeekForm(request.POST or request.GET)
    see = partial(
        build_week,
        trainer,
        now=now,
        client_id=request.user.pk,
        asked=asked,
        shown_day=which.shown_day,
    )
    grid = see(Week.of(which.day_or(now.date())))
    if not which.asks_for_a_day and not grid.open_count:
        # On a Sunday evening nobody comes for what is over.
        ahead = see(grid.week.next)
        grid = ahead if ahead.open_count else grid
    context: dict[str, Any] = {"trainer": trainer, "grid": grid}
    if grid.selected:
        form = form or BookingForm.for_cell(trainer, grid.selected)
        context |= {"form": form, "length": form.offer(grid.lengths)}
    elif grid.asked and not refusal:
        refusal = refused_click(request, grid, grid.asked, now=now)
    if refusal:
        messages.error(request, refusal.sentence)
    if refusal and refusal.is_about_time:
        offers = [BookingForm.for_offer(o, like=form) for o in refusal.alternatives]
        at = which["at"].value()
        context |= {"refusal": refusal, "refused_at": at, "offers": offers}
        context["tried"] = form is not None
    status = status or (refusal.status if refusal and form else HTTPStatus.OK)
    # htmx puts a 404 in place of the whole page.
    fragment = wants_fragment(request) and status != HTTPStatus.NOT_FOUND
    template = "bookings/_week_swap.html" if fragment else "bookings/week.html"
    return render(request, template, context, status=status)


def refusal_of(grid: WeekGrid, cell: Cell) -> BookingRefused:
    if cell.state is CellState.PAST:
        return AlreadyPassed()
    if cell.state is CellState.BOOKED:
        return SlotTaken()
    return REFUSALS.get(cell.state, SlotUnavailable)(grid.why(cell.state))


def refused_click(
    request: HttpRequest,
    grid: WeekGrid,
    cell: Cell,
    *,
    now: datetime,
    moving: TrainingSession | None = None,
) -> BookingRefused | None:
    """Why no panel opens for the cell; None where it is the member's own."""
    if cell.state is CellState.MINE:
        messages.info(request, _("This time is yours already: see My sessions."))
        return None
    refusal = refusal_of(grid, cell)
    refusal.alternatives = find_alternatives(
        request.user.pk,
        trainer_id=grid.trainer.pk,
        session_date=cell.day,
        start_time=cell.start,
        end_time=(moving and moving.end_if_from(cell.start)) or cell.end,
        session_type=moving and moving.session_type,
        moving=moving,
        now=now,
    )
    return refusal
