from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bookings.domain.day import build_day, today_or_tomorrow, within_the_calendar
from bookings.domain.openings import (
    book_again,
    find_trainers,
    soonest,
)
from bookings.domain.week import Week, build_week
from bookings.filters import DayFilter, TrainerFilter
from bookings.models import TrainingSession
from trainers.clock import gym_now
from trainers.models import Trainer, TrainerPhoto

# From Friday on the front page shows next week: a week that is nearly over says little.
LOOK_AHEAD = timedelta(days=3)
FREE_SOON = 5
# A gym may have hundreds of trainers, and nobody reads all of them at once.
CARDS_AT_HOME, CARDS, COLUMNS = 9, 36, 24
# A new picture has a new address. In the browser alone: with the answer may come the
# visitor's own cookie.
FOR_EVER = "private, max-age=31536000, immutable"


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    active = list(Trainer.objects.active())
    now, client_id = gym_now(), request.user.pk
    found = find_trainers(active, now=now, client_id=client_id)
    mine = TrainingSession.objects.filter(client=client_id).select_related("trainer")
    week = Week.of((now + LOOK_AHEAD).date())
    context = {
        "cards": found.cards[:CARDS_AT_HOME],
        "others": len(found.cards[CARDS_AT_HOME:]),
        "free_soon": soonest(found.cards, FREE_SOON),
        "next_session": client_id and mine.active().upcoming(now).first(),
        "again": book_again(client_id, now=now) if client_id else [],
        "grid": active and build_week(active[0], week, now=now, client_id=client_id),
    }
    return render(request, "home.html", context)


@require_safe
@login_not_required
def trainers(request: HttpRequest) -> HttpResponse:
    active = list(Trainer.objects.active())
    form = TrainerFilter(active, request.GET)
    found = find_trainers(
        form.trainers(),
        now=gym_now(),
        client_id=request.user.pk,
        occasion=form.occasion,
        order=form.order,
    )
    page = Paginator(found.cards, CARDS).get_page(request.GET.get("page"))
    context = {"trainers": active, "form": form, "found": found, "page": page}
    return render(request, "trainers/trainers.html", context)


@require_safe
@login_not_required
def photo(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    kept = get_object_or_404(
        TrainerPhoto, trainer__slug=slug, trainer__photo_digest=digest
    )
    headers = {"Cache-Control": FOR_EVER}
    return HttpResponse(kept.image, content_type="image/webp", headers=headers)


@require_safe
@login_not_required
def day(request: HttpRequest) -> HttpResponse:
    """Any trainer: one day, all trainers side by side."""
    active = list(Trainer.objects.active())
    form, now = DayFilter(active, request.GET), gym_now()
    found, part, client_id = form.trainers(), form.part_of_day, request.user.pk
    page = Paginator(found, COLUMNS).get_page(request.GET.get("page"))
    shown = form.asked_day or today_or_tomorrow(
        found, now=now, client_id=client_id, part=part
    )
    grid = build_day(
        within_the_calendar(shown),
        page.object_list,
        now=now,
        client_id=client_id,
        part=part,
    )
    context = {"trainers": active, "form": form, "grid": grid, "page": page}
    return render(request, "trainers/day.html", context)
