"""A trainer's page in the admin, whose hours change only as a plan shows first."""

from collections import Counter
from collections.abc import Iterable
from datetime import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext

from bookings.admin.desk import staff_sentence
from bookings.admin.fates import FatesForm, tell_members
from bookings.domain.plan import Fate, Plan, PlanChanged, change_hours, plan_hours
from bookings.exceptions import BookingRefused
from bookings.models import TrainingSession
from trainers.admin import TrainerAdmin
from trainers.clock import gym_now
from trainers.models import DayOfWeek, Trainer, WorkingHours
from trainers.schedule import WeeklyHours


@admin.register(Trainer)
class PlannedTrainerAdmin(TrainerAdmin):
    """All but the hours is saved at once; these wait while sessions are in the way."""

    def get_urls(self) -> list[Any]:
        plan = self.admin_site.admin_view(self.hours_view)
        name = "trainers_trainer_hours"
        return [path("<int:pk>/hours/", plan, name=name), *super().get_urls()]

    def change_hours(
        self, request: HttpRequest, trainer: Trainer, hours: WeeklyHours
    ) -> None:
        try:
            plan = change_hours(trainer.pk, hours, by=request.user, now=gym_now())
        except PlanChanged:
            trainer.hours_wished = hours
        else:
            self.message_user(request, what_was_done(plan, []), messages.INFO)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Hours that wait for a decision have not been changed."""
        if hasattr(form.instance, "hours_wished"):
            formsets = [rows for rows in formsets if rows.model is not WorkingHours]
        return super().construct_change_message(request, form, formsets, add)

    def response_change(self, request: HttpRequest, obj: Trainer) -> HttpResponse:
        if hasattr(obj, "hours_wished"):
            return redirect(address_of_plan(obj, obj.hours_wished))
        return super().response_change(request, obj)

    def hours_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The plan of the hours in the address, and its decisions."""
        trainer = get_object_or_404(Trainer, pk=pk)
        self.check_may_decide(request, trainer)
        hours = hours_asked_for(request.GET, trainer)
        now = gym_now()
        form = FatesForm(plan_hours(pk, hours, now=now), request.POST or None)
        if request.method != "POST":
            return self.plan_page(request, trainer, form)
        if not form.is_valid():
            return self.plan_page(request, trainer, form, status=422)
        try:
            plan = change_hours(
                pk,
                hours,
                by=request.user,
                now=now,
                seen=form.cleaned_data["seen"],
                fates=form.fates,
                reason=form.cleaned_data["reason"],
            )
        except BookingRefused as refusal:
            if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            self.message_user(request, staff_sentence(refusal), messages.ERROR)
            anew = FatesForm(plan_hours(pk, hours, now=now))
            return self.plan_page(request, trainer, anew, status=409)
        unheard = tell_members(request, plan, form)
        done = what_was_done(plan, form.fates.values())
        self.log_change(request, trainer, done)
        self.message_user(request, done, messages.SUCCESS)
        for sentence in unheard:
            self.message_user(request, sentence, messages.WARNING)
        return redirect("admin:trainers_trainer_change", pk)

    def check_may_decide(self, request: HttpRequest, trainer: Trainer) -> None:
        """It is about sessions as much as about the trainer."""
        codename = get_permission_codename("change", TrainingSession._meta)
        may = request.user.has_perm(f"bookings.{codename}")
        if not (may and self.has_change_permission(request, trainer)):
            raise PermissionDenied

    def plan_page(
        self,
        request: HttpRequest,
        trainer: Trainer,
        form: FatesForm,
        *,
        status: int = HTTPStatus.OK,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Change the hours of %(trainer)s?") % {"trainer": trainer},
            "opts": self.opts,
            "trainer": trainer,
            "plan": form.plan,
            "form": form,
            "media": self.media,
        }
        template = "admin/trainers/trainer/hours.html"
        return TemplateResponse(request, template, context, status=status)


def address_of_plan(trainer: Trainer, hours: WeeklyHours) -> str:
    spans = [
        ("span", f"{day.value}/{start.isoformat()}/{end.isoformat()}")
        for day, start, end in hours.spans
    ]
    asked = urlencode([("minutes", hours.minutes), *spans], safe="/:")
    return f"{reverse('admin:trainers_trainer_hours', args=[trainer.pk])}?{asked}"


def hours_asked_for(query: QueryDict, trainer: Trainer) -> WeeklyHours:
    """As `address_of_plan` wrote them; raises Http404 for what are no hours.

    An address that names none asks what fitting the slots to the present ones does.
    """
    if not query:
        return WeeklyHours.of(trainer)
    try:
        spans = [read_span(written) for written in query.getlist("span")]
        hours = WeeklyHours(tuple(sorted(spans)), int(query["minutes"]))
    except (KeyError, ValueError):
        raise Http404 from None
    if hours.minutes not in range(15, 241) or hours.overlap():
        raise Http404
    return hours


def read_span(written: str) -> tuple[DayOfWeek, time, time]:
    day, start, end = written.split("/")
    span = DayOfWeek(int(day)), time.fromisoformat(start), time.fromisoformat(end)
    if span[1].tzinfo or span[2].tzinfo or span[2] <= span[1]:
        raise ValueError
    return span


def what_was_done(plan: Plan, fates: Iterable[Fate]) -> str:
    sentence = gettext(
        "The week follows the new hours. Slots added: %(added)s, removed: %(removed)s."
    )
    done = [sentence % {"added": len(plan.added), "removed": len(plan.removed)}]
    count = Counter(fates)
    for fate, sentence in (
        (
            Fate.KEEP,
            ngettext(
                "%(count)s session stays at its time, which takes no new booking.",
                "%(count)s sessions stay at their times, which take no new booking.",
                count[Fate.KEEP],
            ),
        ),
        (
            Fate.MOVE,
            ngettext(
                "%(count)s session moved.",
                "%(count)s sessions moved.",
                count[Fate.MOVE],
            ),
        ),
        (
            Fate.CANCEL,
            ngettext(
                "%(count)s session cancelled.",
                "%(count)s sessions cancelled.",
                count[Fate.CANCEL],
            ),
        ),
    ):
        if count[fate]:
            done.append(sentence % {"count": count[fate]})
    return " ".join(done)
