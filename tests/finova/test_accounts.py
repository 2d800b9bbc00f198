"""Joining, signing in and out, and a new password."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError
from django.test import Client

from finova.accounts.models import User
from tests.factories import PASSWORD, MemberFactory

pytestmark = pytest.mark.django_db


def test_joining_makes_a_member_who_may_book_and_is_back_where_they_were(client):
    data = {
        "name": "Nora Novak",
        "email": "Nora@Example.com",
        "password1": PASSWORD,
        "next": "/trainers/?at=1",
    }
    answer = client.post("/accounts/signup/", data)
    assert answer.url == "/accounts/confirm-email/"
    assert client.get("/sessions/").status_code == 302
    link = re.search(r"http://[^/]+(/accounts/confirm-email/\S+)", mail.outbox[0].body)
    assert client.get(link[1]).status_code == 200
    answer = client.post(link[1])

    assert answer.url == "/trainers/?at=1"
    nora = User.objects.get()
    assert (nora.name, nora.email) == ("Nora Novak", "nora@example.com")
    assert nora.has_perm("bookings.book_session")
    assert not nora.is_staff
    assert client.get("/sessions/").status_code == 200


def test_signing_in_by_email_in_any_case_and_out(client, maya):
    data = {"login": "MAYA@example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", data).status_code == 302
    assert client.get("/sessions/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/sessions/").status_code == 302


@pytest.mark.parametrize("login", ["maya@example.com", "nobody@example.com"])
def test_a_wrong_password_says_the_same_for_everybody(client, maya, login):
    answer = client.post("/accounts/login/", {"login": login, "password": "wrong"})
    assert answer.status_code == 200
    assert "The email address and/or password you specified are not correct" in (
        answer.content.decode()
    )


def test_guessing_is_throttled_at_the_admins_door_too(client, frieda):
    wrong = {"login": frieda.email, "password": "wrong", "next": "/admin/"}
    for _ in range(6):
        client.post("/accounts/login/", wrong)
    right = {**wrong, "password": PASSWORD}
    assert client.post("/accounts/login/", right).status_code != 302


def test_a_new_password_by_mail(client, maya):
    client.post("/accounts/password/reset/", {"email": maya.email})
    link = re.search(
        r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[0].body
    )
    form = client.get(link[1], follow=True)
    url = form.redirect_chain[-1][0]
    answer = client.post(
        url, {"password1": "a brand new one", "password2": "a brand new one"}
    )

    assert answer.status_code == 302
    maya.refresh_from_db()
    assert maya.check_password("a brand new one")


class TestWhoseAddress:
    """Who joins shows that the mailbox is theirs; staff vouch for whom they add."""

    def sign_in(self, person):
        data = {"login": person.email, "password": PASSWORD}
        return Client().post("/accounts/login/", data).url

    def test_whom_staff_add_needs_no_mail(self, maya):
        assert self.sign_in(maya) == "/"
        address = EmailAddress.objects.get()
        assert (address.email, address.verified, address.primary) == (
            "maya@example.com",
            True,
            True,
        )

    def test_nor_after_anybody_asked_for_a_new_password(self, maya):
        Client().post("/accounts/password/reset/", {"email": maya.email})
        assert self.sign_in(maya) == "/"

    def test_who_joined_does(self, maya):
        EmailAddress.objects.create(user=maya, email=maya.email, primary=True)
        assert self.sign_in(maya) == "/accounts/confirm-email/"

    def test_until_the_mail_for_a_new_password_was_answered(self, client, maya):
        EmailAddress.objects.create(user=maya, email=maya.email, primary=True)
        client.post("/accounts/password/reset/", {"email": maya.email})
        link = re.search(r"http://[^/]+(/\S+/key/\S+)", mail.outbox[0].body)
        form = client.get(link[1], follow=True)
        new = {"password1": PASSWORD, "password2": PASSWORD}
        client.post(form.redirect_chain[-1][0], new)
        assert client.get("/sessions/").status_code == 200
        assert self.sign_in(maya) == "/"


def test_the_way_back_stays_on_this_site(client, maya):
    for evil in ("//evil.example", "https://evil.example/"):
        data = {"login": maya.email, "password": PASSWORD, "next": evil}
        assert Client().post("/accounts/login/", data).url == "/"


@pytest.mark.parametrize(
    "page",
    [
        "login",
        "signup",
        "password/reset",
        "password/reset/done",
        "inactive",
        "confirm-email",
    ],
)
def test_every_door_has_the_sites_face(client, page):
    answer = client.get(f"/accounts/{page}/")
    assert answer.status_code == 200
    assert 'class="masthead"' in answer.content.decode()


@pytest.mark.parametrize(
    "page", ["logout", "password/change", "email", "reauthenticate"]
)
def test_and_every_room_behind_it(as_maya, page):
    answer = as_maya.get(f"/accounts/{page}/", follow=True)
    assert answer.status_code == 200
    assert 'class="masthead"' in answer.content.decode()


def test_an_address_has_one_spelling(db):
    MemberFactory(email="one@example.com")
    with pytest.raises(IntegrityError):
        MemberFactory(email="ONE@example.com")


@pytest.mark.parametrize(
    ("unset", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"EMAIL_URL": ""}, "EMAIL_URL is not set"),
        ({"ALLOWED_HOSTS": "gym.example,*"}, "ALLOWED_HOSTS is \\*"),
        ({"SECRET_KEY": "for-development-only-" + "finova" * 8}, "development key"),
        ({"DEBUG": "1"}, "DEBUG is for development"),
    ],
)
def test_production_refuses_to_start_half_configured(monkeypatch, unset, message):
    import importlib

    import finova.settings

    complete = {
        "FINOVA_ENV": "production",
        "SECRET_KEY": "s" * 64,
        "DATABASE_URL": "postgresql:///finova",
        "ALLOWED_HOSTS": "gym.example",
        "EMAIL_URL": "smtp://localhost",
    }
    with monkeypatch.context() as patch:
        for name, value in {**complete, **unset}.items():
            patch.setenv(name, value)
        with pytest.raises(ImproperlyConfigured, match=message):
            importlib.reload(finova.settings)
    importlib.reload(finova.settings)


def test_nobody_takes_the_demos_password_for_a_new_one(client):
    data = {"name": "Nora", "email": "nora@example.com", "password1": "finova-demo"}
    answer = client.post("/accounts/signup/", data)
    assert "Choose one of your own" in answer.content.decode()
    assert not User.objects.exists()


def test_in_production_the_demos_password_opens_nothing(client, settings, maya):
    maya.set_password("finova-demo")
    maya.save()
    credentials = {"login": maya.email, "password": "finova-demo"}
    settings.PRODUCTION = True
    assert client.post("/accounts/login/", credentials).status_code == 200
    settings.PRODUCTION = False
    assert client.post("/accounts/login/", credentials).status_code == 302
