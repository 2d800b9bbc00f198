"""Which times are free: the weekly slots, less the sessions of the date."""

from datetime import date, datetime, time

from bookings.models import TrainingSession
from trainers.clock import at_gym, has_come
from trainers.models import TrainerSchedule


def get_available_slots(
    trainer_id: int, session_date: date, *, now: datetime | None = None
) -> list[time]:
    """When the trainer's free slots of that date start, in order.

    Free: the weekly slot exists and staff have it open, the trainer is not away, and
    no active session overlaps it. With `now`, slots that have started are left out.
    Empty for an unknown or inactive trainer. At most two queries.
    """
    slots = TrainerSchedule.objects.filter(
        trainer_id=trainer_id, trainer__is_active=True
    )
    sessions = list(
        TrainingSession.objects.active()
        .between(session_date, session_date)
        .filter(trainer_id=trainer_id)
        .values_list("start_time", "end_time")
    )
    return [
        slot.starts
        for slot in slots.dated([session_date])
        if slot.is_open
        and (now is None or not has_come(at_gym(slot.day, slot.starts), now))
        and not any(slot.overlaps(session_date, *span) for span in sessions)
    ]


def is_slot_available(
    trainer_id: int,
    session_date: date,
    start_time: time,
    *,
    now: datetime | None = None,
) -> bool:
    """Whether a slot starts then and is free, as `get_available_slots` sees it."""
    return start_time in get_available_slots(trainer_id, session_date, now=now)
