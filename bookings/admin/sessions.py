from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bookings.admin import phone, steps
from bookings.admin.desk import staff_sentence
from bookings.admin.export import csv_of
from bookings.admin.filters import (
    MemberFilter,
    TrainerFilter,
    WhenFilter,
    when_asked_for,
)
from bookings.domain.booking import (
    book_session,
    cancel_session,
    complete_session,
    confirm_session,
    look_up,
    mark_no_show,
)
from bookings.domain.callers import people_like
from bookings.domain.history import changes_in_words
from bookings.domain.terms import change_price, change_type
from bookings.exceptions import BookingRefused, MayNotBook, SessionMoved
from bookings.models import BookingEvent, TrainingSession
from bookings.policy import check_rules
from trainers.admin.choosing import AutocompleteAdmin, ChosenSelect
from trainers.clock import gym_now, has_come
from trainers.models import Trainer
from trainers.wording import clock, day_and_year, money, short_day, span

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
may_export = permission_required("bookings.export_sessions", raise_exception=True)

PLACE = ("trainer", "session_date", "start_time", "end_time")
# The database looks up so many members one by one, and reads all sessions for more.
MOST_BY_NUMBER = 200
# Nobody turns two hundred pages; to count on takes longer than to show the first.
MOST_COUNTED = 10_000
FIRST_LAST = ("session_date", "start_time", "pk")
LAST_FIRST = ("-session_date", "-start_time", "-pk")


class ShortPaginator(Paginator):
    """Ends where nobody goes on reading: beyond that, one narrows the list."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list.order_by()[:MOST_COUNTED].count())


class HistoryInline(admin.TabularInline):
    """What happened, who did it and why; nobody writes here but the verbs."""

    model = BookingEvent
    verbose_name_plural = _("History")
    fields = ("happened", "action", "changed", "actor", "reason")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        return super().get_queryset(request).select_related("actor").order_by("pk")

    @cached_property
    def trainers(self) -> dict[int, str]:
        return dict(Trainer.objects.values_list("pk", "name"))

    @admin.display(description=pgettext_lazy("when it happened", "at"))
    def happened(self, event: BookingEvent) -> str:
        at = localtime(event.at)
        return gettext("%(day)s, %(time)s") % {
            "day": short_day(at.date()),
            "time": clock(at.time()),
        }

    @admin.display(description=_("what changed"))
    def changed(self, event: BookingEvent) -> str:
        said = [(each,) for each in changes_in_words(event, self.trainers)]
        return format_html_join(" ", '<span class="change">{}</span>', said)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonField(forms.CharField):
    """A line for staff: it stands in the history, and members do not read it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "vTextField"})
        super().__init__(max_length=500, required=False, widget=widget, **kwargs)


class NewSessionForm(forms.ModelForm):
    """Staff book through the same verb as members."""

    reason = ReasonField(
        label=_("Why outside the rules"),
        help_text=_(
            "Only for a time that members may not book themselves: too soon, too far "
            "ahead, or more sessions than the gym allows. The member does not read it."
        ),
    )

    class Meta:
        model = TrainingSession
        fields = [*PLACE, "client", "session_type"]

    def clean(self) -> dict[str, Any]:
        """What the rules refuse is refused while the form is still there to mend."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            self.check(data)
        except BookingRefused as refusal:
            raise forms.ValidationError(staff_sentence(refusal)) from None
        return data

    def check(self, data: dict[str, Any]) -> None:
        if not data["client"].is_active:
            raise MayNotBook
        place = {name: data[name] for name in PLACE}
        wish = look_up(
            place.pop("trainer"),
            client_id=data["client"].pk,
            session_type=data["session_type"],
            as_member=not data["reason"],
            now=gym_now(),
            **place,
        )
        check_rules(wish)

    def request(self) -> dict[str, Any]:
        """The valid form in the words of `book_session`."""
        data = self.cleaned_data
        return {
            "trainer_id": data["trainer"].pk,
            **{name: data[name] for name in PLACE[1:]},
            "session_type": data["session_type"],
            "reason": data["reason"],
        }


class SessionForm(forms.ModelForm):
    """What is put right about a session in place; the rest are steps of its own."""

    reason = ReasonField(
        label=_("Why the price changes"),
        help_text=_("It stands in the history. The member does not read it."),
    )
    # An old page must not take back what a colleague has put right meanwhile.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = TrainingSession
        fields = ["session_type", "price"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = self.instance.updated_at.isoformat()
        self.initial["seen"] = self.version

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("seen", "") not in ("", self.version):
            raise forms.ValidationError(SessionMoved.sentence)
        if "price" in self.changed_data:
            if data.get("price") is None and "price" not in self.errors:
                self.add_error("price", _("Give the price, or 0 where it is free."))
            if not data.get("reason"):
                self.add_error("reason", _("Say why the price changes."))
        kind, trainer = data.get("session_type"), self.instance.trainer
        if "session_type" in self.changed_data and kind not in trainer.session_types:
            sentence = gettext("%(trainer)s does not give sessions of this type.")
            self.add_error("session_type", sentence % {"trainer": trainer})
        return data


@admin.register(TrainingSession)
class TrainingSessionAdmin(AutocompleteAdmin):
    """Every change goes through a verb. Notes are no business of the desk's: they
    may be about health, and are for who wrote them and the trainer.
    """

    list_display = [
        "day",
        "times",
        "trainer",
        "client",
        "state",
        "cost",
    ]
    list_display_links = ["day", "times"]
    list_filter = [
        WhenFilter,
        "status",
        "cancelled_late",
        TrainerFilter,
        MemberFilter,
        "session_type",
    ]
    list_select_related = ["trainer", "client"]
    search_fields = ["client__name", "client__email", "client__phone", "trainer__name"]
    search_help_text = _("A member’s name, email or phone number, or a trainer’s name.")
    autocomplete_fields = ["trainer", "client"]
    inlines = [HistoryInline]
    actions = ["confirm", "complete", "cancel", "no_show"]
    show_full_result_count = False
    list_per_page = 50
    paginator = ShortPaginator
    change_form_template = "admin/bookings/trainingsession/session_form.html"
    change_list_template = "admin/bookings/trainingsession/session_list.html"

    @property
    def media(self) -> forms.Media:
        """The filters choose people as the forms do."""
        client = TrainingSession._meta.get_field("client")
        chooser = ChosenSelect(client, self.admin_site)
        sheets = forms.Media(css={"all": ["css/status.css", "css/admin-desk.css"]})
        return super().media + chooser.media + sheets

    def get_urls(self) -> list[Any]:
        door = self.admin_site.admin_view
        return [
            path("phone/", door(phone.phone), name="bookings_phone"),
            path("phone/new/", door(phone.new_caller), name="bookings_new_caller"),
            path("phone/<int:pk>/", door(phone.phone_week), name="bookings_phone_week"),
            path("export/", door(self.export), name="bookings_export"),
            path("<int:pk>/do/", door(steps.take_step), name="bookings_session_step"),
            path("<int:pk>/move/", door(steps.move), name="bookings_session_move"),
            *super().get_urls(),
        ]

    def lookup_allowed(
        self, lookup: str, value: str, request: HttpRequest | None = None
    ) -> bool:
        """To filter by notes would be to read them letter by letter."""
        asks_for_notes = lookup.split("__")[0] == "notes"
        return not asks_for_notes and super().lookup_allowed(lookup, value, request)

    # --- the list -------------------------------------------------------------------

    @admin.display(description=_("date"), ordering="session_date")
    def day(self, session: TrainingSession) -> str:
        return short_day(session.session_date)

    @admin.display(description=_("time"), ordering="start_time")
    def times(self, session: TrainingSession) -> str:
        return span(session.start_time, session.end_time)

    @admin.display(description=_("phone"))
    def phone(self, session: TrainingSession) -> str:
        return session.client.phone

    @admin.display(description=_("status"), ordering="status")
    def state(self, session: TrainingSession) -> str:
        """As stored, and what follows from it: late, or left unmarked."""
        word: Any = session.get_status_display()
        mark = str(session.status)
        if session.cancelled_late:
            word = _("Cancelled late")
        elif session.is_active and has_come(session.ends, gym_now()):
            word, mark = _("Unmarked"), "unmarked"
        return format_html('<span class="mark mark--{}">{}</span>', mark, word)

    @admin.display(description=_("price"), ordering="price")
    def cost(self, session: TrainingSession) -> str:
        return "" if session.price is None else money(session.price)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The nearest first: of what is ahead the first, of what is over the last."""
        over = when_asked_for(request) in ("any", "unmarked")
        return LAST_FIRST if over else FIRST_LAST

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Of the people whom each word means; sessions themselves have no words."""
        if term := search_term.strip():
            people = people_like(term).values_list("pk", flat=True)
            trainers = Trainer.objects.values_list("pk", flat=True)
            for word in term.split():
                trainers = trainers.filter(name__icontains=word)
            few = list(people[: MOST_BY_NUMBER + 1])
            whose = few if len(few) <= MOST_BY_NUMBER else people
            queryset = queryset.filter(
                Q(client__in=whose) | Q(trainer__in=list(trainers))
            )
        return queryset, False

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().changelist_view, request, *args, **kwargs)

    @method_decorator([may_export, require_safe])
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is filtered and searched, all of its pages."""
        try:
            sessions = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            url = reverse("admin:bookings_trainingsession_changelist")
            return redirect(f"{url}?e=1")
        return csv_of(sessions, f"sessions-{gym_now().date()}")

    # --- one session ----------------------------------------------------------------

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = SessionForm if obj else NewSessionForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [*PLACE, "client", "session_type", "reason"]
        facts = ["when", "trainer", "client", "phone", "state", "created_at"]
        if not self.has_change_permission(request, obj):
            return [*facts, "session_type", "cost"]
        if not request.user.has_perm("bookings.change_price"):
            return [*facts, "session_type", "cost", "seen"]
        return [*facts, "session_type", "price", "reason", "seen"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Another time is a step of its own; another member is another booking."""
        if obj is None:
            return []
        facts = ["when", "trainer", "client", "phone", "state", "created_at", "cost"]
        return facts if obj.is_active else [*facts, "session_type"]

    @admin.display(description=_("when"))
    def when(self, session: TrainingSession) -> str:
        return gettext("%(day)s, %(time)s") % {
            "day": day_and_year(session.session_date),
            "time": span(session.start_time, session.end_time),
        }

    def save_model(
        self, request: HttpRequest, obj: TrainingSession, form: Any, change: bool
    ) -> None:
        how = {"by": request.user, "now": gym_now()}
        if not change:
            booked = book_session(obj.client, **form.request(), **how)
            obj.pk, obj._state.adding = booked.pk, False
            obj.refresh_from_db()
            return
        if "session_type" in form.changed_data:
            change_type(obj, obj.session_type, **how)
        if "price" in form.changed_data and obj.price is not None:
            change_price(obj, obj.price, reason=form.cleaned_data["reason"], **how)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        session = context["original"]
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        if session and self.has_change_permission(request, session):
            context["steps"] = steps.steps_for(session, now=gym_now())
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.or_say_why(super().delete_view, request, *args, **kwargs)

    def or_say_why(
        self, view: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """Who loses a race between the page and the lock is told, and starts again."""
        try:
            return view(request, *args, **kwargs)
        except BookingRefused as refusal:
            if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            self.message_user(request, staff_sentence(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    # --- many at once ----------------------------------------------------------------

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
                    f"{session} {session.client}: {staff_sentence(refusal)}",
                    messages.ERROR,
                )
        if count:
            said = done % {"count": count}
            self.message_user(request, said, messages.SUCCESS)
