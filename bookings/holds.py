"""Times that are kept for somebody, and offers of them in place of a session."""

import hashlib
import secrets
from datetime import date, datetime, time
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from bookings.transactions import HOLDS_OVERLAP
from trainers.times import Int8Range, TsRange

TOKEN_BYTES = 32


class HoldQuerySet(models.QuerySet["Hold"]):
    def standing(self, now: datetime) -> Self:
        """Neither given up nor run out at `now`."""
        return self.filter(ended_at=None, until__gt=now)

    def overlapping(self, day: date, start: time, end: time) -> Self:
        return self.filter(session_date=day, start_time__lt=end, end_time__gt=start)


class Hold(models.Model):
    """A trainer's time that is kept for a member until a moment.

    Until then nobody else can have it. No job ends it: whoever asks compares `until`
    with the clock, and one that has run out is marked as ended when its time is next
    given to somebody. `bookings.domain.holding` places and ends holds, under the
    trainer's lock.
    """

    class Why(models.TextChoices):
        OFFER = "offer", _("Offered in place of a session")

    trainer = models.ForeignKey(
        "trainers.Trainer",
        models.CASCADE,
        related_name="holds",
        verbose_name=_("trainer"),
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="holds",
        verbose_name=_("member"),
    )
    session_date = models.DateField(_("date"))
    start_time = models.TimeField(_("from"))
    end_time = models.TimeField(_("until"))
    why = models.CharField(_("why"), max_length=20, choices=Why)
    until = models.DateTimeField(_("held until"))
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    ended_at = models.DateTimeField(
        _("ended at"), null=True, blank=True, editable=False
    )

    objects = HoldQuerySet.as_manager()

    class Meta:
        db_table = "holds"
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["session_date", "start_time", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_time__gt=F("start_time")),
                name="holds_end_after_start",
            ),
            models.CheckConstraint(
                condition=Q(end_time__lte=time.max)
                & Q(session_date__range=(date(2000, 1, 1), date(9999, 12, 31))),
                name="holds_readable",
            ),
            ExclusionConstraint(
                name=HOLDS_OVERLAP,
                expressions=[
                    (Int8Range("trainer"), RangeOperators.OVERLAPS),
                    (
                        TsRange(F("session_date"), "start_time", "end_time"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_date:%d.%m.%Y} {self.start_time:%H:%M}"

    def is_standing(self, now: datetime) -> bool:
        return self.ended_at is None and self.until > now

    @property
    def kept_until(self) -> datetime:
        """`until`, on the gym's wall."""
        return localtime(self.until)

    def place(self) -> dict[str, Any]:
        """In the words of `reschedule_session`."""
        return {
            "trainer_id": self.trainer_id,
            "session_date": self.session_date,
            "start_time": self.start_time,
            "end_time": self.end_time,
        }


class OfferQuerySet(models.QuerySet["Offer"]):
    def presenting(self, token: str) -> "Offer | None":
        """The offer whose link this is, while its member has an account."""
        offers = self.filter(session__client__is_active=True).with_places()
        return offers.filter(digest=Offer.digest_of(token)).first()

    def waiting(self, now: datetime) -> Self:
        """Neither answered nor run out nor settled otherwise at `now`."""
        return self.filter(answer="", hold__ended_at=None, hold__until__gt=now)

    def with_places(self) -> Self:
        return self.select_related(
            "session__trainer", "session__client", "hold__trainer"
        )


class Offer(models.Model):
    """Another time in place of a session that cannot be, held until it is answered.

    The member answers by the link in a mail, on the session's page, or on the phone
    to the front desk. Only the SHA-256 of the link's secret is kept.
    """

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXCHANGED = "exchanged", _("Chose another time")

    session = models.ForeignKey(
        "bookings.TrainingSession",
        models.CASCADE,
        related_name="offers",
        verbose_name=_("session"),
    )
    hold = models.OneToOneField(
        Hold, models.CASCADE, related_name="offer", verbose_name=_("hold")
    )
    cause = models.CharField(_("what the member is told"), max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made at"))
    mailed_at = models.DateTimeField(_("mailed at"), null=True, blank=True)
    answer = models.CharField(
        _("answer"), max_length=10, choices=Answer, blank=True, default=""
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        db_table = "offers"
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="offers_answered_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}: {self.hold}"

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(TOKEN_BYTES)

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()
