from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from bookings.domain.booking import (
    book_session,
    cancel_session,
    complete_session,
    confirm_session,
    look_up,
    mark_no_show,
    reschedule_session,
)
from bookings.exceptions import BookingRefused, ClientBusy, SessionMoved
from bookings.models import BookingEvent, TrainingSession
from bookings.policy import check_rules, check_type_is_given
from trainers.admin import AutocompleteAdmin
from trainers.clock import gym_now

CONFIRMED = ngettext_lazy(
    "%(count)s session confirmed.", "%(count)s sessions confirmed.", "count"
)
COMPLETED = ngettext_lazy(
    "%(count)s session completed.", "%(count)s sessions completed.", "count"
)
CANCELLED = ngettext_lazy(
    "%(count)s session cancelled.", "%(count)s sessions cancelled.", "count"
)
MARKED = ngettext_lazy(
    "%(count)s session marked as no-show.",
    "%(count)s sessions marked as no-show.",
    "count",
)
PLACE = ("trainer", "session_date", "start_time", "end_time")


class HistoryInline(admin.TabularInline):
    model = BookingEvent
    verbose_name_plural = _("History")
    fields = ["at", "action", "actor", "reason"]
    readonly_fields = ["at", "action", "actor", "reason"]
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        return super().get_queryset(request).select_related("actor")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SessionForm(forms.ModelForm):
    """Staff book and move through the same verbs as members."""

    # An old page must not move a session back that a colleague has moved on.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = TrainingSession
        fields = [*PLACE, "client", "session_type", "notes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.version = self.instance.updated_at.isoformat()
            self.initial["seen"] = self.version

    def clean(self) -> dict[str, Any]:
        """What the rules refuse is refused while the form is still there to mend."""
        data = super().clean() or self.cleaned_data
        if self.instance.pk and data.get("seen", "") not in ("", self.version):
            raise forms.ValidationError(SessionMoved.sentence)
        if self.errors:
            return data
        try:
            self.check(data)
        except ClientBusy:
            raise forms.ValidationError(
                _("The member has another session at this time.")
            ) from None
        except BookingRefused as refusal:
            raise forms.ValidationError(refusal.sentence) from None
        return data

    def check(self, data: dict[str, Any]) -> None:
        """All rules for a new time, the type's own rule for a new type."""
        moving = self.instance if self.instance.pk else None
        new_place = moving is None or set(PLACE) & set(self.changed_data)
        new_type = moving is None or "session_type" in self.changed_data
        if not new_place and not new_type:
            return
        client = moving.client if moving else data["client"]
        if not client.is_active:
            raise BookingRefused(_("This person's account is closed. Open it first."))
        place = {name: data[name] for name in PLACE}
        wish = look_up(
            place.pop("trainer"),
            client_id=client.pk,
            session_type=data["session_type"] if new_type else None,
            moving=moving,
            now=gym_now(),
            **place,
        )
        if new_place:
            check_rules(wish)
        else:
            check_type_is_given(wish)

    def place(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "trainer_id": data["trainer"].pk,
            "session_date": data["session_date"],
            "start_time": data["start_time"],
            "end_time": data["end_time"],
        }


@admin.register(TrainingSession)
class TrainingSessionAdmin(AutocompleteAdmin):
    form = SessionForm
    list_display = [
        "session_date",
        "clock_times",
        "trainer",
        "client",
        "status",
        "late",
        "price",
    ]
    list_display_links = ["session_date", "clock_times"]
    list_filter = [
        "status",
        "cancelled_late",
        "session_date",
        "trainer",
        "session_type",
    ]
    list_select_related = ["trainer", "client"]
    search_fields = ["client__name", "client__email", "trainer__name"]
    date_hierarchy = "session_date"
    ordering = ["-session_date", "-start_time"]
    autocomplete_fields = ["trainer", "client"]
    inlines = [HistoryInline]
    actions = ["confirm", "complete", "cancel", "no_show"]
    show_full_result_count = False

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else []

    @admin.display(description=_("time"), ordering="start_time")
    def clock_times(self, session: TrainingSession) -> str:
        return f"{session.start_time:%H:%M} – {session.end_time:%H:%M}"

    @admin.display(description=_("cancelled"), ordering="cancelled_late")
    def late(self, session: TrainingSession) -> str:
        return str(_("late")) if session.cancelled_late else ""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        more = ["status", "price", "created_at", "seen"] if obj else []
        if obj and obj.cancelled_late:
            more.insert(1, "cancelled_late")
        return [*PLACE, "client", "session_type", "notes", *more]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Another member means another booking; what has ended stays as it was."""
        if obj is None:
            return []
        fixed = ["client"] if obj.is_active else [*PLACE, "client", "session_type"]
        return ["status", "cancelled_late", "price", "created_at", *fixed]

    def save_model(
        self, request: HttpRequest, obj: TrainingSession, form: Any, change: bool
    ) -> None:
        if not change:
            booked = book_session(
                obj.client,
                **form.place(),
                session_type=obj.session_type,
                notes=obj.notes,
                by=request.user,
                now=gym_now(),
            )
            obj.pk, obj._state.adding = booked.pk, False
            obj.refresh_from_db()
            return
        if set(form.changed_data) & set(PLACE):
            reschedule_session(obj, **form.place(), by=request.user, now=gym_now())
        obj.save(update_fields=["session_type", "notes", "updated_at"])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().changelist_view, request, *args, **kwargs)

    def or_say_why(
        self, view: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """Who loses a race between the page and the lock is told, and starts again."""
        try:
            return view(request, *args, **kwargs)
        except BookingRefused as refusal:
            if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            self.message_user(request, refusal.sentence, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @admin.action(description=_("Confirm"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: Any) -> None:
        self.apply(request, queryset, confirm_session, CONFIRMED)

    @admin.action(description=_("Complete"), permissions=["change"])
    def complete(self, request: HttpRequest, queryset: Any) -> None:
        self.apply(request, queryset, complete_session, COMPLETED)

    @admin.action(
        description=pgettext_lazy("a session", "Cancel"), permissions=["change"]
    )
    def cancel(self, request: HttpRequest, queryset: Any) -> None:
        self.apply(request, queryset, cancel_session, CANCELLED)

    @admin.action(description=_("Mark as no-show"), permissions=["change"])
    def no_show(self, request: HttpRequest, queryset: Any) -> None:
        self.apply(request, queryset, mark_no_show, MARKED)

    def apply(
        self,
        request: HttpRequest,
        sessions: QuerySet[TrainingSession],
        verb: Callable[..., TrainingSession],
        done: Any,
    ) -> None:
        """Call the verb on each session; one that refuses does not stop the rest."""
        count = 0
        for session in sessions.select_related("trainer", "client"):
            try:
                verb(session, by=request.user, now=gym_now())
                count += 1
            except BookingRefused as refusal:
                if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                self.message_user(
                    request,
                    f"{session} {session.client}: {refusal.sentence}",
                    messages.ERROR,
                )
        if count:
            said = done % {"count": count}
            self.message_user(request, said, messages.SUCCESS)
