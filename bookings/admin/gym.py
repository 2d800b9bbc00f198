from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.gym import ONLY_ROW, GymSettings, GymSettingsChange, lines_of
from trainers.wording import clock, day_and_year

# The page tells of so many changes; the table keeps all.
CHANGES_SHOWN = 30


@admin.register(GymSettings)
class GymSettingsAdmin(admin.ModelAdmin):
    """There is one row, so the list of them leads straight to it."""

    fieldsets = [
        (
            _("The gym"),
            {"fields": ["name", "welcome", "opening", "contact", "currency"]},
        ),
        (_("Members"), {"fields": ["joining"]}),
        (
            _("Booking"),
            {
                "fields": [
                    "minimum_notice_hours",
                    "horizon_days",
                    "most_upcoming",
                    "most_per_day",
                ],
                "description": _(
                    "These rules are for members who book for themselves. "
                    "Staff can book outside them."
                ),
            },
        ),
        (_("Cancelling and moving"), {"fields": ["cancel_cut_off_hours"]}),
    ]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Empty fields show what holds until somebody fills them in."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        holds = {"name": settings.GYM_NAME, "currency": settings.CURRENCY}
        if db_field.name in holds:
            field.widget.attrs["placeholder"] = holds[db_field.name]
        if db_field.name in ("name", "contact"):
            field.widget.attrs["class"] = "vLargeTextField"
        return field

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if GymSettings.objects.exists():
            return redirect("admin:bookings_gymsettings_change", ONLY_ROW)
        return redirect("admin:bookings_gymsettings_add")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        changes = GymSettingsChange.objects.select_related("actor").order_by("-pk")
        told = {
            "changes": map(tell, changes[:CHANGES_SHOWN]),
            # There is no other row to add, and saving stays on the page.
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **told}
        )

    def save_model(
        self, request: HttpRequest, obj: GymSettings, form: Any, change: bool
    ) -> None:
        obj.changed_by = request.user
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: GymSettings, post_url_continue: Any = None
    ) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: GymSettings) -> HttpResponse:
        said = gettext("The settings were saved. They hold from now on.")
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:bookings_gymsettings_change", ONLY_ROW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the first time: until then the usual rules hold."""
        may = super().has_add_permission(request)
        return may and not GymSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@dataclass(frozen=True)
class ToldChange:
    """A line of the settings' history, as people read it."""

    when: str
    who: str
    what: list[str]


def tell(change: GymSettingsChange) -> ToldChange:
    at = localtime(change.at)
    when = {"day": day_and_year(at.date()), "time": clock(at.time().replace(second=0))}
    return ToldChange(
        when=gettext("%(day)s, %(time)s") % when,
        who=str(change.actor or gettext("Outside the admin")),
        what=[tell_field(name, change) for name in change.after],
    )


def tell_field(name: str, change: GymSettingsChange) -> str:
    """Name: Iron Hall → Steel Hall"""
    fields = {field.name: field for field in GymSettings._meta.concrete_fields}
    field = fields.get(name)
    labels = dict(getattr(field, "choices", None) or ())

    def said(value: Any) -> str:
        text = " / ".join(lines_of(str(labels.get(value, value))))
        return text or gettext("(empty)")

    return gettext("%(field)s: %(before)s → %(after)s") % {
        "field": capfirst(str(field.verbose_name)) if field else name,
        "before": said(change.before.get(name, "")),
        "after": said(change.after[name]),
    }
