"""When somebody is away or there in addition: time off, closures, extra hours."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from bookings.admin.affected import AbsenceAdmin, check_may_act
from bookings.admin.stand_in import put_others_in, show_stand_ins
from bookings.domain.away import name_of
from bookings.domain.stranded import booked_in
from trainers.admin import GYM_TIMES, AutocompleteAdmin
from trainers.clock import gym_now
from trainers.models import Closure, ExtraHours, TimeOff, Trainer

BOOKED_IN = _(
    "Somebody is booked in these hours. Move or cancel their sessions first, or leave "
    "the hours around them."
)


@admin.register(TimeOff)
class TimeOffAdmin(AbsenceAdmin):
    list_display = ["trainer", "first_day", "last_day", "reason", "notice", "hit"]
    list_filter = ["first_day"]
    list_select_related = ["trainer"]
    search_fields = ["trainer__name", "reason", "notice"]
    autocomplete_fields = ["trainer"]
    formfield_overrides = GYM_TIMES
    ordering = ["-first_day", "-pk"]
    fieldsets = [
        (None, {"fields": ["trainer"]}),
        (
            _("When"),
            {
                "fields": [("first_day", "starts_at"), ("last_day", "ends_at")],
                "description": _(
                    "For whole days leave the times as they are: from 00:00, until "
                    "empty."
                ),
            },
        ),
        (_("Why"), {"fields": ["reason", "notice"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        see = self.admin_site.admin_view(self.stand_in)
        name = "trainers_timeoff_stand_in"
        return [path("stand-in/<int:pk>/", see, name=name), *super().get_urls()]

    def usually(self, row: TimeOff) -> dict[str, Any]:
        return {**super().usually(row), "cause": row.notice}

    def stand_in_page(self, row: TimeOff) -> str:
        """Where the absence takes in today."""
        is_today = row.first_day <= gym_now().date() <= row.last_day
        return self.page("stand_in", row.trainer_id) if is_today else ""

    def stand_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A missing trainer's sessions of today; POST puts others in for who fit."""
        trainer = get_object_or_404(Trainer, pk=pk)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            check_may_act(request)
            put_others_in(request, trainer)
            return redirect(self.page("stand_in", pk))
        return show_stand_ins(self, request, trainer)

    def named(self, row: TimeOff) -> str:
        return name_of(row)


@admin.register(Closure)
class ClosureAdmin(AbsenceAdmin):
    list_display = ["name", "first_day", "last_day", "hit"]
    search_fields = ["name"]
    ordering = ["-first_day", "-pk"]

    def usually(self, row: Closure) -> dict[str, Any]:
        return {**super().usually(row), "cause": row.name}


class ExtraHoursForm(forms.ModelForm):
    class Meta:
        model = ExtraHours
        fields = ["trainer", "date", "starts_at", "ends_at"]

    def clean_date(self) -> date:
        day: date = self.cleaned_data["date"]
        if day < gym_now().date():
            raise forms.ValidationError(
                _("This day is over. Choose today or a later one.")
            )
        return day

    def clean(self) -> dict[str, Any]:
        """Nobody's session loses its hours unseen."""
        data = super().clean() or self.cleaned_data
        if self.instance.pk and not self.errors:
            booked = booked_in(
                ExtraHours.objects.get(pk=self.instance.pk), now=gym_now()
            )
            same_day = {"trainer": data["trainer"], "session_date": data["date"]}
            kept = booked.filter(
                **same_day,
                start_time__gte=data["starts_at"],
                end_time__lte=data["ends_at"],
            )
            if booked.count() > kept.count():
                raise forms.ValidationError(BOOKED_IN)
        return data


@admin.register(ExtraHours)
class ExtraHoursAdmin(AutocompleteAdmin):
    form = ExtraHoursForm
    list_display = ["trainer", "date", "starts_at", "ends_at"]
    list_select_related = ["trainer"]
    list_filter = ["date"]
    search_fields = ["trainer__name"]
    autocomplete_fields = ["trainer"]
    formfield_overrides = GYM_TIMES
    ordering = ["-date", "-starts_at"]

    def save_model(
        self, request: HttpRequest, obj: ExtraHours, form: Any, change: bool
    ) -> None:
        Trainer.objects.lock([obj.trainer_id])
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not while somebody is booked in them."""
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not booked_in(obj, now=gym_now()).exists())
