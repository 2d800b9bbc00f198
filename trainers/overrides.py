"""What differs from a trainer's week on some dates: time off, closures, extra hours."""

from datetime import date, time

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from trainers.times import Int8Range, TsRange
from trainers.wording import day_and_year, days_and_year, span


class TimeOff(models.Model):
    """A trainer is away from a moment until another, in gym time."""

    trainer = models.ForeignKey(
        "trainers.Trainer",
        models.CASCADE,
        related_name="time_off",
        verbose_name=_("trainer"),
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
    notice = models.CharField(
        _("reason for members"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("What members read beside the grid, like “On holiday”."),
    )

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
        return days_and_year(self.first_day, self.last_day)


class Closure(models.Model):
    """The whole gym is closed on these dates, and every grid says why."""

    name = models.CharField(
        _("name"),
        max_length=100,
        help_text=_("What members read beside the grid, like “Christmas Day”."),
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        db_table = "closures"
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="closures_end_after_start",
                violation_error_message=_("The closure ends before it starts."),
            ),
            models.CheckConstraint(
                # PostgreSQL's `infinity` is a date that Python cannot read.
                condition=Q(first_day__range=(date.min, date.max))
                & Q(last_day__range=(date.min, date.max)),
                name="closures_readable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {days_and_year(self.first_day, self.last_day)}"


class ExtraHours(models.Model):
    """A trainer also works in this span of one date.

    Its slots are as long as the trainer's others. Weekly slots inside it are open on
    that date, whatever staff say of them in other weeks.
    """

    trainer = models.ForeignKey(
        "trainers.Trainer",
        models.CASCADE,
        related_name="extra_hours",
        verbose_name=_("trainer"),
    )
    date = models.DateField(_("date"))
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("until"))

    class Meta:
        db_table = "extra_hours"
        verbose_name = verbose_name_plural = _("extra hours")
        ordering = ["date", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="extra_hours_end_after_start",
                violation_error_message=_("These hours end before they start."),
            ),
            models.CheckConstraint(
                condition=Q(date__range=(date.min, date.max))
                & Q(ends_at__lte=time.max),
                name="extra_hours_readable",
            ),
            ExclusionConstraint(
                name="extra_hours_no_overlap",
                expressions=[
                    (Int8Range("trainer"), RangeOperators.OVERLAPS),
                    (
                        TsRange(F("date"), "starts_at", "ends_at"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("These hours overlap others of that date."),
            ),
        ]

    def __str__(self) -> str:
        return f"{day_and_year(self.date)}, {span(self.starts_at, self.ends_at)}"

    def clean(self) -> None:
        # A range that ends before it starts is an error of its own in PostgreSQL.
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("These hours end before they start.")})
