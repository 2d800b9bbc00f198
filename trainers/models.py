from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self
from zlib import crc32

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Deferrable, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from trainers.clock import is_on_the_clock

MINUTE = timedelta(minutes=1)
CENT = Decimal("0.01")
AVATAR_HUES = 8
# Minutes; nobody asks what a whole day costs.
LONGEST_SHOWN = 180


class DayOfWeek(models.IntegerChoices):
    """Sunday is 0, as in SQL's EXTRACT(DOW). Nothing but `of` computes weekdays."""

    SUNDAY = 0, _("Sunday")
    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")

    @classmethod
    def of(cls, day: date) -> "DayOfWeek":
        return cls(day.isoweekday() % 7)


class SlotStatus(models.TextChoices):
    AVAILABLE = "available", _("Available")
    BOOKED = "booked", _("Booked")
    UNAVAILABLE = "unavailable", _("Unavailable")
    BREAK = "break", _("Break")


class SessionType(models.TextChoices):
    """What a trainer may offer; `bookings.TrainingSession` records which it was."""

    PERSONAL_TRAINING = "personal_training", _("Personal training")
    GROUP_SESSION = "group_session", _("Group session")
    CONSULTATION = "consultation", _("Consultation")
    DEMO = "demo", _("Demo")


def end_after(start: time, length: timedelta) -> time:
    """Midnight at the latest: what lasts longer has no time of that day."""
    end = datetime.combine(date.min, start) + length
    return end.time() if end.date() == date.min else time.max


def moment(expression: Any) -> models.ExpressionWrapper:
    """A date plus a time: in gym time, without a zone, as PostgreSQL adds them."""
    return models.ExpressionWrapper(expression, models.DateTimeField())


class Int8Range(Func):
    """A number as a range of one, which GiST can exclude without an extension.

    Takes the field's name, not the column's: only the former is replaced by the
    row's own value when a form asks the constraint.
    """

    function = "int8range"
    output_field = BigIntegerRangeField()

    def __init__(self, number: str) -> None:
        super().__init__(F(number), F(number), Value("[]"))


class TsRange(Func):
    """[from, until): back-to-back spans touch and do not overlap."""

    function = "tsrange"
    output_field = DateTimeRangeField()

    def __init__(self, day: Any, starts: str, ends: str) -> None:
        super().__init__(moment(day + F(starts)), moment(day + F(ends)), Value("[)"))


def usual_session_types() -> list[str]:
    return [SessionType.PERSONAL_TRAINING, SessionType.CONSULTATION]


class TrainerQuerySet(models.QuerySet["Trainer"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def lock(self, trainer_ids: Iterable[int]) -> dict[int, "Trainer"]:
        """The trainers by id, locked until the transaction ends.

        Whoever writes sessions, slots, hours or time off of a trainer holds this
        lock. Where members are locked too they come first: see
        `bookings.models.lock_people`.
        """
        rows = self.filter(pk__in=trainer_ids).order_by("pk")
        return {row.pk: row for row in rows.select_for_update(no_key=True)}

    def lock_one(self, trainer_id: int) -> "Trainer":
        """As `lock`, for one trainer; raises Trainer.DoesNotExist."""
        return self.select_for_update(no_key=True).get(pk=trainer_id)


class Trainer(models.Model):
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        pgettext_lazy("of a page", "address"),
        unique=True,
        blank=True,
        help_text=_(
            "The last part of the page's address. Made from the name if empty."
        ),
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="trainer",
        help_text=_("The trainer's own account, if there is one."),
        verbose_name=_("user"),
    )
    specialisation = models.CharField(_("specialisation"), max_length=100, blank=True)
    about = models.TextField(_("about"), blank=True)
    hourly_rate = models.DecimalField(
        _("hourly rate"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "Per hour. A session costs its length in hours times this, as it is "
            "when the session is booked."
        ),
    )
    session_minutes = models.PositiveSmallIntegerField(
        _("session length"),
        default=60,
        db_default=60,
        validators=[MinValueValidator(15), MaxValueValidator(240)],
        help_text=_("Minutes. The working hours are cut into slots of this length."),
    )
    session_types = ArrayField(
        models.CharField(max_length=20, choices=SessionType),
        default=usual_session_types,
        help_text=_("What members can choose when they book."),
        verbose_name=_("session types"),
    )
    is_active = models.BooleanField(
        _("takes bookings"),
        default=True,
        db_default=True,
        help_text=_(
            "Without the tick, members no longer see the trainer; booked "
            "sessions stand."
        ),
    )
    # Names the picture in `TrainerPhoto`; empty where there is none.
    photo_digest = models.CharField(
        _("photo digest"),
        max_length=32,
        default="",
        db_default="",
        blank=True,
        editable=False,
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_default=Now())

    objects = TrainerQuerySet.as_manager()

    class Meta:
        db_table = "trainers"
        verbose_name = _("trainer")
        verbose_name_plural = _("trainers")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(session_minutes__range=(15, 240)),
                name="trainers_session_minutes_range",
            ),
            models.CheckConstraint(
                condition=Q(hourly_rate__gte=0),
                name="trainers_hourly_rate_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = self.slug or self._free_slug()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("week", args=[self.slug])

    @property
    def session_length(self) -> timedelta:
        return self.session_minutes * MINUTE

    def end_of_slot(self, start: time) -> time:
        """When a slot from `start` ends; at midnight at the latest."""
        return end_after(start, self.session_length)

    def price_of(self, start: time, end: time) -> Decimal:
        """Rate per hour times length, rounded half up to the cent."""
        length = datetime.combine(date.min, end) - datetime.combine(date.min, start)
        # Midnight at the end of a day is its last microsecond.
        seconds = Decimal((length + timedelta.resolution) // timedelta(seconds=1))
        # Divided last: a third of an hour is cut short, and half a cent with it.
        return (self.hourly_rate * seconds / 3600).quantize(CENT, ROUND_HALF_UP)

    @property
    def slot_price(self) -> Decimal:
        return self.price_of(time.min, self.end_of_slot(time.min))

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def session_type_names(self) -> list[str]:
        return [str(SessionType(value).label) for value in self.session_types]

    @property
    def photo_url(self) -> str:
        """Another address for another picture; empty where there is none."""
        if not self.photo_digest:
            return ""
        return reverse("photo", args=[self.slug, self.photo_digest])

    @property
    def hue(self) -> int:
        """Which of the avatars' colours is this name's, from 1."""
        return crc32(self.name.encode()) % AVATAR_HUES + 1

    @property
    def prices(self) -> list[tuple[int, Decimal]]:
        """Minutes and price of a session, and of up to three in a row."""
        lengths = [n * self.session_minutes for n in (1, 2, 3)]
        return [
            (minutes, self.price_of(time.min, end_after(time.min, minutes * MINUTE)))
            for minutes in lengths
            if minutes <= max(self.session_minutes, LONGEST_SHOWN)
        ]

    def _free_slug(self) -> str:
        slug = stem = slugify(self.name)[:40] or "trainer"
        number = 1
        while Trainer.objects.filter(slug=slug).exclude(pk=self.pk).exists():
            number += 1
            slug = f"{stem}-{number}"
        return slug


class TrainerPhoto(models.Model):
    """The bytes, in a table of their own: whoever reads trainers reads no pictures.

    `trainers.photo` makes them and keeps the trainer's `photo_digest` in step.
    """

    trainer = models.OneToOneField(
        Trainer, models.CASCADE, primary_key=True, related_name="photo"
    )
    image = models.BinaryField()

    class Meta:
        db_table = "trainer_photos"
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return str(self.trainer)


class WorkingHours(models.Model):
    """One span of a trainer's week; a day may have any number of them.

    The admin fits the slots to changed hours. Whoever changes them otherwise runs
    `manage.py init_trainer_schedules` afterwards.
    """

    trainer = models.ForeignKey(
        Trainer, models.CASCADE, related_name="working_hours", verbose_name=_("trainer")
    )
    day_of_week = models.PositiveSmallIntegerField(_("day of week"), choices=DayOfWeek)
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("until"))

    class Meta:
        db_table = "working_hours"
        verbose_name = verbose_name_plural = _("working hours")
        ordering = ["day_of_week", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(day_of_week__range=(0, 6)),
                name="working_hours_day_of_week_range",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="working_hours_end_after_start",
                violation_error_message=_("These hours end before they start."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__lte=time.max), name="working_hours_end_same_day"
            ),
            ExclusionConstraint(
                name="working_hours_no_overlap",
                expressions=[
                    (Int8Range("trainer"), RangeOperators.OVERLAPS),
                    (Int8Range("day_of_week"), RangeOperators.OVERLAPS),
                    (
                        # Any one date serves: only the times of day are compared.
                        TsRange(Value(date(2000, 1, 1)), "starts_at", "ends_at"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("These hours overlap others of that day."),
                # Spans that change places overlap while one of them is saved.
                deferrable=Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        day = self.get_day_of_week_display()
        return f"{day} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"

    def clean(self) -> None:
        # A range that ends before it starts is an error of its own in PostgreSQL.
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("These hours end before they start.")})
        for name in ("starts_at", "ends_at"):
            at: time | None = getattr(self, name)
            if at and at != at.replace(second=0, microsecond=0):
                raise ValidationError({name: _("Give whole minutes, like 09:00.")})


class TimeOffQuerySet(models.QuerySet["TimeOff"]):
    def overlapping(self, starts: Any, ends: Any) -> Self:
        until = Coalesce("ends_at", Value(time.max))
        return self.annotate(
            from_moment=moment(F("first_day") + F("starts_at")),
            until_moment=moment(F("last_day") + until),
        ).filter(from_moment__lt=ends, until_moment__gt=starts)


class TimeOff(models.Model):
    """A trainer is away from a moment until another, in gym time."""

    trainer = models.ForeignKey(
        Trainer, models.CASCADE, related_name="time_off", verbose_name=_("trainer")
    )
    first_day = models.DateField(_("first day"))
    starts_at = models.TimeField(_("from"), default=time.min, db_default=time.min)
    last_day = models.DateField(_("last day"))
    ends_at = models.TimeField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("Empty: until the end of the last day."),
    )
    reason = models.CharField(
        _("reason"),
        max_length=200,
        blank=True,
        help_text=_("For staff; members do not see it."),
    )

    objects = TimeOffQuerySet.as_manager()

    class Meta:
        db_table = "time_off"
        verbose_name = verbose_name_plural = _("time off")
        ordering = ["first_day", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | (
                    Q(last_day=F("first_day"))
                    & (Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))
                ),
                name="time_off_end_after_start",
                violation_error_message=_("The time off ends before it starts."),
            ),
            models.CheckConstraint(
                # Neither `infinity` nor 24:00 can be read by Python.
                condition=Q(first_day__range=(date.min, date.max))
                & Q(last_day__range=(date.min, date.max))
                & Q(starts_at__lte=time.max)
                & (Q(ends_at=None) | Q(ends_at__lte=time.max)),
                name="time_off_readable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%d.%m.%Y} – {self.last_day:%d.%m.%Y}"


@dataclass(frozen=True, slots=True)
class DatedSlot:
    """A weekly slot on one date, as far as the trainer decides about it."""

    trainer_id: int
    day: date
    starts: time
    ends: time
    status: str
    is_off: bool
    outside_hours: bool

    def overlaps(self, day: date, start: time, end: time) -> bool:
        return self.day == day and start < self.ends and self.starts < end

    @property
    def is_open(self) -> bool:
        """Nothing but a session can be in the way."""
        closed = (SlotStatus.UNAVAILABLE, SlotStatus.BREAK)
        return not (self.outside_hours or self.is_off or self.status in closed)


class TrainerScheduleQuerySet(models.QuerySet["TrainerSchedule"]):
    def dated(self, days: Iterable[date]) -> list[DatedSlot]:
        """These slots on these dates, at most seven in a row, in order of time.

        Without those whose hour the clock leaves out on the date. One query.
        """
        by_day = {DayOfWeek.of(day): day for day in days}
        on_date = Case(
            *[When(day_of_week=day, then=Value(on)) for day, on in by_day.items()],
            output_field=models.DateField(),
        )
        length = F("trainer__session_minutes") * Value(MINUTE)
        away = TimeOff.objects.filter(trainer=OuterRef("trainer")).overlapping(
            OuterRef("starts"), OuterRef("ends")
        )
        rows = (
            self.filter(day_of_week__in=by_day)
            .annotate(date=on_date)
            .annotate(starts=moment(F("date") + F("time_slot")))
            .annotate(ends=moment(F("starts") + length))
            .annotate(is_off=Exists(away))
            .order_by("starts", "trainer")
            .values_list(
                "trainer", "starts", "ends", "status", "is_off", "outside_hours"
            )
        )
        return [
            DatedSlot(
                trainer_id,
                starts.date(),
                starts.time(),
                # A kept slot may be longer now and reach past midnight.
                ends.time() if ends.date() == starts.date() else time.max,
                status,
                is_off,
                outside_hours,
            )
            for trainer_id, starts, ends, status, is_off, outside_hours in rows
            if is_on_the_clock(starts)
        ]


class TrainerSchedule(models.Model):
    """A slot: one weekly cell of a trainer.

    `booking`, `client`, `session_date` and the status `booked` are a projection of
    the sessions, kept by `bookings.signals` as the seed's triggers kept them. They
    say which session comes first in this slot, never whether a date is free.
    """

    trainer = models.ForeignKey(Trainer, models.CASCADE, related_name="slots")
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

    objects = TrainerScheduleQuerySet.as_manager()

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
