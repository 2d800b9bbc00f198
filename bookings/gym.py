"""What the gym says of itself and asks of its members, and who changed it when."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel.core import get_global
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from trainers.clock import gym_now, time_until

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

    # For the history: who saves them, where that is known, and what stood before.
    changed_by: Any = None
    standing: Any = None

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
        """Tidies what was typed, then names each mistake at its field."""
        self.name, self.contact = self.name.strip(), self.contact.strip()
        self.opening = "\n".join(lines_of(self.opening))
        self.welcome = "\n".join(self.welcome.strip().splitlines())
        self.currency = self.currency.strip().upper()
        if mistakes := self.mistakes():
            raise ValidationError(mistakes)

    def mistakes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        notice, horizon = self.minimum_notice_hours, self.horizon_days
        if notice is not None and horizon and notice >= horizon * 24:
            found["minimum_notice_hours"] = _(
                "With so much notice nobody could book: the last day that can be "
                "booked comes sooner."
            )
        for field in ("name", "contact"):
            if not getattr(self, field).isprintable():
                found[field] = _("One line of plain text, please.")
        if self.currency and self.currency not in currencies():
            found["currency"] = _(
                "No country pays with “%(code)s” today. The three letters are like "
                "EUR, CHF or GBP."
            ) % {"code": self.currency}
        return found

    @property
    def gym_name(self) -> str:
        """What the gym is called; until somebody says so here, as the server's
        settings have it."""
        return self.name or settings.GYM_NAME

    @property
    def gym_currency(self) -> str:
        return self.currency or settings.CURRENCY

    @property
    def opening_lines(self) -> list[str]:
        return lines_of(self.opening)

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


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@lru_cache(maxsize=1)
def currencies() -> set[str]:
    """The ISO codes of what somewhere is legal tender today."""
    return {
        code
        for used in get_global("territory_currencies").values()
        for code, _since, until, tender in used
        if until is None and tender
    }


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


# What was read, for as long as `reading_once` lasts; None outside it.
_read: ContextVar[list[GymSettings] | None] = ContextVar("gym_settings", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Within it the settings are read at most once, and kept for nobody else.

    So a request goes by one set of rules from its beginning to its end. Whoever has
    no request, a command for one, reads anew each time and is never behind.
    """
    before = _read.set([])
    try:
        yield
    finally:
        _read.reset(before)


def gym_settings() -> GymSettings:
    """The gym's settings as they stand now: the one way to read them. One query."""
    kept = _read.get()
    if kept:
        return kept[0]
    gym = GymSettings.objects.first() or GymSettings()
    if kept is not None:
        kept.append(gym)
    return gym


def gym_name() -> str:
    return gym_settings().gym_name


def gym_currency() -> str:
    return gym_settings().gym_currency


# --- the history of the settings ---------------------------------------------------


def remember_settings(gym: GymSettings) -> None:
    """Before they are saved: what stands there now, and nobody changes meanwhile."""
    rows = GymSettings.objects.all()
    if connection.in_atomic_block:
        rows = rows.select_for_update()
    gym.standing = rows.first() or GymSettings()


def write_settings_change(gym: GymSettings) -> None:
    """After they are saved: who changed what, if anything was changed at all.

    `changed_by` is what the admin sets; a shell has nobody to name.
    """
    forget_settings()
    # Read again: an update of single fields leaves the others as they stand.
    before, after = said(gym.standing), said(GymSettings.objects.get())
    changed = [field for field in after if before[field] != after[field]]
    if changed:
        GymSettingsChange.objects.create(
            at=gym_now(),
            actor=gym.changed_by,
            before={field: before[field] for field in changed},
            after={field: after[field] for field in changed},
        )


def forget_settings() -> None:
    """What this request has read is no longer so."""
    kept = _read.get()
    if kept is not None:
        kept.clear()


def said(gym: GymSettings) -> dict[str, Any]:
    fields = [field for field in GymSettings._meta.concrete_fields if field.editable]
    return {field.name: getattr(gym, field.name) for field in fields}
