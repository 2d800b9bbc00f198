"""What somebody looks for among the trainers, read from a page's address.

What cannot be read asks for nothing.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from bookings.domain.openings import EVENING, NOON, Occasion, Order, PartOfDay
from trainers.models import DayOfWeek, Trainer
from trainers.wording import clock

# Pages start the week on Monday, whatever the numbers are.
DAYS = [*list(DayOfWeek)[1:], DayOfWeek.SUNDAY]


def part_choices() -> list[tuple[str, Any]]:
    noon, evening = {"noon": clock(NOON)}, {"evening": clock(EVENING)}
    return [
        ("", _("Any time")),
        (PartOfDay.MORNING, _("Morning, until %(noon)s") % noon),
        (
            PartOfDay.AFTERNOON,
            _("Afternoon, from %(noon)s to %(evening)s") % (noon | evening),
        ),
        (PartOfDay.EVENING, _("Evening, from %(evening)s") % evening),
    ]


def specialisation_choices(trainers: Sequence[Trainer]) -> list[tuple[str, Any]]:
    known = sorted({t.specialisation for t in trainers if t.specialisation})
    return [
        ("", pgettext_lazy("any specialisation", "All")),
        *((name, name) for name in known),
    ]


def folded(text: str) -> str:
    """As people compare words: without case, accents and apostrophes."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum() or letter == " ")


class Filter(forms.Form):
    """A form in a GET, over these trainers."""

    specialisation = forms.ChoiceField(
        required=False, label=gettext_lazy("Specialisation")
    )
    part = forms.ChoiceField(required=False, label=gettext_lazy("Time of day"))

    def __init__(self, trainers: Sequence[Trainer], data: Any) -> None:
        super().__init__(data)
        self.everybody = trainers
        specialisation = cast("forms.ChoiceField", self.fields["specialisation"])
        specialisation.choices = specialisation_choices(trainers)
        cast("forms.ChoiceField", self.fields["part"]).choices = part_choices()
        self.is_valid()

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name) or None

    @property
    def part_of_day(self) -> PartOfDay | None:
        part = self.value("part")
        return part and PartOfDay(part)

    def trainers(self) -> list[Trainer]:
        wanted = self.value("specialisation")
        return [t for t in self.everybody if wanted in (None, t.specialisation)]


class TrainerFilter(Filter):
    """The list of trainers."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Search"),
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    weekday = forms.TypedChoiceField(
        required=False,
        label=gettext_lazy("Day"),
        choices=[
            ("", gettext_lazy("Any day")),
            *((day.value, day.label) for day in DAYS),
        ],
        coerce=int,
        empty_value=None,
    )
    sort = forms.ChoiceField(
        required=False, label=gettext_lazy("Sort by"), choices=Order.choices
    )
    field_order = ["q", "specialisation", "weekday", "part", "sort"]

    @property
    def occasion(self) -> Occasion:
        day = self.cleaned_data.get("weekday")
        return Occasion(None if day is None else DayOfWeek(day), self.part_of_day)

    @property
    def order(self) -> Order:
        return Order(self.value("sort") or Order.SOONEST)

    def trainers(self) -> list[Trainer]:
        """Those of the specialisation of whom each word says something."""
        words = folded(self.value("q") or "").split()
        return [
            trainer
            for trainer in super().trainers()
            if all(word in text_of(trainer) for word in words)
        ]


def text_of(trainer: Trainer) -> str:
    return folded(f"{trainer.name} {trainer.specialisation} {trainer.about}")


class DayFilter(Filter):
    """One day of all trainers."""

    day = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ["day", "specialisation", "part"]

    @property
    def asked_day(self) -> date | None:
        day: date | None = self.value("day")
        return day
