from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self
from zlib import crc32

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, F, Q, Value
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Models, so Django looks here.
from trainers.overrides import Closure as Closure
from trainers.overrides import ExtraHours as ExtraHours
from trainers.overrides import TimeOff as TimeOff
from trainers.slots import DatedSlot as DatedSlot
from trainers.slots import SlotStatus as SlotStatus
from trainers.slots import TrainerSchedule as TrainerSchedule
from trainers.times import MINUTE, Int8Range, TsRange, end_after
from trainers.times import DayOfWeek as DayOfWeek

CENT = Decimal("0.01")
AVATAR_HUES = 8
# Minutes; nobody asks what a whole day costs.
LONGEST_SHOWN = 180


class SessionType(models.TextChoices):
    """What a trainer may offer; `bookings.TrainingSession` records which it was."""

    PERSONAL_TRAINING = "personal_training", _("Personal training")
    GROUP_SESSION = "group_session", _("Group session")
    CONSULTATION = "consultation", _("Consultation")
    DEMO = "demo", _("Demo")


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
