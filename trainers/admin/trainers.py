from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trainers.admin.choosing import AutocompleteAdmin
from trainers.admin.form import TrainerForm
from trainers.admin.hours import WorkingHoursInline
from trainers.models import DayOfWeek, TimeOff, Trainer
from trainers.photo import keep_photo
from trainers.schedule import fit_trainer_schedule, set_slot_status


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
        context["weekly_days"] = [day.label[:3] for day in DayOfWeek.from_monday()]
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
