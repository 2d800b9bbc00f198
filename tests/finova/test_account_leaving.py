"""Taking one's data along, and deleting the account."""

import json
import re
from datetime import time, timedelta

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.domain.booking import cancel_session, complete_session
from bookings.domain.idempotency import book_once
from bookings.models import (
    BookingEvent,
    CalendarFeed,
    IdempotencyKey,
    SessionStatus,
    TrainingSession,
)
from finova.accounts.leaving import leave
from finova.accounts.models import ApiToken, User
from tests.bookings.test_faults import Fault
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import PASSWORD, book
from tests.finova.passkey import add_passkey
from trainers.models import TrainerSchedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

# What tells who somebody is, or was written in confidence.
PERSONAL = ["maya", "lindqvist", "0151 23456", "my knee", "cold", "tablet", "one-key"]
PERSONAL += ["asks for discounts", "never pays"]


# A new model that points to people says here what becomes of its rows.
STAYS = {"bookings.TrainingSession", "bookings.BookingEvent"}
GOES = {
    "account.EmailAddress",
    "accounts.ApiToken",
    "admin.LogEntry",  # a colleague's, and colleagues do not leave by themselves
    "bookings.CalendarFeed",
    "bookings.GymSettingsChange",
    "bookings.Hold",
    "bookings.Offer",  # of a colleague's making
    "bookings.IdempotencyKey",
    "mfa.Authenticator",
    "trainers.Trainer",  # nor do trainers
    "trainers.TrainerSchedule",
    "usersessions.UserSession",
}


@pytest.fixture
def life(maya, ana, frieda):
    """A member who has left something of herself wherever one can."""
    maya.phone = "0151 23456"
    maya.save()
    past = book(maya, ana, THURSDAY, 9, now=NOW, notes="my knee hurts")
    complete_session(past, by=frieda, now=NOW + timedelta(days=4))
    sick = book(maya, ana, THURSDAY, 12, now=NOW)
    cancel_session(sick, by=maya, now=NOW, reason="Maya has a cold")
    book_once(
        maya,
        key="one-key",
        now=NOW,
        trainer_id=ana.pk,
        session_date=NEXT_THURSDAY,
        start_time=time(10),
        end_time=time(11),
        notes="my knee",
    )
    ApiToken.objects.issue(maya, name="Maya's tablet")
    CalendarFeed.objects.renew(maya)
    add_passkey(maya, name="Maya's phone")
    staff = Client()
    staff.force_login(frieda, backend="django.contrib.auth.backends.ModelBackend")
    form = {"name": maya.name, "email": maya.email, "phone": maya.phone}
    staff.post(f"/admin/accounts/user/{maya.pk}/change/", {**form, "is_active": "on"})
    address = maya.emailaddress_set.create(email="maya.old@example.com")
    staff.post(f"/admin/account/emailaddress/{address.pk}/delete/", {"post": "yes"})
    said = {"staff_notes": "Asks for discounts.", "blocked_because": "Never pays."}
    User.objects.filter(pk=maya.pk).update(**said)
    return maya


@pytest.fixture
def maya_in(life):
    """Signed in, half signed in elsewhere, and asked for the password just now."""
    add = {"login": "maya@example.com", "password": PASSWORD}
    Client().post("/accounts/login/", add)
    client = Client()
    client.force_login(life, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def everywhere():
    """Every value of every table, as text, with the table's name."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT t::text FROM {table} t")
            yield from ((table, row) for (row,) in cursor.fetchall())
    for session in Session.objects.all():
        yield "what a session holds", json.dumps(session.get_decoded())


def traces(person_pk):
    """Where something personal still stands."""
    return {
        (table, word)
        for table, row in everywhere()
        for word in PERSONAL
        if word in row.lower()
    }


class TestLeaving:
    def test_nothing_personal_stays_anywhere(self, maya_in, life):
        tables = {table for table, _ in traces(life.pk)}
        assert {
            "users",
            "training_sessions",
            "booking_events",
            "idempotency_keys",
            "api_tokens",
            "mfa_authenticator",
            "account_emailaddress",
            "django_admin_log",
            "what a session holds",
        } <= tables
        assert maya_in.post("/account/delete/").url == "/"
        assert traces(life.pk) == set()

    def test_nothing_points_to_a_former_member_but_what_took_place(self, maya_in, life):
        maya_in.post("/account/delete/")
        for relation in User._meta.related_objects:
            model = relation.related_model
            rows = model._base_manager.filter(**{relation.field.name: life.pk})
            assert model._meta.label in STAYS or not rows.exists(), model
            assert model._meta.label in STAYS | GOES, f"Does {model} stay or go?"

    def test_what_is_ahead_is_cancelled_and_its_time_free(self, maya_in, life, ana):
        ahead = life.sessions.get(session_date=NEXT_THURSDAY)
        slot = TrainerSchedule.objects.get(booking=ahead)
        maya_in.post("/account/delete/")
        ahead.refresh_from_db()
        slot.refresh_from_db()
        assert ahead.status == SessionStatus.CANCELLED
        assert (slot.status, slot.booking_id) == ("available", None)
        assert not IdempotencyKey.objects.exists()

    def test_the_cut_off_keeps_nobody(self, maya_in, life):
        with time_machine.travel(NOW + timedelta(days=10, hours=3), tick=False):
            maya_in.post("/accounts/reauthenticate/", {"password": PASSWORD})
            assert maya_in.post("/account/delete/").url == "/"
        assert not life.sessions.active().exists()

    def test_what_took_place_stays_without_a_name(self, maya_in, life, ana):
        count = BookingEvent.objects.count()
        maya_in.post("/account/delete/")
        past = TrainingSession.objects.get(status=SessionStatus.COMPLETED)
        assert (past.session_date, past.trainer, past.price) == (THURSDAY, ana, 75)
        assert str(past.client) == "Former member"
        assert BookingEvent.objects.count() == count + 1
        call_command("check_bookings")

    def test_no_way_leads_back_in(self, maya_in, life):
        _, secret = ApiToken.objects.issue(life, name="watch")
        maya_in.post("/account/delete/")
        form = {"login": "maya@example.com", "password": PASSWORD}
        answer = Client().post("/accounts/login/", form)
        assert answer.status_code == 200
        assert maya_in.get("/sessions/").status_code == 302
        assert not ApiToken.objects.presenting(secret).exists()
        life.refresh_from_db()
        assert not life.has_usable_password()
        assert not life.is_active

    def test_the_same_address_may_join_again(self, maya_in, life, client):
        maya_in.post("/account/delete/")
        mail.outbox.clear()
        form = {"name": "Maya", "email": "maya@example.com", "password1": PASSWORD}
        client.post("/accounts/signup/", form)
        link = re.search(r"(/accounts/confirm-email/\S+)", mail.outbox[0].body)[1]
        client.post(link)
        page = client.get("/sessions/").content.decode()
        assert "You have no sessions ahead" in page
        assert User.objects.get(email="maya@example.com").pk != life.pk

    def test_others_lose_nothing(self, maya_in, omar, ana):
        kept = book(omar, ana, NEXT_THURSDAY, 15, now=NOW, notes="by the window")
        cancel_session(
            book(omar, ana, NEXT_THURSDAY, 16, now=NOW), by=omar, now=NOW, reason="rain"
        )
        as_omar = Client()
        as_omar.force_login(omar, backend="django.contrib.auth.backends.ModelBackend")
        maya_in.post("/account/delete/")
        kept.refresh_from_db()
        assert (kept.status, kept.notes) == ("scheduled", "by the window")
        assert BookingEvent.objects.filter(reason="rain").exists()
        assert as_omar.get("/sessions/").status_code == 200

    def test_the_page_says_first_what_goes(self, maya_in, life):
        page = maya_in.get("/account/delete/").content.decode()
        assert "Thursday 17 December 2026, 10:00 – 11:00 with Ana Ruiz" in page
        assert "What stays" in page
        life.refresh_from_db()
        assert life.is_active

    def test_an_open_browser_is_not_enough(self, life):
        client = Client()
        client.force_login(life, backend="django.contrib.auth.backends.ModelBackend")
        for answer in (
            client.get("/account/delete/"),
            client.post("/account/delete/"),
        ):
            assert answer.url.startswith("/accounts/reauthenticate/")
        life.refresh_from_db()
        assert life.is_active

    @pytest.mark.parametrize("role", ["trainer", "staff"])
    def test_who_works_here_asks_a_colleague(self, maya_in, life, ana, role):
        if role == "trainer":
            ana.user = life
            ana.save()
        else:
            User.objects.filter(pk=life.pk).update(is_staff=True)
        answer = maya_in.post("/account/delete/")
        assert answer.status_code == 409
        assert "Ask an administrator" in answer.content.decode()
        life.refresh_from_db()
        assert life.is_active
        assert life.sessions.active().exists()

    @pytest.mark.parametrize(("sqlstate", "status"), [("55P03", 503), ("23503", 409)])
    def test_a_refusal_has_its_own_status(self, maya_in, life, sqlstate, status):
        with Fault(sqlstate=sqlstate, at="FOR NO KEY UPDATE"):
            answer = maya_in.post("/account/delete/")
        assert answer.status_code == status
        page = answer.content.decode()
        assert "message--error" in page
        assert "Delete your account?" in page
        assert life.sessions.active().exists()

    def test_all_of_it_or_nothing(self, maya_in, life, monkeypatch):
        monkeypatch.setattr("finova.accounts.leaving.forget_person", lambda user: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            maya_in.post("/account/delete/")
        assert life.sessions.active().exists()
        assert life.api_tokens.exists()

    def test_who_has_no_address_takes_nobodys_sessions_along(self, maya, as_omar):
        session = as_omar.session
        session["chosen"] = None
        session.save()
        User.objects.filter(pk=maya.pk).update(email=None)
        leave(User.objects.get(pk=maya.pk), now=NOW)
        assert as_omar.get("/sessions/").status_code == 200

    def test_nobody_waits_while_the_web_sessions_are_read(self, life):
        with CaptureQueriesContext(connection) as asked:
            leave(life, now=NOW)
        statements = [query["sql"] for query in asked]
        locks = [n for n, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql]
        reads = [
            n
            for n, sql in enumerate(statements)
            if "session_data" in sql and sql.startswith(("SELECT", "DECLARE"))
        ]
        assert reads
        assert max(reads) < min(locks)

    def test_a_web_session_that_outlives_the_account_is_nobodys(self, life):
        """As of who signs in after the web sessions are read."""
        leave(life, now=NOW)
        late = Client()
        late.force_login(life, backend="django.contrib.auth.backends.ModelBackend")
        assert Session.objects.filter(pk=late.session.session_key).exists()
        for path in ("/sessions/", "/account/", "/account/download/"):
            assert late.get(path).url.startswith("/accounts/login/")

    @pytest.mark.django_db(transaction=True)
    def test_what_postgresql_undid_is_done_once(self, life, caplog):
        with transaction.atomic(), Fault() as counted:
            leave(life, now=NOW)
            transaction.set_rollback(True)
        assert life.api_tokens.exists()
        with Fault(len(counted.statements) // 2, "40P01") as fault:
            assert leave(life, now=NOW) == 1
        assert not fault.left
        assert "forget_client: try 2 of 3" in caplog.text
        assert traces(life.pk) == set()


class TestDownload:
    def test_it_holds_what_the_gym_holds(self, maya_in):
        answer = maya_in.get("/account/download/")
        assert "attachment" in answer["Content-Disposition"]
        assert "no-store" in answer["Cache-Control"]
        told = answer.json()
        assert told["profile"]["name"] == "Maya Lindqvist"
        assert told["profile"]["phone"] == "0151 23456"
        assert [token["name"] for token in told["api_tokens"]] == ["Maya's tablet"]
        assert len(told["calendar_feed"]) == 1
        assert told["profile"]["booking_blocked_because"] == "Never pays."
        past, sick, ahead = told["sessions"]
        assert (past["trainer"], past["notes"]) == ("Ana Ruiz", "my knee hurts")
        assert [line["action"] for line in past["history"]] == ["booked", "completed"]
        assert [line["by"] for line in past["history"]] == ["you", "the gym"]
        assert sick["history"][1]["reason"] == "Maya has a cold"
        assert ahead["session_date"] == "2026-12-17"

    def test_it_holds_no_secret_and_nobody_else(self, maya_in, omar, ana):
        book(omar, ana, THURSDAY, 15, now=NOW, notes="by the window")
        text = maya_in.get("/account/download/").content.decode()
        for word in ("Omar", "window", "Frieda", "digest", "credential", "password"):
            assert word not in text

    def test_it_says_that_staff_keep_notes_and_not_which(self, maya_in, life):
        told = maya_in.get("/account/download/")
        assert told.json()["profile"]["staff_keep_notes"] is True
        assert "discounts" not in told.content.decode()
        User.objects.filter(pk=life.pk).update(staff_notes="")
        told = maya_in.get("/account/download/").json()
        assert told["profile"]["staff_keep_notes"] is False

    def test_it_leaves_out_why_others_did_something(self, maya_in, life, ana, frieda):
        ahead = life.sessions.active().get()
        cancel_session(ahead, by=frieda, now=NOW, reason="Ana is in hospital")
        told = maya_in.get("/account/download/").json()
        line = told["sessions"][-1]["history"][-1]
        assert (line["action"], line["by"]) == ("cancelled", "the gym")
        assert line["reason"] == ""

    def test_what_a_session_was_before_it_was_mine(self, maya_in, life, omar, ana):
        theirs = book(omar, ana, THURSDAY, 15, now=NOW)
        theirs.client = life
        theirs.save()
        told = maya_in.get("/account/download/").json()
        session = next(s for s in told["sessions"] if s["start_time"] == "15:00:00")
        (booked,) = session["history"]
        assert "after" not in booked


def test_the_admins_log_forgets_too(maya_in, life):
    maya_in.post("/account/delete/")
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {
        "Former member",
        f"email address of person {life.pk}",
    }


def logged(about, model, text, author):
    return LogEntry.objects.create(
        user=author,
        content_type=ContentType.objects.get_for_model(model),
        object_id=str(about.pk),
        object_repr=text,
        action_flag=CHANGE,
        change_message="Changed name.",
    )


class TestTheAdminsLogOfANamesake:
    """What it says of others stays, what they are called and what they do here."""

    def test_of_another_member(self, maya, omar, frieda):
        User.objects.filter(pk=omar.pk).update(name=maya.name)
        theirs = logged(omar, User, maya.name, frieda)
        gone = logged(maya, User, "maya@example.com", frieda)
        leave(maya, now=NOW)
        theirs.refresh_from_db()
        gone.refresh_from_db()
        assert (theirs.object_repr, theirs.change_message) == (
            "Maya Lindqvist",
            "Changed name.",
        )
        assert (gone.object_repr, gone.change_message) == ("Former member", "")

    def test_of_one_who_has_another_name_now(self, maya, omar, frieda):
        theirs = logged(omar, User, maya.name, frieda)
        leave(maya, now=NOW)
        theirs.refresh_from_db()
        assert theirs.object_repr == "Maya Lindqvist"

    def test_of_a_trainer(self, maya, ana, frieda):
        type(ana).objects.filter(pk=ana.pk).update(name=maya.name)
        theirs = logged(ana, type(ana), maya.name, frieda)
        leave(maya, now=NOW)
        theirs.refresh_from_db()
        assert theirs.object_repr == "Maya Lindqvist"

    def test_a_name_that_nobody_else_has_goes_everywhere(self, maya, frieda):
        token, _ = ApiToken.objects.issue(maya, name=maya.name)
        mine = logged(token, ApiToken, token.name, frieda)
        leave(maya, now=NOW)
        mine.refresh_from_db()
        assert mine.object_repr == "Former member"
