import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import DatabaseError, models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

HOUR = timedelta(hours=1)


class UserManager(BaseUserManager["User"]):
    def get(self, *args: Any, **kwargs: Any) -> "User":
        """With the trainer whom the person is, if any: every page's masthead asks."""
        return self.select_related("trainer").get(*args, **kwargs)

    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class TimeDisplay(models.TextChoices):
    TWENTY_FOUR_HOURS = "24", _("18:00 (24 hours)")
    TWELVE_HOURS = "12", _("6:00 PM (12 hours)")


class User(AbstractBaseUser, PermissionsMixin):
    """A person the gym knows; signs in by email.

    The front desk also adds members who have no email: they cannot sign in, and
    any number of them may exist.
    """

    email = models.EmailField(_("email"), unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    time_display = models.CharField(
        _("times written"),
        max_length=2,
        choices=TimeDisplay,
        default=TimeDisplay.TWENTY_FOUR_HOURS,
        db_default=TimeDisplay.TWENTY_FOUR_HOURS,
    )
    language = models.CharField(
        _("language"),
        max_length=5,
        choices=[("", _("As the browser says")), *settings.LANGUAGES],
        blank=True,
        default="",
        db_default="",
    )
    staff_notes = models.TextField(
        _("notes for staff"),
        max_length=2000,
        blank=True,
        default="",
        db_default="",
        help_text=_("Neither the member nor the trainers read them."),
    )
    blocked_because = models.CharField(
        _("booking blocked because"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("The member is shown this reason. Empty: the member may book."),
    )
    awaits_approval = models.BooleanField(
        _("waits for approval"), default=False, db_default=False
    )
    is_active = models.BooleanField(
        _("may sign in"),
        default=True,
        db_default=True,
        help_text=_("Take the tick away instead of deleting the person."),
    )
    is_staff = models.BooleanField(
        _("may open the admin"), default=False, db_default=False
    )
    date_joined = models.DateTimeField(
        _("date joined"), db_default=Now(), editable=False
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        db_table = "users"
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            # One spelling per address, so that the unique index sees them as one.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="users_email_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(time_display__in=TimeDisplay.values),
                name="users_time_display_known",
            ),
            models.CheckConstraint(
                condition=models.Q(language__in=["", *dict(settings.LANGUAGES)]),
                name="users_language_known",
            ),
        ]

    def __str__(self) -> str:
        return (
            self.name
            or self.email
            or gettext("Member %(number)s") % {"number": self.pk}
        )

    def clean(self) -> None:
        self.email = self.email.lower() if self.email else None

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return (self.name or self.email or "").split(" ")[0].split("@")[0]


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def issue(self, user: User, *, name: str) -> tuple["ApiToken", str]:
        """Make a token; the secret it returns beside the row is stored nowhere."""
        secret = f"finova_{secrets.token_urlsafe(32)}"
        digest = ApiToken.digest_of(secret)
        return self.create(user=user, name=name, digest=digest), secret

    def live(self) -> Self:
        return self.filter(revoked_at=None)

    def presenting(self, secret: str) -> Self:
        """The live token whose secret this is, if its owner may still sign in."""
        digest = ApiToken.digest_of(secret)
        presented = self.live().filter(digest=digest, user__is_active=True)
        return presented.select_related("user")


class ApiToken(models.Model):
    """A key with which a program books for one user. Only its SHA-256 is kept."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="api_tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(
        _("last used at"), null=True, blank=True, editable=False
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "api_tokens"
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    def note_use(self, now: datetime) -> None:
        """To the hour: a program that asks every second writes no row each time."""
        if self.last_used_at is None or now - self.last_used_at > HOUR:
            # A database that takes no writes just now is still good to read from.
            with suppress(DatabaseError):
                ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
