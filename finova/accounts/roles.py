"""The roles of a gym, as groups that carry Django permissions."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from finova.accounts.models import User

MEMBERS = "Members"
TRAINERS = "Trainers"
FRONT_DESK = "Front desk"

PERMISSIONS = {
    MEMBERS: ["bookings.book_session"],
    TRAINERS: [],
    FRONT_DESK: [
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "bookings.book_session",
        "bookings.view_trainingsession",
        "bookings.add_trainingsession",
        "bookings.change_trainingsession",
        "bookings.view_bookingevent",
        "trainers.view_trainer",
        "trainers.change_trainer",
        "trainers.view_workinghours",
        "trainers.add_workinghours",
        "trainers.change_workinghours",
        "trainers.delete_workinghours",
        "trainers.view_timeoff",
        "trainers.add_timeoff",
        "trainers.change_timeoff",
        "trainers.delete_timeoff",
        "trainers.view_closure",
        "trainers.add_closure",
        "trainers.change_closure",
        "trainers.delete_closure",
        "trainers.view_extrahours",
        "trainers.add_extrahours",
        "trainers.change_extrahours",
        "trainers.delete_extrahours",
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
