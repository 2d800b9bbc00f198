"""A trainer's working hours, as rows of the trainer's page."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import F, QuerySet
from django.db.models.functions import Mod
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from trainers.models import DayOfWeek, WorkingHours
from trainers.schedule import Hours, WeeklyHours
from trainers.wording import clock

OVERLAP = _(
    "Two spans on %(day)s overlap: make them one, or let the second start at "
    "%(end)s or later."
)


class HoursFormSet(BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        """Django's table names its columns alone, and no field in them."""
        super().add_fields(form, index)
        for field in form.fields.values():
            if field.label:
                field.widget.attrs["aria-label"] = capfirst(field.label)

    def clean(self) -> None:
        super().clean()
        kept = [
            form.instance
            for form in self.forms
            if form.is_valid()
            and form.cleaned_data.get("starts_at")
            and form not in self.deleted_forms
        ]
        if overlap := weekly(map(span_of, kept), minutes=0).overlap():
            day, _start, end = overlap
            params = {"day": day.label, "end": clock(end)}
            raise forms.ValidationError(OVERLAP, params=params)


def span_of(row: WorkingHours) -> Hours:
    return DayOfWeek(row.day_of_week), row.starts_at, row.ends_at


def weekly(spans: Iterable[Hours], *, minutes: int) -> WeeklyHours:
    return WeeklyHours(tuple(sorted(spans)), minutes)


def wished_hours(form: Any, formsets: Iterable[Any]) -> WeeklyHours:
    """The trainer's hours with what the page changes in them; writes nothing.

    Spans that a colleague added since the page was opened stay.
    """
    trainer = form.instance
    spans = {row.pk: span_of(row) for row in trainer.working_hours.all()}
    new: list[Hours] = []
    for formset in formsets:
        if formset.model is WorkingHours:
            formset.save(commit=False)
            for row in formset.deleted_objects:
                spans.pop(row.pk, None)
            spans |= {row.pk: span_of(row) for row, _ in formset.changed_objects}
            new = [span_of(row) for row in formset.new_objects]
    minutes = trainer.session_minutes
    if "session_minutes" in form.changed_data:
        minutes = form.cleaned_data["session_minutes"]
    return weekly([*spans.values(), *new], minutes=minutes)


class WorkingHoursForm(forms.ModelForm):
    class Meta:
        model = WorkingHours
        fields = ["day_of_week", "starts_at", "ends_at"]

    def _get_validation_exclusions(self) -> set[str]:
        """Overlaps are the formset's business: the table still has the old spans."""
        exclusions = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {"day_of_week"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = [(day.value, day.label) for day in DayOfWeek.from_monday()]
        self.fields["day_of_week"].choices = [("", "---------"), *days]


# Django's own offers the time of the browser's zone; hours are in the gym's.
GYM_TIMES: dict[Any, dict[str, Any]] = {
    models.TimeField: {
        "widget": forms.TimeInput(
            attrs={"size": 5, "placeholder": "09:00"}, format="%H:%M"
        )
    }
}


class WorkingHoursInline(admin.TabularInline):
    model = WorkingHours
    form = WorkingHoursForm
    formset = HoursFormSet
    extra = 1
    formfield_overrides = GYM_TIMES
    verbose_name_plural = _(
        "Working hours (none: Monday to Saturday 07:00-20:00, Sunday 08:00-16:00)"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkingHours]:
        """From Monday on, which is 1."""
        day = Mod(F("day_of_week") + 6, 7)
        return super().get_queryset(request).order_by(day, "starts_at")
