import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

TOKEN_BYTES = 32


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def renew(self, member: AbstractBaseUser) -> str:
        """Give the member's feed a new token, and end the old one.

        The token that it returns is stored nowhere: it can be shown this once.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.update_or_create(
            member_id=member.pk,
            defaults={"digest": CalendarFeed.digest_of(token), "renewed_at": Now()},
        )
        return token

    def presenting(self, token: str) -> "CalendarFeed | None":
        """The feed whose token this is, while its member may sign in."""
        feeds = self.filter(member__is_active=True).select_related("member")
        return feeds.filter(digest=CalendarFeed.digest_of(token)).first()


class CalendarFeed(models.Model):
    """The private address under which calendars read a member's sessions.

    Only the SHA-256 of its secret part is kept.
    """

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed"
    )
    digest = models.CharField(max_length=64, unique=True)
    renewed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        db_table = "calendar_feeds"
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return f"Feed {self.pk}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode(errors="replace")).hexdigest()
