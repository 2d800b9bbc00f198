"""Who may change whose account, and which roles they may hand out.

A new password, a role, a link to a trainer are ways in, so nobody gets further with
them than they are already: an account that opens more than a member's is a manager's
to change, a manager's account an administrator's.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db.models import Q, QuerySet

from finova.accounts.forms import MemberForm
from finova.accounts.models import User
from finova.accounts.roles import FRONT_DESK, MANAGERS, MEMBERS, STAFF_ROLES, TRAINERS
from trainers.models import Trainer


def is_manager(user: User | AnonymousUser) -> bool:
    return user.groups.filter(name=MANAGERS).exists()


def may_change(user: User | AnonymousUser, person: User) -> bool:
    """Whether this account is below the user's own, permissions apart."""
    if user.is_superuser:
        return True
    if person.is_superuser or person == user:
        return False
    if not opens_more_than_a_members(person):
        return True
    below = permissions_of(person) <= permissions_of(user)
    return below and is_manager(user) and not is_manager(person)


def opens_more_than_a_members(person: User) -> bool:
    working = person.groups.filter(name__in=[TRAINERS, *STAFF_ROLES])
    members = Permission.objects.filter(group__name=MEMBERS)
    return (
        person.is_staff
        or working.exists()
        or Trainer.objects.filter(user=person).exists()
        or not permissions_of(person) <= set(members.values_list("pk", flat=True))
    )


def permissions_of(person: User | AnonymousUser) -> set[int]:
    """Also those that sleep, for the account is closed or not of the staff: a role
    or a tick wakes them.
    """
    held = Permission.objects.filter(Q(user=person.pk) | Q(group__user=person.pk))
    return set(held.values_list("pk", flat=True))


def roles_to_give(user: User | AnonymousUser) -> QuerySet[Group]:
    if user.is_superuser:
        return Group.objects.all()
    if is_manager(user):
        return Group.objects.filter(name__in=[MEMBERS, TRAINERS, FRONT_DESK])
    return Group.objects.none()


class PersonForm(MemberForm):
    def clean_groups(self) -> QuerySet[Group]:
        """Groups that this colleague cannot hand out stay as they are."""
        offered = self.fields["groups"].queryset  # type: ignore[attr-defined]
        kept = self.instance.groups.exclude(pk__in=offered.values("pk"))
        chosen = Q(pk__in=self.cleaned_data["groups"])
        return Group.objects.filter(chosen | Q(pk__in=kept))

    def clean(self) -> dict[str, Any]:
        """In a role of staff one opens the admin, ticked or not."""
        data = super().clean() or self.cleaned_data
        groups = data.get("groups")
        if "is_staff" in data and groups is not None:
            in_role = groups.filter(name__in=STAFF_ROLES).exists()
            data["is_staff"] = data["is_staff"] or in_role
        return data
