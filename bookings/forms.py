import uuid
from datetime import date, datetime
from typing import Any

from django import forms

from bookings.domain.week import Cell
from trainers.models import SessionType, Trainer


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


class WeekForm(forms.Form):
    """Which week a page shows, and which cell's panel is open in it."""

    week = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    at = CellField(required=False)

    def day_or(self, default: date) -> date:
        """The day asked for; whatever cannot be read asks for nothing."""
        self.is_valid()
        at: datetime | None = self.cleaned_data.get("at")
        return (at and at.date()) or self.cleaned_data.get("week") or default


class BookingForm(forms.Form):
    """The booking panel: what the member chooses, and what the cell already says."""

    at = CellField(
        widget=forms.HiddenInput,
        error_messages={"required": "Choose a green time in the grid."},
    )
    session_type = forms.ChoiceField()
    notes = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    price = forms.DecimalField(
        required=False, max_digits=12, decimal_places=2, widget=forms.HiddenInput
    )
    key = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trainer = trainer
        self.fields["session_type"] = forms.ChoiceField(
            choices=session_type_choices(trainer)
        )
        first_name = trainer.name.partition(" ")[0]
        self.fields["notes"].label = f"Notes for {first_name} (optional)"

    @classmethod
    def for_cell(cls, trainer: Trainer, cell: Cell) -> "BookingForm":
        initial = {
            "at": cell.at,
            "price": trainer.price_of(cell.start, cell.end),
            "key": uuid.uuid4(),
        }
        return cls(trainer, initial=initial)

    def request(self) -> dict[str, Any]:
        """The valid form in the words of `book_session`."""
        data = self.cleaned_data
        start = data["at"].time()
        return {
            "trainer_id": self.trainer.pk,
            "session_date": data["at"].date(),
            "start_time": start,
            "end_time": self.trainer.end_of_slot(start),
            "session_type": data["session_type"],
            "notes": data["notes"],
            "price_shown": data["price"],
        }
