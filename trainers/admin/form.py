"""The form of a trainer: who they are, and what staff say of each weekly slot."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trainers.models import DayOfWeek, SessionType, SlotStatus, Trainer, TrainerSchedule
from trainers.photo import read_photo
from trainers.schedule import STAFF_STATUSES
from trainers.wording import clock, short_day


def slot_field(day: int, slot: time) -> str:
    return f"slot-{day}-{slot:%H-%M}"


@dataclass(frozen=True)
class WeeklyCell:
    """A slot in the grid: the select that says what staff say of it, and its notes."""

    field: forms.BoundField
    slot: TrainerSchedule

    @property
    def sessions(self) -> str:
        """Whether sessions stand in it, in whatever week."""
        if self.slot.booking_id is None or self.slot.session_date is None:
            return ""
        first = short_day(self.slot.session_date)
        return gettext("Has a session on %(day)s") % {"day": first}

    @property
    def notes(self) -> str:
        outside = gettext("Outside the hours, kept for its session")
        notes = [self.sessions, outside if self.slot.outside_hours else ""]
        return ", ".join(filter(None, notes))


@dataclass(frozen=True)
class SavedPhoto:
    """What the file field shows of the picture there is."""

    url: str

    def __str__(self) -> str:
        return gettext("the photo as members see it")


class TrainerForm(forms.ModelForm):
    """The trainer, and a select for each weekly slot, laid out as a grid."""

    session_types = forms.MultipleChoiceField(
        label=_("Session types"),
        choices=SessionType,
        widget=forms.CheckboxSelectMultiple,
    )
    photo = forms.FileField(
        required=False,
        label=_("Photo"),
        help_text=_("JPEG, PNG or WebP, at most 5 MB. Members see it as a square."),
        widget=forms.ClearableFileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp"}
        ),
    )

    class Meta:
        model = Trainer
        fields = [
            "name",
            "slug",
            "user",
            "is_active",
            "specialisation",
            "about",
            "hourly_rate",
            "session_minutes",
            "session_types",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.photo_digest:
            self.fields["photo"].initial = SavedPhoto(self.instance.photo_url)
        self.slots = {
            slot_field(slot.day_of_week, slot.time_slot): slot
            for slot in (self.instance.slots.all() if self.instance.pk else ())
        }
        for name, slot in self.slots.items():
            self.fields[name] = forms.ChoiceField(
                choices=[(status, status.label) for status in STAFF_STATUSES],
                initial=said_by_staff(slot),
                required=False,
                # An old page must not take back what a colleague said meanwhile.
                show_hidden_initial=True,
                label=f"{DayOfWeek(slot.day_of_week).label} {clock(slot.time_slot)}",
                widget=forms.Select(attrs={"class": "weekly__slot"}),
            )

    def clean_photo(self) -> Any:
        """New bytes for an upload, False for the tick that removes the picture."""
        photo = self.cleaned_data["photo"]
        return read_photo(photo) if isinstance(photo, UploadedFile) else photo

    def changed_slots(self) -> dict[SlotStatus, list[tuple[DayOfWeek, Any]]]:
        changed: dict[SlotStatus, list[tuple[DayOfWeek, Any]]] = {}
        for name in self.slots.keys() & set(self.changed_data):
            if self.cleaned_data[name]:
                status = SlotStatus(self.cleaned_data[name])
                slot = self.slots[name]
                place = (DayOfWeek(slot.day_of_week), slot.time_slot)
                changed.setdefault(status, []).append(place)
        return changed

    def weekly_grid(self) -> list[tuple[time, list[WeeklyCell | None]]]:
        """Rows of a time and, from Monday on, that time's cell or nothing."""
        rows = []
        for start in sorted({slot.time_slot for slot in self.slots.values()}):
            names = [slot_field(day, start) for day in DayOfWeek.from_monday()]
            rows.append((start, [self.weekly_cell(name) for name in names]))
        return rows

    def weekly_cell(self, name: str) -> WeeklyCell | None:
        slot = self.slots.get(name)
        return WeeklyCell(self[name], slot) if slot else None


def said_by_staff(slot: TrainerSchedule) -> SlotStatus:
    """`booked` is what the sessions say of an available slot."""
    status = SlotStatus(slot.status)
    return status if status in STAFF_STATUSES else SlotStatus.AVAILABLE
