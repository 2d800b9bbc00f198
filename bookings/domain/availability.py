"""Which times are free: the weekly slots, less the sessions of the date."""

from datetime import date, datetime, time

from bookings.models import Hold, TrainingSession
from trainers.clock import at_gym, gym_now, has_come
from trainers.models import Trainer
from trainers.slots import dated_slots


def get_available_slots(
    trainer_id: int, session_date: date, *, now: datetime | None = None
) -> list[time]:
    """When the trainer's free slots of that date start, in order.

    Free: the weekly slot exists and staff have it open, the trainer is not away, and
    neither an active session nor a standing hold overlaps it. With `now`, slots that
    have started are left out. Empty for an unknown or inactive trainer. Four queries.
    """
    if not Trainer.objects.active().filter(pk=trainer_id).exists():
        return []
    sessions = list(
        TrainingSession.objects.active()
        .between(session_date, session_date)
        .filter(trainer_id=trainer_id)
        .values_list("start_time", "end_time")
    )
    holds = list(
        Hold.objects.standing(now or gym_now())
        .filter(trainer_id=trainer_id, session_date=session_date)
        .values_list("start_time", "end_time")
    )
    return [
        slot.starts
        for slot in dated_slots([trainer_id], [session_date])
        if slot.is_open
        and (now is None or not has_come(at_gym(slot.day, slot.starts), now))
        and not any(slot.overlaps(session_date, *span) for span in sessions + holds)
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
