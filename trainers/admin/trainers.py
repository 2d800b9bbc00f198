from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from trainers.admin.choosing import AutocompleteAdmin
from trainers.admin.form import TrainerForm
from trainers.admin.hours import WorkingHoursInline, wished_hours
from trainers.clock import gym_now
from trainers.models import DayOfWeek, ExtraHours, TimeOff, Trainer, WorkingHours
from trainers.photo import keep_photo
from trainers.schedule import (
    STAFF_STATUSES,
    WeeklyHours,
    fit_trainer_schedule,
    keep_weekly_hours,
    set_slot_status,
)
from trainers.wording import rate

HOURS = _(
    "The hours and the length of a session make the weekly slots. Before sessions "
    "that are booked lose theirs, you decide about each of them."
)

# What a trainer is paid, is called and may read: for who may also add trainers.
RESERVED = (
    *("name", "slug", "user", "is_active"),
    *("specialisation", "about", "hourly_rate"),
)


class AheadInline(admin.TabularInline):
    """What differs from the week from today on, to read.

    It is added and changed on pages of its own, which list the sessions it hits.
    """

    extra = 0
    can_delete = False
    show_change_link = True
    last_day = "last_day"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        today = gym_now().date()
        return super().get_queryset(request).filter(**{f"{self.last_day}__gte": today})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TimeOffInline(AheadInline):
    model = TimeOff
    fields = ["first_day", "starts_at", "last_day", "ends_at", "reason", "notice"]
    verbose_name_plural = _("Time off from today on")


class ExtraHoursInline(AheadInline):
    model = ExtraHours
    last_day = "date"
    fields = ["date", "starts_at", "ends_at"]
    verbose_name_plural = _("Extra hours from today on")


class TrainerAdmin(AutocompleteAdmin):
    """Not registered here: `bookings.admin.hours` asks about the sessions first."""

    form = TrainerForm
    change_form_template = "admin/trainers/trainer/change_form.html"
    inlines = [WorkingHoursInline, TimeOffInline, ExtraHoursInline]
    list_display = ["name", "specialisation", "rate", "session_minutes", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "specialisation", "user__email"]
    autocomplete_fields = ["user"]

    class Media:
        css = {"all": ["css/status.css", "css/admin.css"]}
        js = [Script("js/schedule.js", defer=True)]

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Who has a trainer's account reads clients' notes: nobody takes one."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user" and not request.user.is_superuser:
            # Unless it is theirs already.
            field.queryset = field.queryset.exclude(
                pk=request.user.pk, trainer__isnull=True
            )
        return field

    @admin.display(description=_("hourly rate"), ordering="hourly_rate")
    def rate(self, trainer: Trainer) -> str:
        return rate(trainer.hourly_rate)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slots' selects are printed by the template, as a grid."""
        who = ["name", "specialisation", "about", "is_active", "user", "slug"]
        if self.has_change_permission(request, obj):
            who.insert(3, "photo")
        return [
            (_("Who"), {"fields": who}),
            (_("What members book"), {"fields": ["session_types", "hourly_rate"]}),
            (_("Hours"), {"fields": ["session_minutes"], "description": HOURS}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The desk changes the hours, and what belongs to them."""
        return () if self.has_add_permission(request) else RESERVED

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Of a new trainer nothing is known yet but the hours."""
        return super().get_inlines(request, obj) if obj else [WorkingHoursInline]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["fields"] = TrainerForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if not self.has_change_permission(request, context["original"]):
            for name in getattr(form, "slots", ()):
                form.fields[name].disabled = True
        context["weekly_grid"] = form.weekly_grid() if hasattr(form, "slots") else []
        days = DayOfWeek.from_monday()
        context["weekly_days"] = [
            (day.label, WEEKDAYS_ABBR[n % 7]) for n, day in enumerate(days)
        ]
        context["brushes"] = STAFF_STATUSES
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Trainer, form: Any, change: bool
    ) -> None:
        if change:
            # The length changes together with the hours, when all is known of them.
            obj.session_minutes = Trainer.objects.lock_one(obj.pk).session_minutes
        super().save_model(request, obj, form, change)
        photo = form.cleaned_data.get("photo")
        if isinstance(photo, bytes):
            keep_photo(obj, photo)
        elif photo is False:
            keep_photo(obj, None)

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        """A new trainer's hours are rows like others; else see `change_hours`."""
        if not change or formset.model is not WorkingHours:
            super().save_formset(request, form, formset, change)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        for status, slots in form.changed_slots().items():
            set_slot_status(form.instance.pk, slots, status)
        super().save_related(request, form, formsets, change)
        if not change:
            fit_trainer_schedule(form.instance.pk)
            return
        hours = wished_hours(form, formsets)
        if hours.overlap():
            sentence = _("A colleague has just changed these hours. Please look again.")
            self.message_user(request, sentence, messages.ERROR)
        elif hours != WeeklyHours.of(form.instance):
            self.change_hours(request, form.instance, hours)

    def change_hours(
        self, request: HttpRequest, trainer: Trainer, hours: WeeklyHours
    ) -> None:
        keep_weekly_hours(trainer.pk, hours)
        fit_trainer_schedule(trainer.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting forgets; a trainer who leaves no longer takes bookings."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.slots.exclude(booking=None).exists())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trainer]:
        return super().get_queryset(request).select_related("user")
