"""How long a session lives, what ends it, and which way one is sent."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tests.conftest import NOW
from tests.factories import PASSWORD
from tests.finova.conftest import ELSEWHERE

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


def is_in(client):
    return client.get("/sessions/").status_code == 200


def at(**later):
    return time_machine.travel(NOW + timedelta(**later), tick=False)


class TestHowLong:
    def test_a_member_who_stays_away_for_two_weeks(self, monday_morning, as_maya):
        with at(days=13):
            assert is_in(as_maya)
        with at(days=28):
            assert not is_in(as_maya)

    def test_a_member_who_comes_every_week(self, monday_morning, as_maya):
        for week in range(1, 13):
            with at(weeks=week):
                assert is_in(as_maya), f"week {week}"
        with at(days=90, seconds=1):
            assert not is_in(as_maya)
        assert not Session.objects.exists()

    def test_staff_sign_in_every_shift(self, monday_morning, as_frieda):
        with at(hours=11, minutes=59):
            assert is_in(as_frieda)
        with at(hours=12, seconds=1):
            assert not is_in(as_frieda)

    def test_a_visit_writes_no_session_but_once_a_day(self, monday_morning, as_maya):
        before = Session.objects.get().expire_date
        with at(hours=23):
            assert is_in(as_maya)
            assert Session.objects.get().expire_date == before
        with at(hours=25):
            assert is_in(as_maya)
            assert Session.objects.get().expire_date > before


class TestWhatEndsIt:
    def test_signing_in_gives_a_new_one(self, client, maya):
        client.get("/accounts/login/")
        session = client.session
        session["basket"] = 1
        session.save()
        client.cookies["sessionid"] = planted = session.session_key
        client.post("/accounts/login/", {"login": maya.email, "password": PASSWORD})
        assert is_in(client)
        assert client.cookies["sessionid"].value != planted
        assert not Session.objects.filter(pk=planted).exists()

    def test_signing_out(self, client, as_maya):
        stolen = as_maya.cookies["sessionid"].value
        as_maya.post("/accounts/logout/")
        client.cookies["sessionid"] = stolen
        assert not is_in(client)

    def test_closing_the_account(self, maya, as_maya):
        maya.is_active = False
        maya.save()
        assert not is_in(as_maya)

    def test_a_new_password_ends_all_others(self, maya, as_maya):
        elsewhere = Client()
        elsewhere.force_login(maya, backend=BACKEND)
        form = {
            "oldpassword": PASSWORD,
            "password1": "a brand new one",
            "password2": "a brand new one",
        }
        as_maya.post("/accounts/password/change/", form)
        assert is_in(as_maya)
        assert not is_in(elsewhere)

    def test_a_new_password_by_mail_ends_them_too(self, client, maya, as_maya):
        client.post("/accounts/password/reset/", {"email": maya.email})
        link = re.search(r"http://[^/]+(/\S+/key/\S+)", mail.outbox[0].body)
        form = client.get(link[1], follow=True)
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        client.post(form.redirect_chain[-1][0], new)
        assert is_in(client)
        assert not is_in(as_maya)
        # The link has done its work.
        again = Client().get(link[1], follow=True)
        assert "password1" not in again.content.decode()

    def test_one_that_the_front_desk_sets(self, maya, as_maya, as_frieda):
        url = f"/admin/accounts/user/{maya.pk}/password/"
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        as_frieda.post(url, new)
        assert not is_in(as_maya)


@pytest.mark.parametrize("evil", ELSEWHERE)
class TestTheWayBack:
    def test_from_signing_in(self, client, maya, evil):
        form = {"login": maya.email, "password": PASSWORD, "next": evil}
        assert client.post("/accounts/login/", form).url == "/"

    def test_from_signing_out(self, as_maya, evil):
        assert as_maya.post("/accounts/logout/", {"next": evil}).url == "/"

    def test_from_joining(self, client, evil):
        form = {
            "name": "Nora Novak",
            "email": "nora@example.com",
            "password1": PASSWORD,
            "next": evil,
        }
        client.post("/accounts/signup/", form)
        link = re.search(r"http://[^/]+(/\S+)", mail.outbox[0].body)
        assert client.post(link[1]).url == "/"


class TestTheHostInOurMails:
    def test_another_sites_name_sends_none(self, client, maya):
        for host in ("evil.example", "testserver.evil.example", "testserver@evil"):
            answer = client.post(
                "/accounts/password/reset/",
                {"email": maya.email},
                headers={"Host": host},
            )
            assert answer.status_code == 400
        assert mail.outbox == []

    def test_nor_does_a_header_change_it(self, client, maya):
        forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil"}
        client.post("/accounts/password/reset/", {"email": maya.email}, headers=forged)
        assert "http://testserver/accounts/password/reset/key/" in mail.outbox[0].body
        assert "evil" not in mail.outbox[0].body
