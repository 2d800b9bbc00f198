"""Members in the admin: found quickly, seen whole, blocked, approved, invited."""

from datetime import timedelta

import html5lib
import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.domain.booking import cancel_session, mark_no_show
from finova.accounts.models import User
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, be_easy_going, book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

PEOPLE = reverse("admin:accounts_user_changelist")
ADD = reverse("admin:accounts_user_add")
WHY = "Three sessions missed in May."


@pytest.fixture
def desk(db):
    person = MemberFactory(name="Desi Desk", is_staff=True)
    Group.objects.get(name="Front desk").user_set.add(person)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(person):
    return reverse("admin:accounts_user_change", args=[person.pk])


def rows(answer):
    """The cells of the list, by the person's name."""
    tree = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    found = {}
    for row in tree.iterfind(".//table[@id='result_list']/tbody/tr"):
        cells = {
            cell.get("class", "").removeprefix("field-").split()[0]: "".join(
                cell.itertext()
            ).strip()
            for cell in row
        }
        found[cells["name"]] = cells
    return found


def people_found(client, term):
    return set(rows(client.get(PEOPLE, {"q": term})))


def send(client, url, person, **changes):
    form = {"name": person.name, "email": person.email or "", "phone": person.phone}
    form["is_active"] = "on"
    return client.post(url, {**form, **changes}, follow=True).content.decode()


def act(client, action, *people):
    data = {"action": action, "_selected_action": [person.pk for person in people]}
    return client.post(PEOPLE, data, follow=True).content.decode()


@pytest.fixture
def past(maya, ana, frieda):
    """One missed, one cancelled late, one ahead."""
    missed = book(maya, ana, THURSDAY, 9, now=NOW)
    mark_no_show(missed, by=frieda, now=NOW + timedelta(days=4))
    be_easy_going(cancel_cut_off_hours=300)
    late = book(maya, ana, THURSDAY, 11, now=NOW)
    cancel_session(late, by=maya, now=NOW, late_is_fine=True)
    return [missed, late, book(maya, ana, NEXT_THURSDAY, 10, now=NOW)]


class TestList:
    @pytest.mark.parametrize(
        ("term", "found"),
        [
            ("lindq", {"Maya Lindqvist"}),
            ("maya lind", {"Maya Lindqvist"}),
            ("OMAR@", {"Omar Haddad"}),
            ("0151234", {"Maya Lindqvist"}),
            ("151-23 45", {"Maya Lindqvist"}),
            ("12345", {"Maya Lindqvist", "Member 12345"}),
            ("nobody", set()),
        ],
    )
    def test_found_by_name_email_and_phone(self, maya, omar, desk, term, found):
        User.objects.filter(pk=maya.pk).update(phone="(0151) 23 45 67")
        MemberFactory(name="Member 12345")
        assert people_found(desk, term) == found

    def test_found_by_the_number_as_it_is_dialled_at_home(self, maya, desk):
        User.objects.filter(pk=maya.pk).update(phone="+49 151 234567")
        assert people_found(desk, "0151 2345") == {"Maya Lindqvist"}

    def test_what_happened_is_counted(self, past, omar, desk):
        listed = rows(desk.get(PEOPLE))
        maya, other = listed["Maya Lindqvist"], listed["Omar Haddad"]
        columns = ("upcoming", "missed", "late")
        assert [maya[name] for name in columns] == ["1", "1", "1"]
        assert [other[name] for name in columns] == ["0", "0", "0"]

    def test_filters(self, maya, omar, desk, frieda):
        User.objects.filter(pk=maya.pk).update(blocked_because=WHY)
        User.objects.filter(pk=omar.pk).update(awaits_approval=True)
        staff = Group.objects.get(name="Front desk")
        blocked = rows(desk.get(PEOPLE, {"booking": "blocked"}))
        waiting = rows(desk.get(PEOPLE, {"booking": "waits"}))
        role = rows(desk.get(PEOPLE, {"groups__id__exact": staff.pk}))
        assert [row["state"] for row in blocked.values()] == ["Blocked"]
        assert [row["state"] for row in waiting.values()] == ["Waits for approval"]
        assert (set(blocked), set(waiting)) == ({"Maya Lindqvist"}, {"Omar Haddad"})
        assert set(role) == {"Desi Desk"}

    @pytest.mark.parametrize("count", [3, 300])
    def test_bounded_queries(self, desk, count, django_assert_max_num_queries):
        MemberFactory.create_batch(count)
        with django_assert_max_num_queries(8):
            desk.get(PEOPLE)
        with django_assert_max_num_queries(9):
            desk.get(PEOPLE, {"q": "0151 234"})


class TestPage:
    def test_what_was_and_what_comes(self, past, maya, desk):
        page = desk.get(page_of(maya)).content.decode()
        assert "1 upcoming, 1 missed, 1 cancelled late." in page
        assert "17 December 2026" in page
        assert "No-show" in page
        assert "Cancelled (late)" in page

    def test_how_the_password_is_kept_is_not_the_desks_to_see(self, maya, desk):
        page = desk.get(page_of(maya)).content.decode()
        assert "pbkdf2" not in page
        assert "salt" not in page

    def test_the_link_leads_to_all_of_them(self, past, maya, omar, ana, desk):
        book(omar, ana, THURSDAY, 15, now=NOW)
        link = f"/admin/bookings/trainingsession/?client__id__exact={maya.pk}"
        assert link in desk.get(page_of(maya)).content.decode()
        listed = desk.get(link).content.decode()
        assert "Maya" in listed
        assert "Omar" not in listed

    def test_one_leads_to_a_booking_for_them(self, maya, desk):
        link = reverse("admin:bookings_phone_week", args=[maya.pk])
        assert f'href="{link}"' in desk.get(page_of(maya)).content.decode()
        Group.objects.get(name="Front desk").permissions.filter(
            codename="add_trainingsession"
        ).delete()
        assert link not in desk.get(page_of(maya)).content.decode()

    def test_who_may_see_no_sessions_sees_none(self, past, maya, desk):
        Group.objects.get(name="Front desk").permissions.filter(
            codename="view_trainingsession"
        ).delete()
        assert "17 December" not in desk.get(page_of(maya)).content.decode()

    def test_what_a_member_wrote_is_not_there(self, maya, ana, desk):
        book(maya, ana, THURSDAY, 9, now=NOW, notes="my knee hurts")
        assert "knee" not in desk.get(page_of(maya)).content.decode()

    @pytest.mark.parametrize("hours", [1, 5])
    def test_bounded_queries(
        self, maya, ana, desk, hours, django_assert_max_num_queries
    ):
        for hour in range(hours):
            book(maya, ana, THURSDAY, 9 + hour, now=NOW)
            book(maya, ana, NEXT_THURSDAY, 9 + hour, now=NOW)
        with (
            time_machine.travel(NOW + timedelta(days=5)),
            django_assert_max_num_queries(12),
        ):
            desk.get(page_of(maya))

    def test_notes_for_staff_are_kept(self, maya, as_maya, desk):
        send(desk, page_of(maya), maya, staff_notes="Comes with her dog.")
        assert "Comes with her dog." in desk.get(page_of(maya)).content.decode()
        for page in ("/account/", "/account/profile/", "/account/download/"):
            assert "dog" not in as_maya.get(page).content.decode()


class TestBlocking:
    def test_a_reason_blocks_and_its_absence_allows(self, maya, desk, as_maya):
        send(desk, page_of(maya), maya, blocked_because=WHY)
        maya.refresh_from_db()
        assert maya.blocked_because == WHY
        assert WHY in as_maya.get("/sessions/").content.decode()
        send(desk, page_of(maya), maya, blocked_because="  ")
        maya.refresh_from_db()
        assert maya.blocked_because == ""

    def test_the_history_keeps_who_and_why(self, maya, desk):
        send(desk, page_of(maya), maya, blocked_because=WHY)
        act(desk, "unblock", maya)
        said = LogEntry.objects.filter(object_id=maya.pk).order_by("pk")
        told = [(entry.user.name, entry.change_message) for entry in said]
        assert ("Desi Desk", f"Booking blocked: “{WHY}”") in told
        assert told[-1] == ("Desi Desk", "Allowed to book again.")
        maya.refresh_from_db()
        assert maya.blocked_because == ""


class TestJoining:
    @pytest.fixture
    def waiting(self, omar):
        omar.awaits_approval = True
        omar.save()
        return omar

    def test_many_are_approved_at_once(self, waiting, maya, desk):
        page = act(desk, "approve", waiting, maya)
        assert "1 person approved." in page
        assert "Maya Lindqvist does not wait for approval." in page
        waiting.refresh_from_db()
        assert not waiting.awaits_approval
        assert [letter.to for letter in mail.outbox] == [["omar@example.com"]]
        assert "http://testserver/trainers/" in mail.outbox[0].body

    def test_or_one_on_their_page(
        self, waiting, desk, django_capture_on_commit_callbacks
    ):
        assert 'name="_approve"' in desk.get(page_of(waiting)).content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            send(desk, page_of(waiting), waiting, _approve="")
        waiting.refresh_from_db()
        assert not waiting.awaits_approval
        assert len(mail.outbox) == 1
        assert 'name="_approve"' not in desk.get(page_of(waiting)).content.decode()

    @pytest.mark.parametrize(("ticked", "mails"), [({"invite": "on"}, 1), ({}, 0)])
    def test_whom_staff_add_is_invited(
        self, desk, ticked, mails, django_capture_on_commit_callbacks
    ):
        form = {"name": "Nora Novak", "email": "nora@example.com", **ticked}
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(ADD, form)
        assert len(mail.outbox) == mails
        nora = User.objects.get(email="nora@example.com")
        assert not nora.has_usable_password()
        act(desk, "invite", nora)
        assert len(mail.outbox) == mails + 1
        assert "http://testserver/accounts/password/reset/key/" in mail.outbox[-1].body

    def test_who_has_a_password_is_not_invited(self, maya, desk):
        assert "Maya Lindqvist was not invited" in act(desk, "invite", maya)
        assert 'name="_invite"' not in desk.get(page_of(maya)).content.decode()

    def test_a_caller_without_an_email_is_simply_added(
        self, desk, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(ADD, {"name": "Old Joe", "phone": "030 1", "invite": "on"})
        assert User.objects.get(name="Old Joe").email is None
        assert not mail.outbox

    def test_colleagues_are_the_administrators(self, frieda, desk):
        User.objects.filter(pk=frieda.pk).update(
            awaits_approval=True, blocked_because=WHY
        )
        act(desk, "approve", frieda)
        act(desk, "unblock", frieda)
        frieda.refresh_from_db()
        assert frieda.awaits_approval
        assert frieda.blocked_because == WHY
