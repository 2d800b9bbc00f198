from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trainers.models import (
    DayOfWeek,
    SessionType,
    SlotStatus,
    TimeOff,
    Trainer,
    TrainerSchedule,
    WorkingHours,
)
from trainers.photo import keep_photo, read_photo
from trainers.schedule import STAFF_STATUSES, fit_trainer_schedule, set_slot_status

# Pages start the week on Monday, whatever the numbers are.
DAYS_FROM_MONDAY = [*list(DayOfWeek)[1:], DayOfWeek.SUNDAY]


def slot_field(day: int, slot: time) -> str:
    return f"slot-{day}-{slot:%H-%M}"


@dataclass(frozen=True)
class SavedPhoto:
    """What the file field shows of the picture there is."""

    url: str

    def __str__(self) -> str:
        return gettext("the photo as members see it")


class TrainerForm(forms.ModelForm):
    """The trainer, and a select for each weekly slot, laid out as a grid."""

    session_types = forms.MultipleChoiceField(
        label=_("Session types"),
        choices=SessionType,
        widget=forms.CheckboxSelectMultiple,
    )
    photo = forms.FileField(
        required=False,
        label=_("Photo"),
        help_text=_("JPEG, PNG or WebP, at most 5 MB. Members see it as a square."),
        widget=forms.ClearableFileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp"}
        ),
    )

    class Meta:
        model = Trainer
        fields = [
            "name",
            "slug",
            "user",
            "is_active",
            "specialisation",
            "about",
            "hourly_rate",
            "session_minutes",
            "session_types",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.photo_digest:
            self.fields["photo"].initial = SavedPhoto(self.instance.photo_url)
        self.slots = {
            slot_field(slot.day_of_week, slot.time_slot): slot
            for slot in (self.instance.slots.all() if self.instance.pk else ())
        }
        for name, slot in self.slots.items():
            self.fields[name] = forms.ChoiceField(
                choices=choices_for(slot),
                initial=said_by_staff(slot),
                required=False,
                # An old page must not take back what a colleague said meanwhile.
                show_hidden_initial=True,
                label=str(slot),
                widget=forms.Select(
                    attrs={"class": f"weekly__slot weekly__slot--{slot.status}"}
                ),
            )

    def clean_photo(self) -> Any:
        """New bytes for an upload, False for the tick that removes the picture."""
        photo = self.cleaned_data["photo"]
        return read_photo(photo) if isinstance(photo, UploadedFile) else photo

    def changed_slots(self) -> dict[SlotStatus, list[tuple[DayOfWeek, Any]]]:
        changed: dict[SlotStatus, list[tuple[DayOfWeek, Any]]] = {}
        for name in self.slots.keys() & set(self.changed_data):
            if self.cleaned_data[name]:
                status = SlotStatus(self.cleaned_data[name])
                slot = self.slots[name]
                place = (DayOfWeek(slot.day_of_week), slot.time_slot)
                changed.setdefault(status, []).append(place)
        return changed

    def weekly_grid(self) -> list[tuple[Any, list[Any]]]:
        """Rows of a time and, from Monday on, that time's field or nothing."""
        rows = []
        for start in sorted({slot.time_slot for slot in self.slots.values()}):
            names = [slot_field(day, start) for day in DAYS_FROM_MONDAY]
            fields = [self[name] if name in self.slots else None for name in names]
            rows.append((start, fields))
        return rows


class ChosenSelect(AutocompleteSelect):
    """Django's own looks a choice up before anybody asks whether it is a number."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [*filter(self.is_key, value)], attr)

    def is_key(self, value: str) -> bool:
        try:
            self.field.remote_field.model._meta.pk.to_python(value)
        except ValidationError:
            return False
        return True


class AutocompleteAdmin(admin.ModelAdmin):
    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = ChosenSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def said_by_staff(slot: TrainerSchedule) -> SlotStatus:
    """`booked` is what the sessions say of an available slot."""
    status = SlotStatus(slot.status)
    return status if status in STAFF_STATUSES else SlotStatus.AVAILABLE


def choices_for(slot: TrainerSchedule) -> list[tuple[str, Any]]:
    """What staff can say; an available slot with a session reads `Booked`."""
    booked = slot.status == SlotStatus.BOOKED
    available = SlotStatus.BOOKED if booked else SlotStatus.AVAILABLE
    return [
        (SlotStatus.AVAILABLE, available.label),
        (SlotStatus.UNAVAILABLE, SlotStatus.UNAVAILABLE.label),
        (SlotStatus.BREAK, SlotStatus.BREAK.label),
    ]


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


class TimeOffInline(admin.TabularInline):
    model = TimeOff
    extra = 0


@admin.register(Trainer)
class TrainerAdmin(AutocompleteAdmin):
    form = TrainerForm
    change_form_template = "admin/trainers/trainer/change_form.html"
    inlines = [WorkingHoursInline, TimeOffInline]
    list_display = [
        "name",
        "specialisation",
        "hourly_rate",
        "session_minutes",
        "is_active",
    ]
    list_filter = ["is_active", "specialisation"]
    search_fields = ["name", "specialisation", "user__email"]
    autocomplete_fields = ["user"]

    class Media:
        css = {"all": ["css/status.css", "css/admin.css"]}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slots' selects are printed by the template, as a grid."""
        fields = [*TrainerForm.Meta.fields]
        if self.has_change_permission(request, obj):
            fields.append("photo")
        return [(None, {"fields": fields})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["fields"] = TrainerForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Two who add overlapping hours at once: the second one starts again."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError as error:
            if "working_hours_no_overlap" not in str(error):
                raise
            sentence = _("A colleague has just changed these hours. Please look again.")
            self.message_user(request, sentence, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if not self.has_change_permission(request, context["original"]):
            for name in getattr(form, "slots", ()):
                form.fields[name].disabled = True
        context["weekly_grid"] = form.weekly_grid() if hasattr(form, "slots") else []
        context["weekly_days"] = [day.label[:3] for day in DAYS_FROM_MONDAY]
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Trainer, form: Any, change: bool
    ) -> None:
        if change:
            Trainer.objects.lock([obj.pk])
        super().save_model(request, obj, form, change)
        photo = form.cleaned_data.get("photo")
        if isinstance(photo, bytes):
            keep_photo(obj, photo)
        elif photo is False:
            keep_photo(obj, None)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        trainer_id = form.instance.pk
        for status, slots in form.changed_slots().items():
            set_slot_status(trainer_id, slots, status)
        added, removed, _kept = fit_trainer_schedule(trainer_id)
        if change and (added or removed):
            self.message_user(
                request,
                gettext(
                    "The week follows the new hours. Slots added: %(added)s, removed: "
                    "%(removed)s. Slots with a session stay until it ends."
                )
                % {"added": added, "removed": removed},
                messages.INFO,
            )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting forgets; a trainer who leaves no longer takes bookings."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.slots.exclude(booking=None).exists())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trainer]:
        return super().get_queryset(request).select_related("user")
