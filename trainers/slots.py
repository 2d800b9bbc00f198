"""A trainer's slots: the weekly rows, and what they are on given dates."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from trainers.clock import is_on_the_clock
from trainers.times import DayOfWeek


class SlotStatus(models.TextChoices):
    AVAILABLE = "available", _("Available")
    BOOKED = "booked", _("Booked")
    UNAVAILABLE = "unavailable", _("Unavailable")
    BREAK = "break", _("Break")


@dataclass(frozen=True, slots=True)
class DatedSlot:
    """A slot on one date, as far as the trainer and the gym decide about it."""

    trainer_id: int
    day: date
    starts: time
    ends: time
    status: str
    # The trainer is away; the gym is closed; and what members are told of it.
    is_off: bool
    is_closed: bool
    because: str
    outside_hours: bool

    def overlaps(self, day: date, start: time, end: time) -> bool:
        return self.day == day and start < self.ends and self.starts < end

    @property
    def is_open(self) -> bool:
        """Nothing but a session or a hold can be in the way."""
        shut = self.status in (SlotStatus.UNAVAILABLE, SlotStatus.BREAK)
        return not (self.outside_hours or self.is_off or self.is_closed or shut)


# Weekly slots inside extra hours are open; `is_extra` are those that extra hours make.
DATED = """
    WITH wanted AS (
        SELECT s.trainer_id,
               d.day + s.time_slot AS starts,
               CASE WHEN e.id IS NULL THEN s.status ELSE 'available' END AS status,
               s.outside_hours AND e.id IS NULL AS outside_hours,
               FALSE AS is_extra
        FROM unnest(%(days)s::date[]) AS d(day)
        JOIN trainer_schedules s ON s.day_of_week = EXTRACT(DOW FROM d.day)
        JOIN trainers t ON t.id = s.trainer_id
        LEFT JOIN extra_hours e
          ON e.trainer_id = s.trainer_id
         AND e.date = d.day
         AND e.starts_at <= s.time_slot
         AND e.ends_at - s.time_slot >= t.session_minutes * interval '1 minute'
        WHERE s.trainer_id = ANY(%(trainers)s)
        UNION ALL
        SELECT e.trainer_id, made.starts, 'available', FALSE, TRUE
        FROM extra_hours e
        JOIN trainers t ON t.id = e.trainer_id
        CROSS JOIN generate_series(
            e.date + e.starts_at,
            e.date + e.ends_at - t.session_minutes * interval '1 minute',
            t.session_minutes * interval '1 minute'
        ) AS made(starts)
        WHERE e.trainer_id = ANY(%(trainers)s) AND e.date = ANY(%(days)s)
    ), lasting AS (
        SELECT w.*, w.starts + t.session_minutes * interval '1 minute' AS ends
        FROM wanted w JOIN trainers t ON t.id = w.trainer_id
    )
    SELECT l.trainer_id, l.starts, l.ends, l.status, l.outside_hours, l.is_extra,
           away.notice, closed.name
    FROM lasting l
    LEFT JOIN LATERAL (
        SELECT notice
        FROM time_off o
        WHERE o.trainer_id = l.trainer_id
          AND o.first_day + o.starts_at < l.ends
          AND o.last_day + coalesce(o.ends_at, '23:59:59.999999') > l.starts
        ORDER BY notice = '', o.id
        LIMIT 1
    ) AS away ON TRUE
    LEFT JOIN LATERAL (
        SELECT name
        FROM closures c
        WHERE l.starts::date BETWEEN c.first_day AND c.last_day
        ORDER BY c.first_day, c.id
        LIMIT 1
    ) AS closed ON TRUE
    ORDER BY l.starts, l.trainer_id, l.is_extra
"""


class Dated(NamedTuple):
    """A row of DATED."""

    trainer_id: int
    starts: datetime
    ends: datetime
    status: str
    outside_hours: bool
    is_extra: bool
    notice: str | None
    closure: str | None

    def overlaps(self, other: "Dated") -> bool:
        same = self.trainer_id == other.trainer_id
        return same and self.starts < other.ends and other.starts < self.ends

    def slot(self) -> DatedSlot:
        # A kept slot may be longer now and reach past midnight.
        same_day = self.ends.date() == self.starts.date()
        return DatedSlot(
            trainer_id=self.trainer_id,
            day=self.starts.date(),
            starts=self.starts.time(),
            ends=self.ends.time() if same_day else time.max,
            status=self.status,
            is_off=self.notice is not None,
            is_closed=self.closure is not None,
            because=self.closure or self.notice or "",
            outside_hours=self.outside_hours,
        )


def dated_slots(trainer_ids: Collection[int], days: Iterable[date]) -> list[DatedSlot]:
    """These trainers' slots on these dates, in order of time, in gym time.

    Without those whose hour the clock leaves out on the date. One query.
    """
    asked: dict[str, Any] = {"trainers": [*trainer_ids], "days": [*days]}
    with connection.cursor() as cursor:
        cursor.execute(DATED, asked)
        rows = [Dated(*row) for row in cursor.fetchall()]
    weekly = [row for row in rows if not row.is_extra]
    extra = [row for row in rows if row.is_extra]
    if extra:
        # What the week has already is not made a second time.
        new = [row for row in extra if not any(map(row.overlaps, weekly))]
        rows = sorted(weekly + new, key=lambda row: (row.starts, row.trainer_id))
    return [row.slot() for row in rows if is_on_the_clock(row.starts)]


class TrainerSchedule(models.Model):
    """A slot: one weekly cell of a trainer.

    `booking`, `client`, `session_date` and the status `booked` are a projection of
    the sessions, kept by `bookings.signals` as the seed's triggers kept them. They
    say which session comes first in this slot, never whether a date is free.
    """

    trainer = models.ForeignKey(
        "trainers.Trainer", models.CASCADE, related_name="slots"
    )
    day_of_week = models.PositiveSmallIntegerField(choices=DayOfWeek)
    time_slot = models.TimeField()
    status = models.CharField(
        max_length=20,
        choices=SlotStatus,
        default=SlotStatus.AVAILABLE,
        db_default=SlotStatus.AVAILABLE,
    )
    booking = models.ForeignKey(
        "bookings.TrainingSession",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="slots",
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    session_date = models.DateField(null=True, blank=True, editable=False)
    notes = models.TextField(blank=True, null=True)  # noqa: DJ001 (the seed's column)
    outside_hours = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Kept for the session in it alone; takes no new booking."),
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        db_table = "trainer_schedules"
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["trainer", "day_of_week", "time_slot"]
        constraints = [
            models.UniqueConstraint(
                fields=["trainer", "day_of_week", "time_slot"],
                name="trainer_schedules_one_slot_per_time",
            ),
            models.CheckConstraint(
                condition=Q(day_of_week__range=(0, 6)),
                name="trainer_schedules_day_of_week_range",
            ),
            models.CheckConstraint(
                condition=Q(status__in=SlotStatus.values),
                name="trainer_schedules_status_known",
            ),
            models.CheckConstraint(
                # PostgreSQL has a time of 24:00, which Python cannot read.
                condition=Q(time_slot__lte=time.max),
                name="trainer_schedules_time_readable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_day_of_week_display()} {self.time_slot:%H:%M}"
