"""What the gym asks of its members: how early, how far ahead, how much, how late."""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from trainers.clock import time_until

ONLY_ROW = 1
TWO_WEEKS_IN_HOURS = 14 * 24
TWO_YEARS_IN_DAYS = 2 * 365


class Joining(models.TextChoices):
    OPEN = "open", _("Everybody who signs up")
    APPROVAL = "approval", _("Who signs up, once staff have approved")
    INVITATION = "invitation", _("Whom staff invite")


class GymSettings(models.Model):
    """One row; until it is saved for the first time, its defaults hold."""

    id = models.PositiveSmallIntegerField(
        primary_key=True, default=ONLY_ROW, editable=False
    )
    minimum_notice_hours = models.PositiveSmallIntegerField(
        _("minimum notice"),
        default=2,
        db_default=2,
        validators=[MaxValueValidator(TWO_WEEKS_IN_HOURS)],
        help_text=_("Hours. Members book at least this long before the start."),
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("how far ahead"),
        default=60,
        db_default=60,
        validators=[MinValueValidator(1), MaxValueValidator(TWO_YEARS_IN_DAYS)],
        help_text=_("Days. Members book today and up to this many days ahead."),
    )
    most_upcoming = models.PositiveSmallIntegerField(
        _("most sessions ahead"),
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("How many sessions a member may have ahead at one time."),
    )
    most_per_day = models.PositiveSmallIntegerField(
        _("most sessions a day"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
        help_text=_("How many sessions a member may have with one trainer on a day."),
    )
    cancel_cut_off_hours = models.PositiveSmallIntegerField(
        _("cancelling until"),
        default=12,
        db_default=12,
        validators=[MaxValueValidator(TWO_WEEKS_IN_HOURS)],
        help_text=_(
            "Hours before the start. Until then members cancel and move freely; "
            "afterwards cancelling counts as late, and moving is not possible."
        ),
    )

    name = models.CharField(
        _("name"),
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of the gym, as members read it on every page and in mails."),
    )
    opening = models.TextField(
        _("opening hours"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("One line each, like “Monday to Friday 06:00–22:00”."),
    )
    joining = models.CharField(
        _("who may join"),
        max_length=10,
        choices=Joining,
        default=Joining.OPEN,
        db_default=Joining.OPEN,
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        default="",
        db_default="",
        help_text=_("Three letters, like EUR. Changing it converts no price."),
    )
    welcome = models.TextField(
        _("welcome"),
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        help_text=_("What the first page says above the trainers."),
    )
    contact = models.CharField(
        _("how to reach the front desk"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where members can call or come: a phone number, a place."),
    )

    class Meta:
        db_table = "gym_settings"
        verbose_name = verbose_name_plural = _("settings of the gym")
        constraints = [
            models.CheckConstraint(
                condition=Q(id=ONLY_ROW), name="gym_settings_one_row"
            ),
            models.CheckConstraint(
                condition=Q(minimum_notice_hours__lte=TWO_WEEKS_IN_HOURS)
                & Q(horizon_days__range=(1, TWO_YEARS_IN_DAYS))
                & Q(most_upcoming__range=(1, 1000))
                & Q(most_per_day__range=(1, 24))
                & Q(cancel_cut_off_hours__lte=TWO_WEEKS_IN_HOURS),
                name="gym_settings_in_range",
            ),
            models.CheckConstraint(
                condition=Q(joining__in=Joining.values),
                name="gym_settings_joining_known",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Settings of the gym"))

    def clean(self) -> None:
        notice, horizon = self.minimum_notice_hours, self.horizon_days
        if notice is not None and horizon and notice >= horizon * 24:
            raise ValidationError(
                {
                    "minimum_notice_hours": _(
                        "With so much notice nobody could book: the last day that can "
                        "be booked comes sooner."
                    )
                }
            )

    def is_too_soon(self, starts: datetime, now: datetime) -> bool:
        return time_until(starts, now) < timedelta(hours=self.minimum_notice_hours)

    def is_too_far(self, day: date, now: datetime) -> bool:
        return day > self.last_day(now)

    def last_day(self, now: datetime) -> date:
        """The last date that members can book at `now`."""
        try:
            return now.date() + timedelta(days=self.horizon_days)
        except OverflowError:
            return date.max

    def cut_off(self, starts: datetime) -> datetime:
        """Until when what starts then can be cancelled freely, in gym time."""
        free = starts.astimezone(UTC) - timedelta(hours=self.cancel_cut_off_hours)
        return free.astimezone(starts.tzinfo)

    def is_past_cut_off(self, starts: datetime, now: datetime) -> bool:
        """Whether cancelling what starts then counts as late."""
        return time_until(starts, now) < timedelta(hours=self.cancel_cut_off_hours)


class GymSettingsChange(models.Model):
    """One line of the settings' history: what was changed from what to what."""

    at = models.DateTimeField(pgettext_lazy("when it happened", "at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("actor"),
    )
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        db_table = "gym_settings_changes"
        verbose_name = _("change of the settings")
        verbose_name_plural = _("changes of the settings")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{localtime(self.at):%d.%m.%Y %H:%M}"


def gym_settings() -> GymSettings:
    """The gym's rules as they stand now. One query."""
    return GymSettings.objects.first() or GymSettings()
