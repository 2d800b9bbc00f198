"""Members, trainers, front desk, managers: who opens what, and who makes whom."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.test import Client

from finova.accounts.roles import PERMISSIONS, STAFF_ROLES, make_roles
from tests.factories import PASSWORD, MemberFactory
from tests.finova.conftest import filled_in
from trainers.models import Trainer

pytestmark = pytest.mark.django_db

FRONT_DESK, MANAGERS = STAFF_ROLES


def person_in(*roles, **details):
    person = MemberFactory(**details)
    for role in roles:
        person.groups.add(Group.objects.get(name=role))
    return person


def signed_in(person):
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def roles_of(person):
    return set(person.groups.values_list("name", flat=True))


@pytest.fixture
def desk(db):
    return person_in(FRONT_DESK, name="Frieda Desch")


@pytest.fixture
def manager(db):
    return person_in(MANAGERS, name="Margit Sommer")


class TestTheGroups:
    @pytest.mark.parametrize("role", PERMISSIONS)
    def test_every_permission_named_is_one(self, role):
        group = Group.objects.get(name=role)
        held = group.permissions.values_list("content_type__app_label", "codename")
        assert {".".join(each) for each in held} == set(PERMISSIONS[role])

    def test_made_again_they_keep_what_the_gym_added(self):
        group = Group.objects.get(name=FRONT_DESK)
        added = Permission.objects.get(codename="delete_trainingsession")
        taken = Permission.objects.get(codename="view_trainer")
        group.permissions.add(added)
        group.permissions.remove(taken)
        make_roles(apps.get_app_config("bookings"))
        assert {added, taken} <= set(group.permissions.all())

    def test_managers_may_all_that_the_desk_may(self):
        assert set(PERMISSIONS[FRONT_DESK]) < set(PERMISSIONS[MANAGERS])


class TestTheAdminsDoor:
    @pytest.mark.parametrize("role", STAFF_ROLES)
    def test_who_comes_into_a_role_of_staff_may_open_it(self, role):
        person = person_in(role)
        assert person.is_staff
        person.save()
        assert signed_in(person).get("/admin/").status_code == 200

    def test_the_other_way_round_too(self, maya):
        Group.objects.get(name=FRONT_DESK).user_set.add(maya)
        maya.refresh_from_db()
        assert maya.is_staff
        Group.objects.get(name=FRONT_DESK).user_set.clear()
        maya.refresh_from_db()
        assert not maya.is_staff

    def test_who_leaves_the_last_one_may_not(self):
        person = person_in(*STAFF_ROLES)
        person.groups.remove(Group.objects.get(name=MANAGERS))
        assert person.is_staff
        person.groups.set(Group.objects.filter(name="Members"))
        person.refresh_from_db()
        assert not person.is_staff
        assert signed_in(person).get("/admin/").status_code == 302

    def test_who_leaves_all_groups_at_once_may_not(self, desk):
        desk.groups.clear()
        desk.refresh_from_db()
        assert not desk.is_staff

    def test_an_administrator_stays_one(self, frieda):
        desk = Group.objects.get(name=FRONT_DESK)
        frieda.groups.add(desk)
        frieda.groups.remove(desk)
        frieda.refresh_from_db()
        assert frieda.is_staff

    def test_a_gyms_own_group_opens_it_to_nobody(self, maya):
        maya.groups.add(Group.objects.create(name="Bookkeeping"))
        maya.refresh_from_db()
        assert not maya.is_staff

    def test_the_tick_cannot_be_taken_from_who_stays_in_the_role(self, desk, as_frieda):
        url = f"/admin/accounts/user/{desk.pk}/change/"
        form = filled_in(as_frieda.get(url))
        form.pop("is_staff")
        assert as_frieda.post(url, form).status_code == 302
        desk.refresh_from_db()
        assert desk.is_staff


def test_the_desk_changes_hours_and_no_trainers(desk, manager, ana, maya):
    url = f"/admin/trainers/trainer/{ana.pk}/change/"
    for who, rate, user in ((desk, 75, None), (manager, 80, maya.pk)):
        form = filled_in(signed_in(who).get(url))
        more = {"hourly_rate": "80", "user": maya.pk, "session_minutes": "45"}
        assert signed_in(who).post(url, {**form, **more}).status_code == 302
        ana.refresh_from_db()
        assert (ana.hourly_rate, ana.user_id) == (rate, user)


class TestHandingOutRoles:
    def change(self, who, person, *, roles):
        """Send the person's page back with these roles; the answer's status."""
        client, url = signed_in(who), f"/admin/accounts/user/{person.pk}/change/"
        form = filled_in(client.get(url))
        form["groups"] = [Group.objects.get(name=role).pk for role in roles]
        return client.post(url, form).status_code

    def test_a_manager_puts_people_at_the_desk_and_among_the_trainers(
        self, manager, maya
    ):
        new = ["Members", FRONT_DESK, "Trainers"]
        assert self.change(manager, maya, roles=new) == 302
        assert roles_of(maya) == {"Members", FRONT_DESK, "Trainers"}
        maya.refresh_from_db()
        assert maya.is_staff
        assert self.change(manager, maya, roles=["Members"]) == 302
        assert roles_of(maya) == {"Members"}

    def test_but_makes_no_managers(self, manager, maya):
        assert self.change(manager, maya, roles=[MANAGERS]) == 200
        assert roles_of(maya) == {"Members"}

    def test_and_keeps_the_groups_that_are_not_a_managers(self, manager, maya):
        maya.groups.add(Group.objects.create(name="Bookkeeping"))
        assert self.change(manager, maya, roles=["Trainers"]) == 302
        assert roles_of(maya) == {"Bookkeeping", "Trainers"}

    def test_no_power_but_groups_is_a_managers(self, manager, maya):
        client, url = signed_in(manager), f"/admin/accounts/user/{maya.pk}/change/"
        form = filled_in(client.get(url))
        powers = {"is_staff": "on", "is_superuser": "on", "user_permissions": [1]}
        client.post(url, {**form, **powers})
        maya.refresh_from_db()
        assert (maya.is_staff, maya.is_superuser) == (False, False)
        assert not maya.user_permissions.exists()

    def test_the_desk_hands_out_nothing(self, desk, maya):
        assert self.change(desk, maya, roles=[FRONT_DESK, MANAGERS]) == 302
        assert roles_of(maya) == {"Members"}


class TestWhoseAccount:
    """By both doors: the page, and a new password."""

    @pytest.mark.parametrize(
        ("who", "whose", "may"),
        [
            ("desk", "member", True),
            ("desk", "trainer", False),
            ("desk", "linked", False),
            ("desk", "desk", False),
            ("desk", "self", False),
            ("desk", "manager", False),
            ("desk", "admin", False),
            ("manager", "member", True),
            ("manager", "trainer", True),
            ("manager", "linked", True),
            ("manager", "desk", True),
            ("manager", "mighty", False),
            ("manager", "closed", False),
            ("manager", "asleep", False),
            ("desk", "asleep", False),
            ("manager", "manager", False),
            ("manager", "self", False),
            ("manager", "admin", False),
        ],
    )
    def test_is_ones_to_change(self, desk, manager, ana, who, whose, may):
        me = {"desk": desk, "manager": manager}[who]
        person = me if whose == "self" else self.person(whose, ana)
        client = signed_in(me)
        name = {**filled_in(self.page(client, person)), "name": "Changed"}
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        url = f"/admin/accounts/user/{person.pk}"
        assert client.post(f"{url}/change/", name).status_code == (302 if may else 403)
        answer = client.post(f"{url}/password/", new)
        assert answer.status_code == (302 if may else 403)
        person.refresh_from_db()
        assert (person.name == "Changed") is may
        assert person.check_password(PASSWORD) is not may

    def page(self, client, person):
        return client.get(f"/admin/accounts/user/{person.pk}/change/")

    def person(self, whose, ana):
        if whose == "admin":
            return MemberFactory(is_staff=True, is_superuser=True)
        if whose == "linked":
            person = MemberFactory()
            Trainer.objects.filter(pk=ana.pk).update(user=person)
            return person
        roles = {"desk": [FRONT_DESK], "manager": [MANAGERS], "trainer": ["Trainers"]}
        person = person_in(*roles.get(whose, []))
        if whose in ("mighty", "closed", "asleep"):
            may = Permission.objects.get(codename="delete_user")
            person.user_permissions.add(may)
            person.is_staff = whose != "asleep"
            person.is_active = whose != "closed"
            person.save()
        return person


def test_the_demo_has_one_of_each(db):
    from bookings import demo

    assert set(demo.ROLES) == set(PERMISSIONS) - {"Members"}
    assert set(demo.ROLES.values()) <= {email for email, _ in demo.ACCOUNTS}


def test_a_manager_takes_no_trainers_account_for_themselves(ana, manager, maya):
    """Whoever has it reads what clients wrote to their trainer."""
    page, client = f"/admin/trainers/trainer/{ana.pk}/change/", signed_in(manager)

    def link(person):
        form = filled_in(client.get(page))
        return client.post(page, {**form, "user": person.pk}).status_code

    assert link(manager) == 200
    assert link(maya) == 302
    ana.refresh_from_db()
    assert ana.user == maya
