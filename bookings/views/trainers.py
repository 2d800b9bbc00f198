from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookings.domain.week import Week, build_week
from trainers.clock import gym_now
from trainers.models import Trainer

# From Friday on the front page shows next week: a week that is nearly over says little.
LOOK_AHEAD = timedelta(days=3)


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    trainers = list(Trainer.objects.active())
    now = gym_now()
    grid = trainers and build_week(
        trainers[0],
        Week.of((now + LOOK_AHEAD).date()),
        now=now,
        client_id=request.user.pk,
    )
    return render(request, "home.html", {"trainers": trainers, "grid": grid})


@require_safe
@login_not_required
def trainers(request: HttpRequest) -> HttpResponse:
    active = Trainer.objects.active()
    return render(request, "trainers/trainers.html", {"trainers": active})
