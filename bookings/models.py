from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Never, Self, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.exceptions import ClientBusy, SessionMoved, SlotTaken, WrongStatus
from bookings.feeds import CalendarFeed as CalendarFeed  # as the next one
from bookings.gym import GymSettings as GymSettings  # a model, so Django looks here
from bookings.gym import GymSettingsChange as GymSettingsChange
from bookings.holds import Hold as Hold
from bookings.holds import Offer as Offer
from bookings.transactions import CLIENT_OVERLAP, TRAINER_OVERLAP, writing
from trainers.clock import at_gym
from trainers.models import SessionType, Trainer
from trainers.times import Int8Range, TsRange

LAST_MOMENT = timedelta(microseconds=1)
ONLY_ADDED_TO = "The history is only ever added to."


class SessionStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    CONFIRMED = "confirmed", _("Confirmed")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("No-show")


# Only these block a time.
ACTIVE = (SessionStatus.SCHEDULED, SessionStatus.CONFIRMED)


def lock_people(
    client_ids: Iterable[int], trainer_ids: Iterable[int]
) -> tuple[dict[int, Any], dict[int, Trainer]]:
    """Lock whoever a write concerns; returns the fresh rows by id.

    The one lock order, against deadlocks: clients before trainers, several of a
    kind by primary key. `no_key`, because inserting a session takes a key-share
    lock on the people it points to. The locks last until the transaction ends.
    """
    clients = get_user_model().objects.filter(pk__in=client_ids).order_by("pk")
    locked_clients = {row.pk: row for row in clients.select_for_update(no_key=True)}
    return locked_clients, Trainer.objects.lock(trainer_ids)


class TrainingSessionQuerySet(models.QuerySet["TrainingSession"]):
    def active(self) -> Self:
        return self.filter(status__in=ACTIVE)

    def upcoming(self, now: datetime) -> Self:
        return self.filter(
            Q(session_date__gt=now.date())
            | Q(session_date=now.date(), start_time__gt=now.time())
        )

    def unmarked(self, now: datetime) -> Self:
        """Over, and nobody has said how it went."""
        return self.active().filter(
            Q(session_date__lt=now.date())
            | Q(session_date=now.date(), end_time__lte=now.time())
        )

    def between(self, first: date, last: date) -> Self:
        return self.filter(session_date__range=(first, last))

    def overlapping(self, day: date, start: time, end: time) -> Self:
        return self.filter(session_date=day, start_time__lt=end, end_time__gt=start)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes what it found before it locked; raises SessionMoved if that moved."""
        with writing(using=self.db):
            found = {pk: people for pk, *people in self._with_people()}
            clients, trainers = zip(*found.values(), strict=True) if found else ((), ())
            lock_people(clients, trainers)
            same = TrainingSession.objects.using(self.db).filter(pk__in=found)
            if any(found[pk] != people for pk, *people in same._with_people()):
                raise SessionMoved
            return models.QuerySet.delete(same)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def update(self, **changes: Any) -> Never:
        self._closed("update")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Never:
        self._closed("bulk_create")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Never:
        self._closed("bulk_update")

    def _with_people(self) -> models.QuerySet["TrainingSession", tuple[int, int, int]]:
        return self.order_by().values_list("pk", "client_id", "trainer_id")

    def _closed(self, method: str) -> Never:
        raise TypeError(
            f"{method}() on sessions would pass by the lock and the slot rows: "
            "use the verbs in bookings.domain.booking, or save() one by one."
        )


class TrainingSession(models.Model):
    """One dated booking. These rows are the truth about who has which time.

    `save()` and `delete()` lock the people concerned first, so that a plain save from
    a shell is as safe as a verb of `bookings.domain.booking`; the verbs also check
    the rules and write the history.
    """

    # Where it stood before the write under way: `domain.projection` keeps it here.
    spans_before: Sequence[Any] = ()

    trainer = models.ForeignKey(
        Trainer, models.PROTECT, related_name="sessions", verbose_name=_("trainer")
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="sessions",
        verbose_name=_("member"),
    )
    session_date = models.DateField(_("date"))
    start_time = models.TimeField(_("from"))
    end_time = models.TimeField(_("until"))
    session_type = models.CharField(
        _("session type"),
        max_length=20,
        choices=SessionType,
        default=SessionType.PERSONAL_TRAINING,
        db_default=SessionType.PERSONAL_TRAINING,
    )
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=SessionStatus,
        default=SessionStatus.SCHEDULED,
        db_default=SessionStatus.SCHEDULED,
    )
    price = models.DecimalField(
        _("price"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    notes = models.TextField(
        _("notes"), blank=True, default="", db_default="", max_length=1000
    )
    checked_in_at = models.DateTimeField(
        _("checked in at"), null=True, blank=True, editable=False
    )
    cancelled_at = models.DateTimeField(
        _("cancelled at"), null=True, blank=True, editable=False
    )
    cancelled_late = models.BooleanField(
        _("late cancellation"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("The member cancelled when it was too late to do so freely."),
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_default=Now())

    objects = TrainingSessionQuerySet.as_manager()

    class Meta:
        db_table = "training_sessions"
        # Related managers and Django's own look-ups get the guarded QuerySet too.
        base_manager_name = "objects"
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["session_date", "start_time", "pk"]
        permissions = [
            ("book_session", "Can book sessions"),
            ("change_price", "Can change the price of a session"),
            ("export_sessions", "Can export sessions"),
        ]
        indexes = [
            # Grid, booking and projection ask for the active ones alone.
            models.Index(
                fields=["trainer", "session_date"],
                condition=Q(status__in=ACTIVE),
                name="sessions_trainer_active",
            ),
            models.Index(
                fields=["client", "session_date"], name="sessions_client_date"
            ),
            # The front desk's day and list, in the order of time for everybody.
            models.Index(
                fields=["session_date", "start_time", "id"], name="sessions_in_order"
            ),
            # What nobody marked: the active ones of the past, few among very many.
            models.Index(
                fields=["session_date", "start_time"],
                condition=Q(status__in=ACTIVE),
                name="sessions_active_by_day",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_time__gt=F("start_time")),
                name="training_sessions_end_after_start",
                violation_error_message=_("The session ends before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(end_time__lte=time(23, 59, 59, 999999)),
                name="training_sessions_end_same_day",
            ),
            models.CheckConstraint(
                # PostgreSQL's `infinity` is a date that Python cannot read.
                condition=Q(session_date__range=(date(2000, 1, 1), date(9999, 12, 31))),
                name="training_sessions_date_readable",
            ),
            models.CheckConstraint(
                condition=Q(status__in=SessionStatus.values),
                name="training_sessions_status_known",
            ),
            models.CheckConstraint(
                condition=Q(session_type__in=SessionType.values),
                name="training_sessions_type_known",
            ),
            models.CheckConstraint(
                # With an upper end, because NaN is greater than every number.
                condition=Q(price__range=(0, Decimal("9999999999.99"))),
                name="training_sessions_price_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_late=False) | Q(status=SessionStatus.CANCELLED),
                name="training_sessions_late_means_cancelled",
            ),
            ExclusionConstraint(
                name=TRAINER_OVERLAP,
                expressions=[
                    (Int8Range("trainer"), RangeOperators.OVERLAPS),
                    (
                        TsRange(F("session_date"), "start_time", "end_time"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(status__in=ACTIVE),
                violation_error_code=SlotTaken.code,
                violation_error_message=SlotTaken.sentence,
            ),
            ExclusionConstraint(
                name=CLIENT_OVERLAP,
                expressions=[
                    (Int8Range("client"), RangeOperators.OVERLAPS),
                    (
                        TsRange(F("session_date"), "start_time", "end_time"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(status__in=ACTIVE),
                violation_error_code=ClientBusy.code,
                violation_error_message=_(
                    "The member has another session at this time."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_date:%d.%m.%Y} {self.start_time:%H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises SlotTaken, ClientBusy or SessionMoved; WrongStatus where it would
        bring a session back that has ended: `reopen_session` checks that it can.
        As every write, also what `bookings.transactions` makes of a database error.
        """
        with writing(kwargs.get("using")):
            self.lock()
            changed = kwargs.get("update_fields")
            if self.is_active and (changed is None or "status" in changed):
                stored = TrainingSession.objects.filter(pk=self.pk)
                if stored.exclude(status__in=ACTIVE).exists():
                    raise WrongStatus
            self.save_locked(*args, **kwargs)

    def save_locked(self, *args: Any, **kwargs: Any) -> None:
        """As `save()`, for a verb that holds the locks."""
        for name in ("session_date", "start_time", "end_time"):
            # Whoever typed "09:00" gets a time back: the receivers compute with it.
            field = cast("models.Field[Any, Any]", self._meta.get_field(name))
            setattr(self, name, field.to_python(getattr(self, name)))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with writing(kwargs.get("using")):
            self.lock()
            return super().delete(*args, **kwargs)

    def clean(self) -> None:
        # A range that ends before it starts is an error of its own in PostgreSQL.
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            raise ValidationError({"end_time": _("The session ends before it starts.")})

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """The overlaps depend on the status, also in forms that do not show it."""
        super().validate_constraints(set(exclude or ()) - {"status"})

    def lock(self, and_trainer_id: int | None = None) -> None:
        """Lock the people of this session as it is stored and as it is about to be.

        Raises SessionMoved when somebody moved it to other people meanwhile: their
        locks can no longer be taken in order.
        """
        stored = self._stored_people()
        clients = {self.client_id, *(pk for pk, _ in stored)}
        trainers = {self.trainer_id, *(pk for _, pk in stored)}
        if and_trainer_id is not None:
            trainers.add(and_trainer_id)
        lock_people(clients, trainers)
        if stored and self._stored_people() != stored:
            raise SessionMoved

    def _stored_people(self) -> list[tuple[int, int]]:
        if self.pk is None:
            return []
        rows = TrainingSession.objects.filter(pk=self.pk)
        return list(rows.values_list("client_id", "trainer_id"))

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def starts(self) -> datetime:
        return at_gym(self.session_date, self.start_time)

    @property
    def ends(self) -> datetime:
        return at_gym(self.session_date, self.end_time)

    def stands_at(self, **place: Any) -> bool:
        """Whether a move there, in the words of `reschedule_session`, moves it."""
        return all(getattr(self, name) == value for name, value in place.items())

    @property
    def length(self) -> timedelta:
        length = self.ends.replace(tzinfo=None) - self.starts.replace(tzinfo=None)
        # Midnight at the end of a day is its last microsecond.
        return length + LAST_MOMENT if self.end_time == time.max else length

    def end_if_from(self, start: time) -> time | None:
        """When a session as long as this one would end; None after midnight."""
        midnight = datetime.combine(date.min + timedelta(days=1), time.min)
        end = datetime.combine(date.min, start) + self.length
        if end == midnight:
            return time.max
        return end.time() if end < midnight else None

    def facts(self) -> dict[str, Any]:
        """What the history keeps of a session, before and after each step."""
        return {
            "id": self.pk,
            "trainer_id": self.trainer_id,
            "client_id": self.client_id,
            "session_date": self.session_date,
            "start_time": self.start_time,
            "end_time": self.end_time,
            "status": str(self.status),
            "price": self.price,
            "cancelled_late": self.cancelled_late,
            "checked_in": self.checked_in_at is not None,
        }


class BookingEventQuerySet(models.QuerySet["BookingEvent"]):
    def update(self, **changes: Any) -> Never:
        raise TypeError(ONLY_ADDED_TO)

    def delete(self) -> Never:
        raise TypeError(ONLY_ADDED_TO)


class BookingEvent(models.Model):
    """One line of a session's history, written by the verb in its transaction."""

    class Action(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CONFIRMED = "confirmed", _("Confirmed")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        COMPLETED = "completed", _("Completed")
        NO_SHOW = "no_show", _("Marked as no-show")
        REOPENED = "reopened", _("Opened again")
        CHECKED_IN = "checked_in", _("Checked in")
        CHECK_IN_UNDONE = "check_in_undone", _("Check-in taken back")
        MARK_UNDONE = "mark_undone", _("Mark taken back")
        PRICED = "priced", _("Price changed")
        TYPE_CHANGED = "type_changed", _("Session type changed")

    session = models.ForeignKey(
        TrainingSession,
        models.SET_NULL,
        null=True,
        related_name="events",
        verbose_name=_("session"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("actor"),
    )
    action = models.CharField(_("action"), max_length=20, choices=Action)
    at = models.DateTimeField(pgettext_lazy("when it happened", "at"))
    before = models.JSONField(_("before"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    objects = BookingEventQuerySet.as_manager()

    class Meta:
        db_table = "booking_events"
        # Staff look up a day in the history of years.
        indexes = [models.Index(fields=["at"], name="booking_events_at")]
        verbose_name = _("booking event")
        verbose_name_plural = _("booking events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {localtime(self.at):%d.%m.%Y %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(ONLY_ADDED_TO)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError(ONLY_ADDED_TO)


class IdempotencyKey(models.Model):
    """A booking request that its sender may repeat: the repeat books nothing new."""

    client = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    session = models.ForeignKey(
        TrainingSession, models.SET_NULL, null=True, related_name="+"
    )
    answer = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "idempotency_keys"
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "key"], name="idempotency_keys_one_per_client"
            )
        ]

    def __str__(self) -> str:
        return self.key
