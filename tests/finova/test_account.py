"""The account's pages: who one is, how times read, and where one is signed in."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client

from finova.accounts.addresses import prove
from finova.accounts.models import ApiToken, User
from finova.accounts.templatetags.people import device
from tests.conftest import NOW, THURSDAY
from tests.factories import PASSWORD, MemberFactory, book

pytestmark = pytest.mark.django_db

PROFILE = {"name": "Maya Lind", "phone": "+49 151 123", "time_display": "12"}


def sign_in(person, browser="Mozilla/5.0 (X11; Linux) Firefox/140.0"):
    client = Client(headers={"User-Agent": browser})
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert client.get("/sessions/").status_code == 200
    return client


@contextmanager
def closed_just_before_it_is_written(person):
    """As by another process, after the request has read the row."""
    closed = []

    def close_first(execute, sql, params, many, context):
        if sql.startswith('UPDATE "users"') and not closed:
            closed.append(person)
            User.objects.filter(pk=person.pk).update(
                name="Former member", email=None, password="!", is_active=False
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(close_first):
        yield
    assert closed


class TestProfile:
    def test_what_one_says_of_oneself(self, as_maya, maya):
        assert as_maya.post("/account/profile/", PROFILE).url == "/account/"
        maya.refresh_from_db()
        assert (maya.name, maya.phone, maya.time_display) == (*PROFILE.values(),)
        page = as_maya.get("/account/").content.decode()
        assert "Maya Lind" in page
        assert "+49 151 123" in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [("name", ""), ("phone", "call me"), ("time_display", "13")],
    )
    def test_what_makes_no_sense_is_refused(self, as_maya, maya, field, value):
        answer = as_maya.post("/account/profile/", {**PROFILE, field: value})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        maya.refresh_from_db()
        assert maya.name == "Maya Lindqvist"

    @pytest.mark.parametrize(
        ("path", "form"),
        [("/account/profile/", PROFILE), ("/language/", {"language": "de"})],
    )
    def test_it_opens_no_account_again(self, as_maya, maya, path, form):
        with closed_just_before_it_is_written(maya):
            answer = as_maya.post(path, form)
        assert answer.status_code == 302
        maya.refresh_from_db()
        assert (maya.name, maya.email, maya.phone) == ("Former member", None, "")
        assert (maya.is_active, maya.password, maya.language) == (False, "!", "")
        assert as_maya.get("/account/").url.startswith("/accounts/login/")

    def test_nobody_makes_oneself_staff_or_takes_an_address(self, as_maya, maya):
        more = {"is_staff": "1", "is_superuser": "1", "email": "boss@example.com"}
        as_maya.post("/account/profile/", {**PROFILE, **more})
        maya.refresh_from_db()
        assert not maya.is_staff
        assert not maya.is_superuser
        assert maya.email == "maya@example.com"

    def test_the_database_knows_two_ways_to_write_a_time(self, maya):
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("UPDATE users SET time_display = '13'")


class TestTimes:
    def pages(self, client, session):
        for url in (
            "/sessions/",
            f"/sessions/{session.pk}/cancel/",
            f"/trainers/{session.trainer.slug}/?week={THURSDAY}",
            "/",
        ):
            page = client.get(url).content.decode()
            # What a person reads; addresses and values are for programs.
            yield url, re.sub(r"<[^>]*>", " ", page)

    def test_twelve_hours_everywhere_for_who_wants_them(
        self, monday_morning, ana, maya, as_maya
    ):
        session = book(maya, ana, THURSDAY, 18, now=NOW)
        maya.time_display = "12"
        maya.save()
        for url, page in self.pages(as_maya, session):
            assert not re.search(r"\b(1[3-9]|2\d):\d\d\b", page), url
            assert re.search(r"\b[67]:00\s+PM", page), url

    def test_twenty_four_for_the_others_and_afterwards(
        self, monday_morning, ana, maya, as_maya, client
    ):
        session = book(maya, ana, THURSDAY, 18, now=NOW)
        for _, page in self.pages(as_maya, session):
            assert "18:00" in page
            assert " PM" not in page
        maya.time_display = "12"
        maya.save()
        as_maya.get("/sessions/")
        assert " PM" not in client.get("/").content.decode()


class TestDevices:
    def test_each_sign_in_is_listed(self, maya):
        phone = sign_in(maya, "Mozilla/5.0 (Linux; Android 14) Chrome/130 Safari/537")
        sign_in(maya)
        page = phone.get("/accounts/sessions/").content.decode()
        assert page.count('class="row"') == 2
        assert "Firefox on Linux" in page
        assert re.search(r"Chrome on Android\s*<span[^>]*>This device", page)

    def test_one_is_signed_out_from_another(self, maya):
        laptop, phone = sign_in(maya), sign_in(maya)
        lost = UserSession.objects.get(session_key=phone.session.session_key)
        answer = laptop.post(f"/account/devices/{lost.pk}/sign-out/", follow=True)
        assert "That device is signed out" in answer.content.decode()
        assert phone.get("/sessions/").status_code == 302
        assert laptop.get("/sessions/").status_code == 200

    def test_all_others_at_once(self, maya):
        laptop, phone, watch = (sign_in(maya) for _ in range(3))
        laptop.post("/accounts/sessions/")
        assert phone.get("/sessions/").status_code == 302
        assert watch.get("/sessions/").status_code == 302
        assert laptop.get("/sessions/").status_code == 200

    def test_this_one_is_an_ordinary_signing_out(self, maya):
        laptop = sign_in(maya)
        here = UserSession.objects.get()
        answer = laptop.post(f"/account/devices/{here.pk}/sign-out/")
        assert answer.url == "/"
        assert not Session.objects.filter(pk=here.session_key).exists()

    def test_anothers_is_nobodys(self, maya, as_omar):
        phone = sign_in(maya)
        device = UserSession.objects.get()
        answer = as_omar.post(f"/account/devices/{device.pk}/sign-out/")
        assert answer.status_code == 404
        assert phone.get("/sessions/").status_code == 200

    def test_a_visit_is_noted_once_a_day(self, monday_morning, maya):
        phone = sign_in(maya)
        for hours, seen in [(23, NOW), (25, NOW + timedelta(hours=25))]:
            with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
                phone.get("/sessions/")
            assert UserSession.objects.get().last_seen_at == seen

    def test_who_was_signed_in_before_there_was_a_list_gets_onto_it(self, maya):
        with time_machine.travel(NOW, tick=False):
            phone = sign_in(maya)
            UserSession.objects.all().delete()
        with time_machine.travel(NOW + timedelta(days=2), tick=False):
            assert "This device" in phone.get("/accounts/sessions/").content.decode()

    @pytest.mark.parametrize(
        ("says", "is_called"),
        [
            ("Mozilla/5.0 (iPhone; CPU) Version/18 Safari/604.1", "Safari on iPhone"),
            ("Mozilla/5.0 (Windows NT) Chrome/1 Safari/5 Edg/1", "Edge on Windows"),
            ("Mozilla/5.0 (Macintosh; Mac OS X) Chrome/1 Safari/5", "Chrome on Mac"),
            ("curl/8.0", "A browser on an unknown device"),
            ("", "A browser on an unknown device"),
        ],
    )
    def test_a_browser_has_a_name(self, says, is_called):
        assert device(says) == is_called


class TestANewAddress:
    @pytest.fixture
    def signed_in(self, maya):
        client = sign_in(maya)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        return client

    def ask(self, client, email="new@example.com"):
        return client.post("/accounts/email/", {"action_add": "", "email": email})

    def link(self):
        return re.search(r"http://[^/]+(/accounts/confirm-email/\S+)", body())[1]

    def test_counts_once_its_link_is_followed(self, signed_in, maya):
        self.ask(signed_in)
        maya.refresh_from_db()
        assert maya.email == "maya@example.com"
        assert mail.outbox[0].to == ["new@example.com"]
        signed_in.post(self.link())
        maya.refresh_from_db()
        assert maya.email == "new@example.com"
        assert EmailAddress.objects.get().email == "new@example.com"

    def test_the_old_one_is_told(self, signed_in):
        self.ask(signed_in)
        link = self.link()
        mail.outbox.clear()
        signed_in.post(link)
        assert [message.to for message in mail.outbox] == [["maya@example.com"]]

    def test_until_then_one_signs_in_with_the_old(self, signed_in, maya):
        self.ask(signed_in)
        sign_in(maya)

    def test_an_open_browser_is_not_enough(self, maya):
        answer = self.ask(sign_in(maya))
        assert answer.url.startswith("/accounts/reauthenticate/")
        assert mail.outbox == []
        assert EmailAddress.objects.count() == 1

    def test_anothers_address_is_not_told_from_a_free_one(self, signed_in, omar):
        prove(omar)
        free = self.ask(signed_in)
        taken = self.ask(signed_in, "omar@example.com")
        assert (free.status_code, free.url) == (taken.status_code, taken.url)


def body():
    return mail.outbox[0].body


class TestUnconfirmed:
    """No way leads from an address that is not confirmed to a booking."""

    @pytest.fixture
    def nora(self):
        nora = MemberFactory(email="nora@example.com")
        EmailAddress.objects.create(user=nora, email=nora.email, primary=True)
        return nora

    def test_not_through_the_pages(self, client, ana, nora):
        client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
        answer = client.post(f"/trainers/{ana.slug}/book/", {"at": f"{THURSDAY}T09:00"})
        assert answer.url.startswith("/accounts/login/")
        assert not nora.sessions.exists()

    def test_not_with_a_token(self, nora):
        """Members make tokens when signed in; a command would give one to anybody."""
        with pytest.raises(CommandError, match="has not confirmed"):
            call_command("create_api_token", nora.email)
        assert not ApiToken.objects.exists()

    def test_whom_staff_add_is_vouched_for(self, maya):
        call_command("create_api_token", maya.email)
        assert ApiToken.objects.get().user == maya
