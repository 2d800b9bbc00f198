from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from bookings.gym import ONLY_ROW, GymSettings


@admin.register(GymSettings)
class GymSettingsAdmin(admin.ModelAdmin):
    """There is one row, so the list of them leads straight to it."""

    fieldsets = [
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

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if GymSettings.objects.exists():
            return redirect("admin:bookings_gymsettings_change", ONLY_ROW)
        return redirect("admin:bookings_gymsettings_add")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the first time: until then the usual rules hold."""
        may = super().has_add_permission(request)
        return may and not GymSettings.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
