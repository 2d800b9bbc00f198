from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from bookings.admin.sessions import ShortPaginator
from bookings.models import BookingEvent


@admin.register(BookingEvent)
class BookingEventAdmin(admin.ModelAdmin):
    """The history of all sessions, to read, the newest first."""

    list_display = ["at", "action", "session", "actor", "reason"]
    list_filter = ["at", "action"]
    list_select_related = ["session", "actor"]
    search_fields = ["actor__email", "reason"]
    ordering = ["-pk"]
    paginator = ShortPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
