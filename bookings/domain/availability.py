"""Which times are free: the weekly slots, less the sessions of the date."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import NamedTuple

from django.db.models import F, IntegerField, Value

from bookings.models import Hold, TrainingSession
from trainers.clock import at_gym, gym_now, has_come
from trainers.models import DatedSlot, Trainer
from trainers.slots import dated_slots


class Taken(NamedTuple):
    """A time of a trainer that somebody has: by a session, or by a standing hold."""

    trainer_id: int
    day: date
    start: time
    end: time
    client_id: int
    # None for a hold.
    session_pk: int | None

    def is_in(self, slot: DatedSlot) -> bool:
        return slot.overlaps(self.day, self.start, self.end)


def taken_times(
    trainer_ids: Collection[int],
    first: date,
    last: date,
    *,
    now: datetime,
    moving: TrainingSession | None = None,
) -> list[Taken]:
    """What these trainers' slots can be taken by, from the first date to the last.

    Without the session that is about to be moved. One query.
    """
    place = ["trainer_id", "session_date", "start_time", "end_time", "client_id"]
    sessions = TrainingSession.objects.active()
    if moving is not None:
        sessions = sessions.exclude(pk=moving.pk)
    holds = Hold.objects.standing(now)
    of_sessions, of_holds = (
        rows.filter(trainer__in=trainer_ids, session_date__range=(first, last))
        .order_by()
        .annotate(session=session)
        .values_list(*place, "session")
        for rows, session in (
            (sessions, F("pk")),
            (holds, Value(None, IntegerField())),
        )
    )
    return [Taken(*row) for row in of_sessions.union(of_holds, all=True)]


def get_available_slots(
    trainer_id: int, session_date: date, *, now: datetime | None = None
) -> list[time]:
    """When the trainer's free slots of that date start, in order.

    Free: the weekly slot exists and staff have it open, the trainer is not away, and
    neither an active session nor a standing hold overlaps it. With `now`, slots that
    have started are left out. Empty for an unknown or inactive trainer. At most three
    queries.
    """
    if not Trainer.objects.active().filter(pk=trainer_id).exists():
        return []
    taken = taken_times([trainer_id], session_date, session_date, now=now or gym_now())
    return [
        slot.starts
        for slot in dated_slots([trainer_id], [session_date])
        if slot.is_open
        and (now is None or not has_come(at_gym(slot.day, slot.starts), now))
        and not any(one.is_in(slot) for one in taken)
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
