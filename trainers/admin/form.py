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


def slot_field(day: int, slot: time) -> str:
    return f"slot-{day}-{slot:%H-%M}"


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
                choices=choices_for(slot),
                initial=said_by_staff(slot),
                required=False,
                # An old page must not take back what a colleague said meanwhile.
                show_hidden_initial=True,
                label=str(slot),
                widget=forms.Select(
                    attrs={"class": f"weekly__slot weekly__slot--{slot.status}"}
                ),
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

    def weekly_grid(self) -> list[tuple[Any, list[Any]]]:
        """Rows of a time and, from Monday on, that time's field or nothing."""
        rows = []
        for start in sorted({slot.time_slot for slot in self.slots.values()}):
            names = [slot_field(day, start) for day in DayOfWeek.from_monday()]
            fields = [self[name] if name in self.slots else None for name in names]
            rows.append((start, fields))
        return rows


def said_by_staff(slot: TrainerSchedule) -> SlotStatus:
    """`booked` is what the sessions say of an available slot."""
    status = SlotStatus(slot.status)
    return status if status in STAFF_STATUSES else SlotStatus.AVAILABLE


def choices_for(slot: TrainerSchedule) -> list[tuple[str, Any]]:
    """What staff can say; an available slot with a session reads `Booked`."""
    booked = slot.status == SlotStatus.BOOKED
    available = SlotStatus.BOOKED if booked else SlotStatus.AVAILABLE
    return [
        (SlotStatus.AVAILABLE, available.label),
        (SlotStatus.UNAVAILABLE, SlotStatus.UNAVAILABLE.label),
        (SlotStatus.BREAK, SlotStatus.BREAK.label),
    ]
