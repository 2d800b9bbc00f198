"""A trainer's working hours, as rows of the trainer's page."""

from itertools import pairwise

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from trainers.models import DayOfWeek, WorkingHours

OVERLAP = _(
    "Two spans on %(day)s overlap: make them one, or let the second start at "
    "%(end)s or later."
)


class HoursFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid()
            and form.cleaned_data.get("starts_at")
            and form not in self.deleted_forms
        ]
        spans = sorted(
            (hours["day_of_week"], hours["starts_at"], hours["ends_at"])
            for hours in kept
        )
        for (day, _start, end), (next_day, start, _end) in pairwise(spans):
            if day == next_day and start < end:
                raise forms.ValidationError(
                    OVERLAP, params={"day": DayOfWeek(day).label, "end": f"{end:%H:%M}"}
                )


class WorkingHoursForm(forms.ModelForm):
    class Meta:
        model = WorkingHours
        fields = ["day_of_week", "starts_at", "ends_at"]

    def _get_validation_exclusions(self) -> set[str]:
        """Overlaps are the formset's business: the table still has the old spans."""
        exclusions = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {"day_of_week"}


class WorkingHoursInline(admin.TabularInline):
    model = WorkingHours
    form = WorkingHoursForm
    formset = HoursFormSet
    extra = 1
    verbose_name_plural = _(
        "Working hours (none: Monday to Saturday 07:00-20:00, Sunday 08:00-16:00)"
    )
