import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

TOKEN_BYTES = 32


class CalendarFeedKind(models.TextChoices):
    """Whose sessions it holds: those that its owner takes, or gives as a trainer."""

    MEMBER = "member", _("Own sessions")
    COACH = "coach", _("Sessions as a trainer")


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def renew(
        self, member: AbstractBaseUser, kind: str = CalendarFeedKind.MEMBER
    ) -> str:
        """Give the member's feed a new token, and end the old one.

        The token that it returns is stored nowhere: it can be shown this once.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.update_or_create(
            member_id=member.pk,
            kind=kind,
            defaults={"digest": CalendarFeed.digest_of(token), "renewed_at": Now()},
        )
        return token

    def presenting(self, token: str) -> "CalendarFeed | None":
        """The feed whose token this is, while its member may sign in.

        A trainer's, while that person is a trainer.
        """
        own = models.Q(kind=CalendarFeedKind.MEMBER)
        feeds = self.filter(own | models.Q(member__trainer__isnull=False))
        feeds = feeds.filter(member__is_active=True)
        feeds = feeds.select_related("member__trainer")
        return feeds.filter(digest=CalendarFeed.digest_of(token)).first()


class CalendarFeed(models.Model):
    """The private address under which calendars read a person's sessions.

    Only the SHA-256 of its secret part is kept.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="calendar_feeds",
        db_index=False,  # the constraint has one
    )
    kind = models.CharField(
        max_length=10,
        choices=CalendarFeedKind,
        default=CalendarFeedKind.MEMBER,
        db_default=CalendarFeedKind.MEMBER,
    )
    digest = models.CharField(max_length=64, unique=True)
    renewed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        db_table = "calendar_feeds"
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"], name="calendar_feeds_one_per_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=CalendarFeedKind.values),
                name="calendar_feeds_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Feed {self.pk}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()
