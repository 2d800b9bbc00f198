"""A trainer's week of slots as the trainer sets them: on, off, or a break.

The templates print what is here and ask nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bookings.exceptions import SlotUnavailable
from bookings.transactions import persistent, writing
from trainers.models import DayOfWeek, SlotStatus, Trainer, TrainerSchedule
from trainers.schedule import STAFF_STATUSES, SlotTime, set_slot_status
from trainers.wording import clock


@dataclass(frozen=True)
class WeeklySlot:
    day: DayOfWeek
    start: time
    status: SlotStatus
    # Sessions that are booked in it, in all the weeks ahead.
    ahead: int

    @property
    def value(self) -> str:
        """Its name in forms: 1-09:00."""
        return f"{self.day.value}-{self.start:%H:%M}"

    @property
    def word(self) -> str | Promise:
        return self.status.label


@dataclass(frozen=True)
class WeeklyDay:
    day: DayOfWeek
    slots: Sequence[WeeklySlot]
    # On a phone one day stands open.
    is_open: bool

    @property
    def name(self) -> str | Promise:
        return self.day.label

    @property
    def open_count(self) -> int:
        return sum(slot.status == SlotStatus.AVAILABLE for slot in self.slots)


@dataclass(frozen=True)
class WeeklyGrid:
    days: Sequence[WeeklyDay]
    # Of each time its cells from Monday on; None where the day has no such slot.
    rows: Sequence[tuple[time, Sequence[WeeklySlot | None]]]


def build_weekly(
    trainer: Trainer, *, now: datetime, day: DayOfWeek | None = None
) -> WeeklyGrid:
    """The trainer's weekly slots, with `day` open. Two queries."""
    counts = sessions_per_slot(trainer, now=now)
    slots = [
        WeeklySlot(
            day=DayOfWeek(row.day_of_week),
            start=row.time_slot,
            status=said_of(row),
            ahead=counts.get((DayOfWeek(row.day_of_week), row.time_slot), 0),
        )
        for row in trainer.slots.filter(outside_hours=False)
    ]
    shown = DayOfWeek.of(now.date()) if day is None else day
    days = [
        WeeklyDay(
            each, [slot for slot in slots if slot.day == each], is_open=each == shown
        )
        for each in DayOfWeek.from_monday()
    ]
    at = {(slot.day, slot.start): slot for slot in slots}
    starts = sorted({slot.start for slot in slots})
    rows = [
        (start, [at.get((each, start)) for each in DayOfWeek.from_monday()])
        for start in starts
    ]
    return WeeklyGrid([day for day in days if day.slots], rows)


def said_of(row: TrainerSchedule) -> SlotStatus:
    """`booked` is what the sessions say of an available slot."""
    status = SlotStatus(row.status)
    return status if status in STAFF_STATUSES else SlotStatus.AVAILABLE


def sessions_per_slot(trainer: Trainer, *, now: datetime) -> Mapping[SlotTime, int]:
    """How many active sessions ahead begin at each weekday and time."""
    counts: dict[SlotTime, int] = {}
    ahead = trainer.sessions.active().upcoming(now)
    for date, start in ahead.values_list("session_date", "start_time"):
        place = (DayOfWeek.of(date), start)
        counts[place] = counts.get(place, 0) + 1
    return counts


@persistent
def set_weekly_slot(
    trainer: Trainer, day: DayOfWeek, start: time, status: SlotStatus, *, now: datetime
) -> int:
    """The trainer opens or closes a weekly slot; sessions in it stand.

    Returns how many, if it takes no more. Locks the trainer. Raises SlotUnavailable
    where there is no such slot any more.
    """
    with writing():
        Trainer.objects.lock([trainer.pk])
        slots = trainer.slots.filter(outside_hours=False)
        if not slots.filter(day_of_week=day, time_slot=start).exists():
            raise SlotUnavailable(
                _("%(day)s, %(time)s is no longer in your hours. Please look again.")
                % {"day": day.label, "time": clock(start)}
            )
        set_slot_status(trainer.pk, [(day, start)], status)
    if status == SlotStatus.AVAILABLE:
        return 0
    return sessions_per_slot(trainer, now=now).get((day, start), 0)
