import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.domain.alternatives import Alternative
from bookings.domain.cells import Cell
from bookings.domain.week import Length
from bookings.models import TrainingSession
from trainers.models import DayOfWeek, SessionType, SlotStatus, TimeOff, Trainer
from trainers.schedule import STAFF_STATUSES, SlotTime

# Of the number of a row, and more.
MOST_DIGITS = 20


def session_type_choices(trainer: Trainer) -> list[tuple[str, str]]:
    return [(value, str(SessionType(value).label)) for value in trainer.session_types]


class CellField(forms.Field):
    """A cell's name, 2026-12-10T18:00, as gym time without a zone."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError:
            raise forms.ValidationError(self.error_messages["required"]) from None


class Until(NamedTuple):
    """The end of a session, and the price that the page named for it."""

    end: time
    price: Decimal | None


class UntilField(forms.Field):
    """20:00 150.00: a length is chosen together with its price."""

    default_error_messages = {
        "invalid": gettext_lazy("Choose one of the lengths in the list.")
    }
    price = forms.DecimalField(required=False, max_digits=12, decimal_places=2)

    def to_python(self, value: Any) -> Until | None:
        if value in self.empty_values:
            return None
        end, _space, price = value.partition(" ")
        try:
            return Until(self.time_of(end), self.price.clean(price))
        except (ValueError, forms.ValidationError):
            raise forms.ValidationError(self.error_messages["invalid"]) from None

    def time_of(self, end: str) -> time:
        # The clock's names end with 23:59, and a day does not.
        if end == "24:00":
            return time.max
        return datetime.strptime(end, "%H:%M").time()  # noqa: DTZ007

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Length):
            end = "24:00" if value.end == time.max else f"{value.end:%H:%M}"
            return f"{end} {value.price}"
        return value


class LengthSelect(forms.Select):
    """Each option also says what the panel's facts become when it is chosen."""

    def create_option(
        self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        option["attrs"] |= {
            "data-span": label.span,
            "data-duration": label.duration,
            "data-price": label.cost,
        }
        return option


class WeekForm(forms.Form):
    """Which week a page shows, which of its days, and which cell's panel is open."""

    week = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    at = CellField(required=False)

    @property
    def shown_day(self) -> date | None:
        """The day asked for; whatever cannot be read asks for nothing."""
        self.is_valid()
        at: datetime | None = self.cleaned_data.get("at")
        return (at and at.date()) or self.cleaned_data.get("day")

    @property
    def asks_for_a_day(self) -> bool:
        return bool(self.shown_day or self.cleaned_data.get("week"))

    def day_or(self, default: date) -> date:
        """A day of the week asked for."""
        return self.shown_day or self.cleaned_data.get("week") or default


class PageForm(forms.Form):
    """Which page of a long list is asked for."""

    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)

    def number(self) -> int:
        """The first, where nothing that can be read is asked for."""
        self.is_valid()
        return self.cleaned_data.get("page") or 1


class MoveForm(forms.Form):
    """Where a session is to go: the cell says when it starts, its length the end."""

    at = CellField(
        error_messages={"required": gettext_lazy("Choose a green time in the grid.")}
    )

    def __init__(self, session: TrainingSession, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session = session

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if self.session.end_if_from(at.time()) is None:
            raise forms.ValidationError(_("Choose a green time in the grid."))
        return at

    def place(self, trainer: Trainer) -> dict[str, Any]:
        """The valid form in the words of `reschedule_session`."""
        at = self.cleaned_data["at"]
        return {
            "trainer_id": trainer.pk,
            "session_date": at.date(),
            "start_time": at.time(),
            "end_time": self.session.end_if_from(at.time()),
        }


class BookingForm(forms.Form):
    """The booking panel: what the member chooses, and what the cell already says."""

    # The time that it offers instead of one that was refused.
    offered: Alternative | None = None
    at = CellField(
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Choose a green time in the grid."),
        },
    )
    until = UntilField(
        label=gettext_lazy("Until"), required=False, widget=forms.HiddenInput
    )
    session_type = forms.ChoiceField(label=gettext_lazy("Session type"))
    notes = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    key = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trainer = trainer
        session_type = self.fields["session_type"]
        assert isinstance(session_type, forms.ChoiceField)
        session_type.choices = session_type_choices(trainer)
        first_name = trainer.name.partition(" ")[0]
        notes = _("Notes for %(name)s (optional)")
        self.fields["notes"].label = notes % {"name": first_name}

    @classmethod
    def for_cell(cls, trainer: Trainer, cell: Cell) -> "BookingForm":
        return cls(trainer, initial={"at": cell.at, "key": uuid.uuid4()})

    @classmethod
    def for_offer(
        cls, offer: Alternative, *, like: "BookingForm | None"
    ) -> "BookingForm":
        """All that one tap sends to have this time instead of the one refused."""
        kinds = offer.trainer.session_types
        asked = like.data if like else {}
        kind = asked.get("session_type")
        initial = {
            "at": offer.at,
            "until": Length(offer.start, offer.end, offer.price),
            "session_type": kind if kind in kinds else next(iter(kinds), ""),
            "notes": asked.get("notes", ""),
            "key": uuid.uuid4(),
        }
        form = cls(offer.trainer, initial=initial, auto_id=False)
        form.offered = offer
        return form

    def offer(self, lengths: Sequence[Length]) -> Length:
        """Let the member choose between these lengths, where there are several.

        Returns the one that is chosen: the first, until the member chose another.
        """
        until = self.fields["until"]
        values = [until.prepare_value(length) for length in lengths]
        if len(lengths) > 1:
            choices = list(zip(values, lengths, strict=True))
            until.widget = LengthSelect(choices=choices)
        ends = [value.partition(" ")[0] for value in values]
        asked = self.data.get("until", "").partition(" ")[0]
        number = ends.index(asked) if asked in ends else 0
        self.initial["until"] = values[number]
        if self.is_bound:
            # The price may be another one by now: the member agrees to it anew.
            self.data = {**self.data, "until": values[number]}
        return lengths[number]

    def request(self) -> dict[str, Any]:
        """The valid form in the words of `book_session`."""
        data = self.cleaned_data
        start = data["at"].time()
        until = data["until"] or Until(self.trainer.end_of_slot(start), None)
        return {
            "trainer_id": self.trainer.pk,
            "session_date": data["at"].date(),
            "start_time": start,
            "end_time": until.end,
            "session_type": data["session_type"],
            "notes": data["notes"],
            "price_shown": until.price,
        }


class SlotField(forms.Field):
    """A weekly slot's name, 1-09:00: the day of the week, and when it starts."""

    default_error_messages = {
        "required": gettext_lazy("Choose a slot and what it becomes."),
    }

    def to_python(self, value: Any) -> SlotTime | None:
        if value in self.empty_values:
            return None
        day, _dash, start = value.partition("-")
        try:
            at = datetime.strptime(start, "%H:%M").time()  # noqa: DTZ007
            return DayOfWeek(int(day)), at
        except ValueError:
            raise forms.ValidationError(self.error_messages["required"]) from None


class WeeklySlotForm(forms.Form):
    """What a tap makes of a weekly slot."""

    slot = SlotField()
    status = forms.ChoiceField(
        choices=[(status, status.label) for status in STAFF_STATUSES]
    )

    def chosen(self) -> tuple[DayOfWeek, time, SlotStatus]:
        day, start = self.cleaned_data["slot"]
        return day, start, SlotStatus(self.cleaned_data["status"])


class SlotPageForm(forms.Form):
    """Which day of the weekly slots stands open, and what a tap makes of a slot."""

    slot = SlotField(required=False)
    day = forms.TypedChoiceField(
        required=False,
        choices=DayOfWeek,
        coerce=lambda value: DayOfWeek(int(value)),
        empty_value=None,
    )
    status = forms.ChoiceField(
        required=False, choices=[(status, status.label) for status in STAFF_STATUSES]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_valid()
        slot: SlotTime | None = self.cleaned_data.get("slot")
        self.shown_day: DayOfWeek | None = (
            slot[0] if slot else self.cleaned_data.get("day")
        )
        self.becomes = SlotStatus(
            self.cleaned_data.get("status") or SlotStatus.UNAVAILABLE
        )


class TimeOffForm(forms.ModelForm):
    """A trainer's own time off: whole days, or from an hour until another."""

    class Meta:
        model = TimeOff
        fields = ["first_day", "last_day", "starts_at", "ends_at", "reason", "notice"]
        labels = {
            "starts_at": gettext_lazy("From what time"),
            "ends_at": gettext_lazy("Until what time"),
            "reason": gettext_lazy("Reason, for staff (optional)"),
            "notice": gettext_lazy("What members read (optional)"),
        }
        help_texts = {
            "last_day": gettext_lazy("Empty: the first day alone."),
            "starts_at": gettext_lazy("Empty: from the start of the first day."),
            "ends_at": gettext_lazy("Empty: until the end of the last day."),
        }
        widgets = {
            "first_day": forms.DateInput({"type": "date"}, "%Y-%m-%d"),
            "last_day": forms.DateInput({"type": "date"}, "%Y-%m-%d"),
            "starts_at": forms.TimeInput({"type": "time"}, "%H:%M"),
            "ends_at": forms.TimeInput({"type": "time"}, "%H:%M"),
        }

    def __init__(self, trainer: Trainer, data: Any = None, *, today: date) -> None:
        super().__init__(data, instance=TimeOff(trainer=trainer))
        self.today = today
        for name in ("last_day", "starts_at", "ends_at"):
            self.fields[name].required = False
        self.initial["starts_at"] = None

    def clean_starts_at(self) -> time:
        return self.cleaned_data["starts_at"] or time.min

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("first_day") and "last_day" in data:
            data["last_day"] = data["last_day"] or data["first_day"]
            if data["last_day"] < self.today:
                self.add_error("last_day", _("This time is over already."))
        return data

    def knowing(self) -> set[int]:
        """The sessions that the page has shown, by id."""
        shown = cast("QueryDict", self.data).getlist("knowing")
        numbers = (pk for pk in shown if pk.isascii() and pk.isdigit())
        # Python reads no number of thousands of digits.
        return {int(pk) for pk in numbers if len(pk) < MOST_DIGITS}
