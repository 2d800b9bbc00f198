"""What the list of sessions can be narrowed to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.domain.week import Week
from bookings.models import TrainingSession
from trainers.admin.choosing import ChosenSelect
from trainers.clock import gym_now

DAY = timedelta(days=1)
ANY, AHEAD = "any", "ahead"
# What pages a list, and what only narrows it: with these alone it is about what is
# ahead. Who searches, or asks for a member or a status, means all times.
NARROWING = {
    "p",
    "o",
    "e",
    "all",
    "_facets",
    "trainer__id__exact",
    "session_type__exact",
}


def when_asked_for(request: HttpRequest) -> str:
    if when := request.GET.get("when"):
        return when
    return AHEAD if set(request.GET) <= NARROWING else ANY


class WhenFilter(admin.SimpleListFilter):
    title = _("time")
    parameter_name = "when"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request, *args)
        self.asked = when_asked_for(request)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("tomorrow", _("Tomorrow")),
            ("week", _("This week")),
            (AHEAD, _("From today on")),
            ("unmarked", _("Unmarked: over, and nobody closed it")),
            (ANY, _("Any time")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for value, title in self.lookup_choices:
            yield {
                "selected": value == self.asked,
                "query_string": changelist.get_query_string({"when": value}),
                "display": title,
            }

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TrainingSession]
    ) -> QuerySet[TrainingSession]:
        now = gym_now()
        today, week = now.date(), Week.of(now.date())
        match self.asked:
            case "today":
                return queryset.filter(session_date=today)
            case "tomorrow":
                return queryset.filter(session_date=today + DAY)
            case "week":
                return queryset.filter(session_date__range=(week.monday, week.sunday))
            case "ahead":
                return queryset.filter(session_date__gte=today)
            case "unmarked":
                return queryset.unmarked(now)
        return queryset


class NamedSelect(ChosenSelect):
    """Says whom it asks for while nobody is chosen; Django's own is nameless then."""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().build_attrs(*args, **kwargs) | {
            "data-placeholder": self.attrs["placeholder"]
        }


class ChosenFilter(admin.SimpleListFilter):
    """One of many people, found by typing a part of the name."""

    template = "admin/bookings/trainingsession/chosen_filter.html"
    field_name: str
    parameter_name: str

    def __init__(
        self, request: HttpRequest, params: Any, model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.asked = self.value()
        gone = {self.parameter_name, "p", "e"}
        self.others = [
            (name, value)
            for name, values in request.GET.lists()
            for value in values
            if name not in gone
        ]
        self.field = self.choose_from(
            model._meta.get_field(self.field_name), model_admin
        )

    def choose_from(self, db_field: Any, model_admin: Any) -> Any:
        form = forms.Form(initial={self.parameter_name: self.asked}, auto_id="by-%s")
        form.fields[self.parameter_name] = forms.ModelChoiceField(
            db_field.remote_field.model._default_manager.all(),
            required=False,
            label=self.title,
            widget=NamedSelect(
                db_field,
                model_admin.admin_site,
                attrs={"placeholder": _("Anybody")},
            ),
        )
        return form[self.parameter_name]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        remove = [self.parameter_name]
        yield {
            "selected": not self.asked,
            "query_string": changelist.get_query_string(remove=remove),
            "display": _("All"),
        }

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TrainingSession]
    ) -> QuerySet[TrainingSession]:
        if not self.asked:
            return queryset
        try:
            return queryset.filter(**{self.parameter_name: int(self.asked)})
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error


class TrainerFilter(ChosenFilter):
    title = _("trainer")
    field_name = "trainer"
    parameter_name = "trainer__id__exact"


class MemberFilter(ChosenFilter):
    title = _("member")
    field_name = "client"
    parameter_name = "client__id__exact"
