"""The roles of a gym, as groups that carry Django permissions.

What each may do, page by page, is told in docs/roles.md, which a test reads.
"""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from finova.accounts.models import User

MEMBERS = "Members"
TRAINERS = "Trainers"
FRONT_DESK = "Front desk"
MANAGERS = "Managers"

# Who works in the admin; a second step at sign-in is required of them.
STAFF_ROLES = (FRONT_DESK, MANAGERS)

# The day at the desk: members, their sessions, and when trainers are there.
DAILY_WORK = [
    "accounts.view_user",
    "accounts.add_user",
    "accounts.change_user",
    "bookings.book_session",
    "bookings.view_trainingsession",
    "bookings.add_trainingsession",
    "bookings.change_trainingsession",
    "bookings.view_bookingevent",
    "bookings.view_hold",
    "bookings.change_hold",
    "bookings.view_offer",
    "bookings.add_offer",
    "bookings.change_offer",
    "trainers.view_trainer",
    "trainers.change_trainer",
    "trainers.view_trainerschedule",
    "trainers.change_trainerschedule",
    "trainers.view_workinghours",
    "trainers.add_workinghours",
    "trainers.change_workinghours",
    "trainers.delete_workinghours",
    "trainers.view_timeoff",
    "trainers.add_timeoff",
    "trainers.change_timeoff",
    "trainers.delete_timeoff",
    "trainers.view_extrahours",
    "trainers.add_extrahours",
    "trainers.change_extrahours",
    "trainers.delete_extrahours",
    "trainers.view_closure",
]

PERMISSIONS = {
    MEMBERS: ["bookings.book_session"],
    # Their own pages ask whose trainer they are, and open no others.
    TRAINERS: [],
    FRONT_DESK: DAILY_WORK,
    MANAGERS: [
        *DAILY_WORK,
        "bookings.change_price",
        "bookings.export_sessions",
        "bookings.add_gymsettings",
        "bookings.view_gymsettings",
        "bookings.change_gymsettings",
        "bookings.view_gymsettingschange",
        "trainers.add_trainer",
        "trainers.add_closure",
        "trainers.change_closure",
        "trainers.delete_closure",
    ],
}


def make_roles(sender: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """Bring the groups and their permissions in step with PERMISSIONS; idempotent.

    Runs after each app's migrations, so a permission may not exist yet; the run
    after the last app finds them all. Permissions that a gym added stay.
    """
    groups = Group.objects.using(using)
    for role, names in PERMISSIONS.items():
        group, _ = groups.get_or_create(name=role)
        wanted = Q(pk__in=[])
        for name in names:
            app, codename = name.split(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        group.permissions.add(*Permission.objects.using(using).filter(wanted))


def welcome_member(
    sender: type[User], instance: User, created: bool, raw: bool, **kwargs: Any
) -> None:
    """New accounts become members, however they were made."""
    if created and not raw:
        members, _ = Group.objects.get_or_create(name=MEMBERS)
        instance.groups.add(members)


def open_the_admin(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any
) -> None:
    """Who comes into a role of staff may open the admin; who leaves the last may not.

    A group of the gym's own opens it to nobody: that is the tick on the person's page.
    """
    people = affected(instance, reverse, pk_set)
    working = people.filter(groups__name__in=STAFF_ROLES)
    if action == "post_add":
        working.update(is_staff=True)
    elif action in ("pre_remove", "pre_clear"):
        left = working.exclude(is_superuser=True)
        left.exclude(groups__in=staying(instance, reverse, pk_set)).update(
            is_staff=False
        )
    if not reverse and action in ("post_add", "post_remove", "post_clear"):
        # The caller may save this very object, which must not undo it.
        instance.is_staff = people.values_list("is_staff", flat=True).get()


def affected(instance: Any, reverse: bool, pk_set: set[int] | None) -> QuerySet[User]:
    if not reverse:
        return User.objects.filter(pk=instance.pk)
    if pk_set is None:
        return User.objects.filter(groups=instance)
    return User.objects.filter(pk__in=pk_set)


def staying(instance: Any, reverse: bool, pk_set: set[int] | None) -> QuerySet[Group]:
    """The roles of staff that are not being taken away."""
    roles = Group.objects.filter(name__in=STAFF_ROLES)
    if reverse:
        return roles.exclude(pk=instance.pk)
    return roles.exclude(pk__in=pk_set) if pk_set is not None else roles.none()
