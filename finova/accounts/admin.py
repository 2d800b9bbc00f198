from functools import partial
from typing import Any

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.usersessions import admin as usersessions_admin
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.db.transaction import on_commit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from bookings.domain.callers import is_phone, people_like
from finova.accounts.forms import UserCreationForm
from finova.accounts.joining import (
    Letters,
    approve,
    can_be_invited,
    invite,
    site_of,
)
from finova.accounts.members import (
    sessions_of,
    with_counts,
)
from finova.accounts.models import ApiToken, User
from finova.accounts.powers import PersonForm, is_manager, may_change, roles_to_give
from trainers.clock import gym_now

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")
MOST_NAMED = 5


class BookingFilter(admin.SimpleListFilter):
    title = _("booking")
    parameter_name = "booking"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("blocked", _("Blocked")), ("waits", _("Waits for approval"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "blocked":
            return queryset.exclude(blocked_because="")
        if self.value() == "waits":
            return queryset.filter(awaits_approval=True)
        return queryset


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = PersonForm
    add_form = UserCreationForm
    add_form_template = None
    list_display = [
        "name",
        "contact",
        "state",
        "upcoming",
        "missed",
        "late",
    ]
    list_filter = [BookingFilter, "groups", "is_active", "is_staff"]
    search_fields = ["name", "email", "phone"]
    show_full_result_count = False
    list_per_page = 50
    ordering = ["name", "pk"]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["approve", "invite", "unblock"]
    add_fieldsets = [
        (
            None,
            {
                "fields": ["name", "email", "phone", "invite"],
                "description": _(
                    "Without an email the person cannot sign in; staff book for them."
                ),
            },
        )
    ]
    fieldsets = [
        (None, {"fields": ["name", "email", "phone", "password"]}),
        (_("For staff"), {"fields": ["blocked_because", "staff_notes"]}),
        (
            _("What this person may do"),
            {"fields": ["is_active", *POWERS], "classes": ["collapse"]},
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """How a password is kept is nobody's business at the desk."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or request.user.is_superuser:
            return fieldsets
        return [
            (title, {**told, "fields": [f for f in told["fields"] if f != "password"]})
            for title, told in fieldsets
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_counts(super().get_queryset(request), now=gym_now())

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """0151-234 finds what was typed as (0151) 23 45 67, or as +49 151 23 45 67."""
        found, twice = super().get_search_results(request, queryset, search_term)
        if is_phone(search_term):
            reached = list(people_like(search_term).values_list("pk", flat=True))
            found = queryset.filter(Q(pk__in=reached) | Q(pk__in=found.values("pk")))
        return found, twice

    @admin.display(description=_("contact"), ordering="email")
    def contact(self, person: User) -> str:
        if person.email and person.phone:
            return format_html("{}<br>{}", person.email, person.phone)
        return person.email or person.phone

    @admin.display(description=_("booking"))
    def state(self, person: User) -> str:
        if not person.is_active:
            return gettext("Closed")
        if person.blocked_because:
            return gettext("Blocked")
        return gettext("Waits for approval") if person.awaits_approval else ""

    @admin.display(description=_("upcoming"))
    def upcoming(self, person: Any) -> int:
        count: int = person.upcoming
        return count

    @admin.display(description=_("missed"))
    def missed(self, person: Any) -> int:
        count: int = person.missed
        return count

    @admin.display(description=pgettext_lazy("cancelled", "late"))
    def late(self, person: Any) -> int:
        count: int = person.cancelled_late
        return count

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Who hands out powers has more: nobody can give them to oneself."""
        fields = list(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fields
        given = {"groups"} if is_manager(request.user) else set()
        return [*fields, *(power for power in POWERS if power not in given)]

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = roles_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """A new email address takes the old one's way into the account away."""
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()
        if "blocked_because" in form.changed_data:
            self.log_block(request, obj)
        if not change and obj.email and form.cleaned_data.get("invite"):
            on_commit(partial(self.send_invitations, request, [obj]))

    def log_block(self, request: HttpRequest, person: User) -> None:
        """The history keeps every reason; the person keeps the last one."""
        said = gettext("Allowed to book again.")
        if person.blocked_because:
            said = gettext("Booking blocked: “%(reason)s”")
        self.log_change(request, person, said % {"reason": person.blocked_because})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_change(request.user, obj))

    # --- one person's page ---

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        person = kwargs.get("obj")
        if person and request.user.has_perm("bookings.view_trainingsession"):
            context["sessions"] = sessions_of(person, now=gym_now())
        context["can_be_invited"] = person and can_be_invited(person)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        """The buttons beside “Save” do what they say once the rest is saved."""
        buttons = {"_approve": self.send_approvals, "_invite": self.send_invitations}
        for name, press in buttons.items():
            if name in request.POST:
                on_commit(partial(press, request, [obj]))
                return HttpResponseRedirect(request.get_full_path())
        return super().response_change(request, obj)

    # --- many at once ---

    @admin.action(description=_("Approve"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: Any) -> None:
        self.send_approvals(request, self.changeable(request, queryset))

    @admin.action(description=_("Send an invitation (again)"), permissions=["change"])
    def invite(self, request: HttpRequest, queryset: Any) -> None:
        self.send_invitations(request, self.changeable(request, queryset))

    @admin.action(description=_("Allow to book again"), permissions=["change"])
    def unblock(self, request: HttpRequest, queryset: Any) -> None:
        count = 0
        for person in self.changeable(request, queryset.exclude(blocked_because="")):
            person.blocked_because = ""
            person.save(update_fields=["blocked_because"])
            self.log_block(request, person)
            count += 1
        said = ngettext(
            "%(count)s person may book again.",
            "%(count)s people may book again.",
            count,
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def changeable(self, request: HttpRequest, people: Any) -> list[User]:
        return [one for one in people if self.has_change_permission(request, one)]

    def send_approvals(self, request: HttpRequest, people: list[User]) -> None:
        letters = approve(people, site=site_of(request))
        for person in letters.done:
            self.log_change(request, person, gettext("Approved."))
        count = len(letters.done)
        said = ngettext(
            "%(count)s person approved.", "%(count)s people approved.", count
        )
        self.tell(request, said % {"count": count}, letters)
        if letters.passed_by:
            waits = gettext("%(person)s does not wait for approval.")
            self.say_of_each(request, waits, letters.passed_by)

    def send_invitations(self, request: HttpRequest, people: list[User]) -> None:
        letters = invite(people, site=site_of(request))
        for person in letters.sent:
            self.log_change(request, person, gettext("Invitation sent."))
        count = len(letters.sent)
        said = ngettext(
            "%(count)s invitation sent.", "%(count)s invitations sent.", count
        )
        self.tell(request, said % {"count": count} if count else "", letters)
        because = gettext(
            "%(person)s was not invited: that takes an email, an account that is open, "
            "and no password yet. Who has one uses “Forgot your password?”."
        )
        self.say_of_each(request, because, letters.passed_by)

    def tell(self, request: HttpRequest, said: str, letters: Letters) -> None:
        if said:
            self.message_user(request, said, messages.SUCCESS)
        away = gettext("The mail to %(person)s could not be sent. Try again later.")
        self.say_of_each(request, away, letters.not_sent, messages.ERROR)

    def say_of_each(
        self,
        request: HttpRequest,
        sentence: str,
        people: list[User],
        level: int = messages.WARNING,
    ) -> None:
        for person in people[:MOST_NAMED]:
            self.message_user(request, sentence % {"person": person}, level)
        if more := len(people[MOST_NAMED:]):
            rest = ngettext(
                "It is the same for %(count)s other person.",
                "It is the same for %(count)s other people.",
                more,
            )
            self.message_user(request, rest % {"count": more}, level)


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
