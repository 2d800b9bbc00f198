"""Staff at work in the admin."""

from collections import Counter
from datetime import time
from decimal import Decimal

import html5lib
import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.domain.booking import cancel_session
from bookings.domain.terms import change_price
from bookings.models import TrainingSession
from finova.accounts.models import User
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import at_gym
from trainers.models import Trainer

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

SESSIONS = reverse("admin:bookings_trainingsession_changelist")


def act(client, action, *sessions):
    data = {"action": action, "_selected_action": [session.pk for session in sessions]}
    return client.post(SESSIONS, data, follow=True).content.decode()


@pytest.mark.parametrize(
    ("action", "status"),
    [("confirm", "confirmed"), ("cancel", "cancelled")],
)
def test_actions_call_the_verbs(ana, maya, frieda, as_frieda, action, status):
    session = book(maya, ana, THURSDAY, 9, now=NOW)

    page = act(as_frieda, action, session)

    session.refresh_from_db()
    assert session.status == status
    assert session.events.last().actor == frieda
    assert "1 session" in page


def test_what_is_still_ahead_is_not_completed_by_the_dozen(ana, maya, as_frieda):
    """It asks first, which a list cannot."""
    begun = book(maya, ana, MONDAY, 7, now=NOW)
    ahead = book(maya, ana, THURSDAY, 9, now=NOW)
    with time_machine.travel(at_gym(MONDAY, time(8)), tick=False):
        page = act(as_frieda, "complete", begun, ahead)
    assert "1 session completed" in page
    assert "has not started yet. Complete it all the same?" in page
    statuses = [each.status for each in TrainingSession.objects.all()]
    assert statuses == ["completed", "scheduled"]


def test_an_action_that_refuses_says_why_and_does_the_rest(ana, maya, omar, as_frieda):
    started = book(maya, ana, THURSDAY, 9, now=NOW)
    ahead = book(omar, ana, THURSDAY, 10, now=NOW)

    page = act(as_frieda, "no_show", started, ahead)

    assert page.count("has not started yet") == 2
    assert TrainingSession.objects.active().count() == 2


def form_for(trainer, client, hour=9, **changes):
    return {
        "trainer": trainer.pk,
        "client": client.pk,
        "session_date": str(THURSDAY),
        "start_time": f"{hour:02}:00",
        "end_time": f"{hour + 1:02}:00",
        "session_type": "personal_training",
        "events-TOTAL_FORMS": 0,
        "events-INITIAL_FORMS": 0,
        **changes,
    }


def test_booking_in_the_admin_is_booking(ana, maya, frieda, as_frieda):
    answer = as_frieda.post(
        reverse("admin:bookings_trainingsession_add"), form_for(ana, maya)
    )

    assert answer.status_code == 302
    session = TrainingSession.objects.get()
    assert (session.price, session.events.get().actor) == (75, frieda)
    assert ana.slots.get(booking=session).status == "booked"


def test_what_is_taken_is_refused_there_too(ana, maya, omar, as_frieda):
    book(omar, ana, THURSDAY, 9, now=NOW)
    url = reverse("admin:bookings_trainingsession_add")
    answer = as_frieda.post(url, form_for(ana, maya, reason="She insists."))
    assert "not available or already booked" in answer.content.decode()
    assert "another session" not in answer.content.decode()
    assert "She insists." in answer.content.decode()
    answer = as_frieda.post(url, form_for(ana, maya, hour=21))
    assert "Selected time slot is not available" in answer.content.decode()
    assert TrainingSession.objects.count() == 1


def test_outside_the_rules_a_reason_is_asked_for(ana, maya, as_frieda):
    be_easy_going(horizon_days=1)
    url = reverse("admin:bookings_trainingsession_add")
    answer = as_frieda.post(url, form_for(ana, maya))
    assert "Sessions can be booked until" in answer.content.decode()
    answer = as_frieda.post(url, form_for(ana, maya, reason="Back from abroad."))
    assert answer.status_code == 302
    assert TrainingSession.objects.get().events.get().reason == "Back from abroad."


def test_others_sessions_at_the_same_hour_are_in_nobodys_way(
    ana, maya, omar, as_frieda
):
    bruno = TrainerFactory()
    book(omar, bruno, THURSDAY, 9, now=NOW)
    url = reverse("admin:bookings_trainingsession_add")
    assert as_frieda.post(url, form_for(ana, maya)).status_code == 302
    assert TrainingSession.objects.count() == 2


def test_a_new_session_shows_what_can_be_filled_in(as_frieda):
    page = as_frieda.get(reverse("admin:bookings_trainingsession_add"))
    assert "Created at" not in page.content.decode()


def change(client, session, **changes):
    """The change page sent as it is but for these."""
    url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
    data = {"session_type": session.session_type, "price": "75.00", "reason": ""}
    rows = {"events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}
    return client.post(url, {**data, **rows, **changes})


def test_the_price_changes_for_a_reason(ana, maya, frieda, as_frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    answer = change(as_frieda, session, price="60")
    assert "Say why the price changes." in answer.content.decode()
    answer = change(as_frieda, session, price="", reason="Free.")
    assert "Give the price, or 0" in answer.content.decode()
    assert change(as_frieda, session, price="60", reason="Late.").status_code == 302
    session.refresh_from_db()
    event = session.events.last()
    assert (session.price, event.action, event.actor) == (60, "priced", frieda)
    url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
    page = as_frieda.get(url).content.decode()
    assert "€75.00 → €60.00" in page
    assert "Late." in page


def test_an_ended_session_keeps_what_it_was(ana, maya, as_frieda):
    session = cancel_session(book(maya, ana, THURSDAY, 9, now=NOW), by=maya, now=NOW)
    place = {"session_date": str(MONDAY), "start_time": "11:00", "status": "scheduled"}
    change(as_frieda, session, session_type="consultation", notes="ill", **place)
    session.refresh_from_db()
    assert (session.start_time, session.session_type) == (time(9), "personal_training")
    assert (session.session_date, session.status) == (THURSDAY, "cancelled")
    assert session.notes == ""


def test_an_old_page_takes_nothing_back(ana, maya, frieda, as_frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
    seen = as_frieda.get(url).context["adminform"].form.initial["seen"]
    with time_machine.travel(NOW.replace(hour=7), tick=False):
        change_price(session, Decimal(50), reason="A friend.", by=frieda, now=NOW)

    answer = change(as_frieda, session, price="60", reason="Late.", seen=seen)

    assert "Somebody has just changed this session" in answer.content.decode()
    session.refresh_from_db()
    assert session.price == 50


def test_the_type_of_a_session_that_began_can_be_put_right(ana, maya, as_frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    ana.slots.update(status="break")
    answer = change(as_frieda, session, session_type="consultation")
    assert answer.status_code == 302
    answer = change(as_frieda, session, session_type="demo")
    assert "does not give sessions" in answer.content.decode()
    session.refresh_from_db()
    assert session.session_type == "consultation"
    assert session.events.last().action == "type_changed"


def test_a_closed_account_is_booked_for_nobody(ana, maya, as_frieda):
    maya.is_active = False
    maya.save()
    url = reverse("admin:bookings_trainingsession_add")
    answer = as_frieda.post(url, form_for(ana, maya, reason="by phone"))
    assert "account is closed" in answer.content.decode()
    assert "by phone" in answer.content.decode()


class TestTrainers:
    def form(self, **changes):
        return {
            "name": "Bruno Keller",
            "is_active": "on",
            "hourly_rate": "60",
            "session_minutes": 60,
            "session_types": ["personal_training"],
            "working_hours-TOTAL_FORMS": 0,
            "working_hours-INITIAL_FORMS": 0,
            "time_off-TOTAL_FORMS": 0,
            "time_off-INITIAL_FORMS": 0,
            "extra_hours-TOTAL_FORMS": 0,
            "extra_hours-INITIAL_FORMS": 0,
            **changes,
        }

    def hours(self, *spans, initial=()):
        data = {
            "working_hours-TOTAL_FORMS": len(spans),
            "working_hours-INITIAL_FORMS": len(initial),
        }
        for n, (day, start, end) in enumerate(spans):
            data[f"working_hours-{n}-day_of_week"] = day
            data[f"working_hours-{n}-starts_at"] = start
            data[f"working_hours-{n}-ends_at"] = end
            if n < len(initial):
                data[f"working_hours-{n}-id"] = initial[n].pk
        return data

    def save(self, client, trainer=None, **changes):
        name = "admin:trainers_trainer_" + ("change" if trainer else "add")
        url = reverse(name, args=[trainer.pk] if trainer else [])
        return client.post(url, self.form(**changes))

    def test_a_new_trainer_has_a_schedule_at_once(self, as_frieda):
        assert self.save(as_frieda).status_code == 302
        assert Trainer.objects.get().slots.count() == 86

    def test_with_hours_of_their_own_it_follows_these(self, as_frieda):
        hours = self.hours((1, "09:00", "12:00"), (1, "14:00", "16:00"))
        assert self.save(as_frieda, **hours).status_code == 302
        slots = Trainer.objects.get().slots.all()
        assert [slot.time_slot.hour for slot in slots] == [9, 10, 11, 14, 15]

    @pytest.mark.parametrize(
        ("spans", "sentence"),
        [
            (
                [(1, "09:00", "12:00"), (1, "11:00", "16:00")],
                "Two spans on Monday overlap",
            ),
            ([(1, "12:00", "09:00")], "These hours end before they start"),
        ],
    )
    def test_hours_that_make_no_sense(self, as_frieda, spans, sentence):
        answer = self.save(as_frieda, **self.hours(*spans))
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert not Trainer.objects.exists()

    def test_hours_can_change_places(self, as_frieda):
        self.save(as_frieda, **self.hours((1, "09:00", "12:00"), (1, "12:00", "16:00")))
        trainer = Trainer.objects.get()
        initial = list(trainer.working_hours.all())
        for noon in ("11:00", "13:00"):
            spans = (1, "09:00", noon), (1, noon, "16:00")
            hours = self.hours(*spans, initial=initial)
            assert self.save(as_frieda, trainer, **hours).status_code == 302

    def test_the_week_is_a_grid_of_seven_columns(self, ana, maya, as_frieda):
        book(maya, ana, THURSDAY, 9, now=NOW)
        url = reverse("admin:trainers_trainer_change", args=[ana.pk])
        page = as_frieda.get(url)
        rows = page.context["weekly_grid"]
        assert (len(rows), {len(cells) for _, cells in rows}) == (13, {7})

    def test_it_shows_what_staff_said_and_marks_the_first_session(
        self, ana, maya, as_frieda
    ):
        book(maya, ana, NEXT_THURSDAY, 9, now=NOW)
        book(maya, ana, THURSDAY, 9, now=NOW)
        ana.slots.filter(day_of_week=2).update(status="break")
        url = reverse("admin:trainers_trainer_change", args=[ana.pk])
        page = html5lib.parse(as_frieda.get(url).content, namespaceHTMLElements=False)
        chosen = page.findall(".//td[label]/select/option[@selected]")
        assert Counter(option.get("value") for option in chosen) == {
            "available": 73,
            "break": 13,
        }
        (marked,) = page.findall(".//td[@title]")
        assert marked.get("title") == "Has a session on Thu 10 Dec"
        label = "Thursday 09:00, Has a session on Thu 10 Dec"
        assert marked.find("label").text == label

    def test_staff_open_and_close_slots_in_it(self, ana, maya, as_frieda):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        statuses = {
            f"slot-{slot.day_of_week}-{slot.time_slot:%H-%M}": "available"
            for slot in ana.slots.all()
        }
        statuses |= {"slot-4-09-00": "break", "slot-1-07-00": "unavailable"}

        answer = self.save(as_frieda, ana, **statuses)

        assert answer.status_code == 302
        thursday = ana.slots.get(day_of_week=4, time_slot=time(9))
        assert (thursday.status, thursday.booking) == ("break", session)
        assert ana.slots.get(day_of_week=1, time_slot=time(7)).status == "unavailable"
        assert ana.slots.filter(status="available").count() == 84

    def test_an_old_page_takes_nothing_back(self, ana, as_frieda):
        url = reverse("admin:trainers_trainer_change", args=[ana.pk])
        page = html5lib.parse(as_frieda.get(url).content, namespaceHTMLElements=False)
        old_page = {
            field.get("name"): field.get("value")
            for field in page.iterfind(".//td/input")
            if "slot-" in field.get("name", "")
        }
        for select in page.iterfind(".//td/select"):
            chosen = select.find("option[@selected]")
            if "slot-" in select.get("name"):
                old_page[select.get("name")] = chosen.get("value")
        ana.slots.filter(time_slot=time(13)).update(status="break")

        assert self.save(as_frieda, ana, **old_page).status_code == 302
        assert ana.slots.filter(status="break").count() == 7

    @pytest.mark.django_db(transaction=True)
    def test_hours_that_a_colleague_added_meanwhile(self, ana, as_frieda):
        ana.working_hours.create(day_of_week=1, starts_at="08:00", ends_at="12:00")
        hours = self.hours((1, "10:00", "14:00"))
        url = reverse("admin:trainers_trainer_change", args=[ana.pk])
        answer = as_frieda.post(url, self.form(**hours), follow=True)
        assert "A colleague has just changed these hours" in answer.content.decode()
        assert ana.working_hours.count() == 1

    def test_who_may_only_look_cannot_edit_slots(self, ana):
        looker = MemberFactory(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_trainer"))
        client = Client()
        client.force_login(looker, "django.contrib.auth.backends.ModelBackend")
        url = reverse("admin:trainers_trainer_change", args=[ana.pk])
        page = html5lib.parse(client.get(url).content, namespaceHTMLElements=False)
        selects = page.findall(".//fieldset//td/select")
        assert len(selects) == 86
        assert all(select.get("disabled") is not None for select in selects)

    def test_a_wrong_word_for_a_slot_is_said(self, ana, as_frieda):
        answer = self.save(as_frieda, ana, **{"slot-1-09-00": "x"})
        assert "x is not one of the available choices" in answer.content.decode()

    def test_hours_are_whole_minutes(self, as_frieda):
        answer = self.save(as_frieda, **self.hours((1, "09:00:30", "12:00")))
        assert "Give whole minutes" in answer.content.decode()

    @pytest.mark.parametrize("count", [3, 300])
    def test_bounded_queries(self, as_frieda, count, django_assert_max_num_queries):
        trainer = TrainerFactory()
        Trainer.objects.bulk_create(
            Trainer(name=f"T{n}", slug=f"t{n}", hourly_rate=50) for n in range(count)
        )
        with django_assert_max_num_queries(10):
            as_frieda.get(reverse("admin:trainers_trainer_changelist"))
        with django_assert_max_num_queries(10):
            as_frieda.get(reverse("admin:trainers_trainer_change", args=[trainer.pk]))


class TestPowers:
    @pytest.fixture
    def as_desk(self, db):
        desk = MemberFactory(is_staff=True)
        desk.groups.add(Group.objects.get(name="Front desk"))
        client = Client()
        client.force_login(desk, "django.contrib.auth.backends.ModelBackend")
        client.user = desk
        return client

    def test_the_desk_works_with_sessions_trainers_and_people(self, as_desk, ana, maya):
        for url in (SESSIONS, "/admin/trainers/trainer/", "/admin/accounts/user/"):
            assert as_desk.get(url).status_code == 200
        answer = as_desk.post(
            reverse("admin:bookings_trainingsession_add"), form_for(ana, maya)
        )
        assert answer.status_code == 302

    def test_the_desk_cannot_give_itself_powers(self, as_desk, maya, frieda):
        url = reverse("admin:accounts_user_change", args=[maya.pk])
        data = {
            "name": "Maya",
            "email": maya.email,
            "is_superuser": "on",
            "is_staff": "on",
        }
        assert as_desk.post(url, data).status_code == 302
        maya.refresh_from_db()
        assert (maya.is_superuser, maya.is_staff) == (False, False)
        for person in (frieda, as_desk.user):
            url = reverse("admin:auth_user_password_change", args=[person.pk])
            assert as_desk.get(url).status_code == 403

    def test_a_person_without_an_email_can_be_added_twice(self, as_desk):
        for _ in range(2):
            url = reverse("admin:accounts_user_add")
            assert (
                as_desk.post(url, {"name": "Old Joe", "phone": "1"}).status_code == 302
            )
        joes = User.objects.filter(name="Old Joe")
        assert [joe.email for joe in joes] == [None, None]
        assert all(joe.has_perm("bookings.book_session") for joe in joes)

    def test_a_new_email_takes_the_old_ones_key_away(self, as_desk, maya):
        EmailAddress.objects.create(user=maya, email=maya.email, verified=True)
        url = reverse("admin:accounts_user_change", args=[maya.pk])
        data = {"name": "Maya", "email": "new@example.com", "is_active": "on"}
        assert as_desk.post(url, data).status_code == 302
        Client().post("/accounts/password/reset/", {"email": "maya@example.com"})
        assert "/reset/key/" not in mail.outbox[-1].body

    def test_the_same_email_in_capitals_stays_verified(self, as_desk, maya):
        EmailAddress.objects.create(user=maya, email=maya.email, verified=True)
        url = reverse("admin:accounts_user_change", args=[maya.pk])
        data = {"name": "Maya", "email": "MAYA@example.com", "is_active": "on"}
        assert as_desk.post(url, data).status_code == 302
        assert EmailAddress.objects.get(user=maya).verified

    def test_members_stay_outside(self, as_maya):
        assert as_maya.get("/admin/").url == "/admin/login/?next=/admin/"
        assert as_maya.get("/admin/login/").status_code == 403

    def test_the_door_is_the_members(self, db):
        answer = Client().get("/admin/", follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
