"""Sessions → trainer_schedules: what each weekly slot's row says.

While a slot has an active session, its row reads `booked` and points to the earliest
one; when none is left it reads `available` and points nowhere. `unavailable` and
`break` are staff's word and stay. A session touches every slot that it overlaps.

What points to a session is derived from the sessions alone and only ever written
here, so projecting again repairs whatever drifted, and a lost call costs colour,
never a double booking.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from django.db import connection, transaction

from bookings.models import TrainingSession
from trainers.models import DayOfWeek, Trainer, TrainerSchedule
from trainers.schedule import fit_trainer_schedule


@dataclass(frozen=True)
class Span:
    """A part of a trainer's week; without days and times, all of it."""

    trainer_id: int
    day_of_week: int | None = None
    start: time = time.min
    end: time = time.max

    @classmethod
    def of(cls, session: TrainingSession) -> "Span":
        day = DayOfWeek.of(session.session_date)
        return cls(session.trainer_id, day, session.start_time, session.end_time)


# It must be a statement of its own after the lock: within one statement the
# sub-query would still see the sessions as they were before the lock was granted.
# The trainer is named on both sides of the join, so that no plan reads more than
# one trainer's rows, however old the planner's statistics are.
PROJECT = """
    UPDATE trainer_schedules AS slot
    SET booking_id = first.booking_id,
        client_id = first.client_id,
        session_date = first.session_date,
        status = first.status,
        updated_at = now()
    FROM (
        SELECT DISTINCT ON (s.id)
               s.id AS slot_id, x.id AS booking_id, x.client_id, x.session_date,
               CASE WHEN s.status IN ('unavailable', 'break') THEN s.status
                    WHEN x.id IS NULL THEN 'available'
                    ELSE 'booked' END AS status
        FROM trainers t
        JOIN trainer_schedules s ON s.trainer_id = t.id
        LEFT JOIN training_sessions x
          ON x.trainer_id = t.id
         AND x.status IN ('scheduled', 'confirmed')
         AND EXTRACT(DOW FROM x.session_date) = s.day_of_week
         AND x.end_time > s.time_slot
         AND x.start_time - s.time_slot < t.session_minutes * interval '1 minute'
        WHERE t.id = %(trainer_id)s
          AND (%(day_of_week)s::int IS NULL OR s.day_of_week = %(day_of_week)s)
          AND s.time_slot < %(end)s
          AND %(start)s::time - s.time_slot < t.session_minutes * interval '1 minute'
        ORDER BY s.id, x.session_date, x.start_time, x.id
    ) AS first
    WHERE slot.trainer_id = %(trainer_id)s
      AND slot.id = first.slot_id
      AND (slot.booking_id, slot.client_id, slot.session_date, slot.status)
          IS DISTINCT FROM
          (first.booking_id, first.client_id, first.session_date, first.status)
    RETURNING slot.id, slot.outside_hours AND slot.booking_id IS NULL
"""


def project_slots(spans: Iterable[Span]) -> int:
    """Write what the slots of these spans must say; returns how many rows changed.

    The caller holds the trainers' locks. Idempotent.
    """
    changed: dict[int, bool] = {}
    with connection.cursor() as cursor:
        for span in set(spans):
            cursor.execute(PROJECT, vars(span))
            changed.update(cursor.fetchall())
    # A slot outside the hours stood for its session alone.
    if forsaken := [slot_id for slot_id, is_forsaken in changed.items() if is_forsaken]:
        TrainerSchedule.objects.filter(pk__in=forsaken).delete()
    return len(changed)


def remember_span(session: TrainingSession) -> None:
    """Note where the session stands in the database, before it is written over."""
    stored = TrainingSession.objects.filter(pk=session.pk) if session.pk else []
    session.spans_before = [Span.of(row) for row in stored]


def project_after_write(session: TrainingSession) -> None:
    """Project the slots the session touched before, and those it touches now."""
    project_slots([*session.spans_before, Span.of(session)])


def project_schedule(trainer_id: int) -> int:
    """Project a trainer's whole week, under the trainer's lock."""
    with transaction.atomic():
        Trainer.objects.lock([trainer_id])
        return project_slots([Span(trainer_id)])


@dataclass(frozen=True)
class Refreshed:
    """What refreshing a trainer's schedule did, and how it stands: rows counted."""

    added: int
    removed: int
    corrected: int
    booked: int


def refresh_schedule(trainer_id: int) -> Refreshed:
    """Add missing slots, mark booked ones, drop free ones outside the hours.

    Under the trainer's lock; idempotent. Raises Trainer.DoesNotExist.
    """
    with transaction.atomic():
        fitted = fit_trainer_schedule(trainer_id)
        slots = TrainerSchedule.objects.filter(trainer_id=trainer_id)
        booked = slots.exclude(booking=None).count()
    return Refreshed(*fitted, booked)
