from typing import Any

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.usersessions import admin as usersessions_admin
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from finova.accounts.forms import UserCreationForm
from finova.accounts.models import ApiToken, User

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = UserCreationForm
    add_form_template = None
    list_display = ["name", "email", "phone", "is_active", "date_joined"]
    list_filter = ["groups", "is_active", "is_staff"]
    search_fields = ["name", "email", "phone"]
    ordering = ["name", "pk"]
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [
        (
            None,
            {
                "fields": ["name", "email", "phone"],
                "description": _(
                    "Without an email the person cannot sign in; staff book for them. "
                    "With one, they choose a password through “Forgot your password?” "
                    "on the sign-in page."
                ),
            },
        )
    ]
    fieldsets = [
        (None, {"fields": ["name", "email", "phone", "password"]}),
        (pgettext_lazy("permissions", "May"), {"fields": ["is_active", *POWERS]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Only an administrator hands out powers: nobody can give them to oneself."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, *POWERS]

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """A new email address takes the old one's way into the account away."""
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff accounts are the administrator's: a new password is a way in."""
        allowed = super().has_change_permission(request, obj)
        if obj is None or request.user.is_superuser:
            return allowed
        return allowed and not (obj.is_staff or obj.is_superuser)


class PersonalAdmin(admin.ModelAdmin):
    """What is one person's, and names that person.

    The log of a deletion outlives the person's account, so it tells the number only.
    """

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        logged = super().log_deletions(request, queryset)
        theirs = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(self.model)
        )
        for row in queryset:
            nameless = _("%(what)s of person %(number)s") % {
                "what": self.opts.verbose_name,
                "number": row.user_id,
            }
            theirs.filter(object_id=row.pk).update(object_repr=nameless)
        return logged


@admin.register(ApiToken)
class ApiTokenAdmin(PersonalAdmin):
    """Tokens are made on the account's page, or by a command, and revoked here."""

    list_display = ["name", "user", "created_at", "revoked_at"]
    list_select_related = ["user"]
    fields = ["name", "user", "created_at", "revoked_at"]
    readonly_fields = ["user", "created_at"]
    search_fields = ["name", "user__email", "user__name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).defer("digest")


# allauth's own show the secrets, and search by a name that our people do not have.
for registered in (
    account_admin.EmailAddress,
    mfa_admin.Authenticator,
    usersessions_admin.UserSession,
):
    admin.site.unregister(registered)


@admin.register(EmailAddress)
class EmailAddressAdmin(PersonalAdmin, account_admin.EmailAddressAdmin):
    pass


@admin.register(mfa_admin.Authenticator)
class AuthenticatorAdmin(PersonalAdmin):
    """Who has lost app, passkey and recovery codes gets the second step taken away."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = ["type"]
    search_fields = ["user__email", "user__name"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
