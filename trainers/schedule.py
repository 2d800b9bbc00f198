"""A trainer's weekly template: which slots exist, and what staff say of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise, zip_longest
from typing import NamedTuple, Self

from django.db import connection
from django.db.models.functions import Now
from django.dispatch import Signal

from trainers.models import DayOfWeek, SlotStatus, Trainer, WorkingHours
from trainers.times import MINUTE

# Sent when slots were added, opened or closed, and before it matters what their rows
# say. Arguments: trainer_id. Receivers return how many rows they corrected.
schedule_changed = Signal()

Hours = tuple[DayOfWeek, time, time]
SlotTime = tuple[DayOfWeek, time]

SUNDAY, *WEEKDAYS = DayOfWeek
# For trainers whose own hours nobody has entered: 86 hourly slots.
USUAL_HOURS: list[Hours] = [
    (SUNDAY, time(8), time(16)),
    *((day, time(7), time(20)) for day in WEEKDAYS),
]

# The words that staff may say of a slot; `booked` is the projection's.
STAFF_STATUSES = (SlotStatus.AVAILABLE, SlotStatus.UNAVAILABLE, SlotStatus.BREAK)


@dataclass(frozen=True)
class WeeklyHours:
    """What makes a trainer's slots: when they work, and how long a session is."""

    # In order; none where nobody has entered any, and then the usual ones hold.
    spans: tuple[Hours, ...]
    minutes: int

    @classmethod
    def of(cls, trainer: Trainer) -> Self:
        spans = (
            (DayOfWeek(hours.day_of_week), hours.starts_at, hours.ends_at)
            for hours in trainer.working_hours.all()
        )
        return cls(tuple(sorted(spans)), trainer.session_minutes)

    def slots(self) -> set[SlotTime]:
        return {
            (day, slot)
            for day, starts_at, ends_at in self.spans or USUAL_HOURS
            for slot in slots_between(starts_at, ends_at, self.minutes * MINUTE)
        }

    def on(self, day: DayOfWeek) -> list[tuple[time, time]]:
        """The spans of that day, from when until when."""
        spans = self.spans or USUAL_HOURS
        return [(start, end) for its_day, start, end in spans if its_day == day]

    def overlap(self) -> Hours | None:
        """The first span that reaches into the next one."""
        for span, (day, starts_at, _ends_at) in pairwise(self.spans):
            if span[0] == day and starts_at < span[2]:
                return span
        return None


def weekly_template(trainer: Trainer) -> set[SlotTime]:
    """The slots that the trainer's hours and session length make."""
    return WeeklyHours.of(trainer).slots()


def slots_between(starts_at: time, ends_at: time, length: timedelta) -> Iterator[time]:
    """The starts of the whole slots that fit; no slot reaches past midnight."""
    any_day = date.min
    slot = datetime.combine(any_day, starts_at)
    end = datetime.combine(any_day, ends_at)
    while slot + length <= end:
        yield slot.time()
        slot += length


# The table's defaults say the rest, and a weekly slot that exists is kept. Objects
# would take ten times as long, which a thousand trainers notice.
CREATE_MISSING = """
    INSERT INTO trainer_schedules (trainer_id, day_of_week, time_slot)
    SELECT %s, slot.* FROM unnest(%s::smallint[], %s::time[]) AS slot
    ON CONFLICT DO NOTHING
"""


def initialize_trainer_schedule(trainer_id: int) -> int:
    """Create the trainer's missing weekly slots, `available`; keep existing rows.

    Returns how many were created. Inside a transaction it takes the trainer's lock.
    Raises Trainer.DoesNotExist.
    """
    if connection.in_atomic_block:
        Trainer.objects.lock([trainer_id])
    trainer = Trainer.objects.get(pk=trainer_id)
    template = sorted(weekly_template(trainer))
    with connection.cursor() as cursor:
        days, slots = [day for day, _ in template], [slot for _, slot in template]
        cursor.execute(CREATE_MISSING, [trainer_id, days, slots])
        created = int(cursor.rowcount)
    if created:
        schedule_changed.send(Trainer, trainer_id=trainer_id)
    return created


def correct_rows(trainer: Trainer) -> int:
    """Have the rows say what the sessions say; returns how many were wrong.

    Slots that are inside the hours again belong to them again first: correcting drops
    those that stood for a session alone, and staff's word for them would go too.
    """
    template = weekly_template(trainer)
    for slot in trainer.slots.filter(outside_hours=True):
        if (slot.day_of_week, slot.time_slot) in template:
            trainer.slots.filter(pk=slot.pk).update(outside_hours=False)
    answers = schedule_changed.send(Trainer, trainer_id=trainer.pk)
    return sum(int(count or 0) for _, count in answers)


class Fitted(NamedTuple):
    """What fitting did to a trainer's rows."""

    added: int
    removed: int
    corrected: int


def fit_trainer_schedule(trainer_id: int) -> Fitted:
    """Bring the slots in step with changed hours or session length.

    Missing slots are added and free ones outside the hours removed. A slot outside
    them with an active session stays until that ends, but takes no new booking.
    Takes the trainer's lock, so it needs a transaction around it. Raises
    Trainer.DoesNotExist.
    """
    trainer = Trainer.objects.lock_one(trainer_id)
    # Which slots have a session is asked of the rows, so they must be right first.
    corrected = correct_rows(trainer)
    added = initialize_trainer_schedule(trainer_id)
    template = weekly_template(trainer)
    slots = trainer.slots.values_list("pk", "day_of_week", "time_slot")
    outside = [pk for pk, *place in slots if tuple(place) not in template]
    leaving = trainer.slots.filter(pk__in=outside)
    removed = leaving.filter(booking=None).delete()[0]
    leaving.filter(outside_hours=False).update(outside_hours=True)
    return Fitted(added, removed, corrected)


def set_slot_status(
    trainer_id: int, slots: Iterable[SlotTime], status: SlotStatus
) -> None:
    """Staff open or close weekly slots, or make them a break.

    Sessions in them stand. Takes the trainer's lock, so it needs a transaction.
    Raises Trainer.DoesNotExist.
    """
    assert status in STAFF_STATUSES
    trainer = Trainer.objects.lock_one(trainer_id)
    for day, slot in slots:
        here = trainer.slots.filter(day_of_week=day, time_slot=slot)
        here.update(status=status, updated_at=Now())
    schedule_changed.send(Trainer, trainer_id=trainer_id)


def keep_weekly_hours(trainer_id: int, hours: WeeklyHours) -> None:
    """Give the trainer these hours and no others; what stays the same keeps its row.

    The slots do not follow yet: `fit_trainer_schedule` has them do so. Takes the
    trainer's lock, so it needs a transaction. Raises Trainer.DoesNotExist.
    """
    trainer = Trainer.objects.lock_one(trainer_id)
    missing, changing = set(hours.spans), []
    for row in trainer.working_hours.all():
        span = (DayOfWeek(row.day_of_week), row.starts_at, row.ends_at)
        if span in missing:
            missing.remove(span)
        else:
            changing.append(row)
    for row, span in zip_longest(changing, sorted(missing)):
        if span is None:
            row.delete()
            continue
        row = row or WorkingHours(trainer=trainer)
        row.day_of_week, row.starts_at, row.ends_at = span
        row.save()
    trainer.session_minutes = hours.minutes
    trainer.save(update_fields=["session_minutes", "updated_at"])
