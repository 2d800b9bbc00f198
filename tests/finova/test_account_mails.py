"""What we write to members: in our words, and always with what to do next."""

import re
from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import get_connection
from django.test import Client
from django.utils import timezone

from finova.accounts.adapter import AccountAdapter
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

OURS = settings.BASE_DIR / "templates"
# Sent for what this site does not offer.
NOT_OFFERED = {"login_code", "password_reset_code"}


def test_no_mail_is_in_anybody_elses_words():
    theirs = Path(allauth.__file__).parent / "templates"
    for folder in ("account/email", "mfa/email"):
        for template in (theirs / folder).iterdir():
            mail_name = re.sub(r"_(message|subject)\.txt$", "", template.name)
            if mail_name not in NOT_OFFERED:
                assert (OURS / folder / template.name).exists(), template.name


def join(client):
    form = {"name": "Nora O'Hara", "email": "nora@example.com", "password1": PASSWORD}
    client.post("/accounts/signup/", form)


def ask_for_password(client, email):
    client.post("/accounts/password/reset/", {"email": email})


def change_password(client):
    client.post("/accounts/login/", {"login": "maya@example.com", "password": PASSWORD})
    new = {"password1": "a brand new one", "password2": "a brand new one"}
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})


@pytest.mark.parametrize(
    ("happens", "subject", "says", "leads_to"),
    [
        (join, "Welcome to FinovaFitness", "works for three days", "/confirm-email/"),
        (
            lambda client: ask_for_password(client, "maya@example.com"),
            "Choose a new password",
            "your password stays as it is",
            "/accounts/password/reset/key/",
        ),
        (
            lambda client: ask_for_password(client, "nobody@example.com"),
            "No account with this address",
            "You can join here",
            "/accounts/signup/",
        ),
        (
            change_password,
            "Your password for FinovaFitness was changed",
            "Firefox on Linux, from the address 127.0.0.1",
            "/accounts/password/reset/",
        ),
    ],
    ids=["joining", "forgotten", "unknown", "changed"],
)
def test_a_mail_says_what_happened_and_what_to_do(
    maya, happens, subject, says, leads_to
):
    happens(Client(headers={"User-Agent": "X11; Linux Firefox/140.0"}))
    (message,) = mail.outbox
    assert message.subject.startswith(subject)
    assert says in message.body
    assert f"http://testserver{leads_to}" in message.body or leads_to in message.body
    assert message.body.startswith("Hello!")
    assert message.body.endswith("Until soon,\nFinovaFitness")
    assert not re.search(r"&#|&quot;|{[{%]|\n{4}", message.body)


class NoPost(get_connection("django.core.mail.backends.locmem.EmailBackend").__class__):
    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_a_notice_that_cannot_leave_breaks_nothing(maya, settings, caplog):
    settings.EMAIL_BACKEND = f"{__name__}.NoPost"
    client = Client()
    change_password(client)
    maya.refresh_from_db()
    assert maya.check_password("a brand new one")
    assert client.get("/sessions/").status_code == 200
    assert "was not sent" in caplog.text


def test_a_name_is_written_as_it_is(client):
    join(client)
    adapter = AccountAdapter()
    told = {
        "timestamp": timezone.now(),
        "from_email": "a'b@example.com",
        "to_email": "c&d@example.com",
    }
    adapter.request = client.get("/").wsgi_request
    message = adapter.render_mail(
        "account/email/email_changed", "x@example.com", {**told, "gym_name": "A & B"}
    )
    assert "c&d@example.com now, in place of a'b@example.com" in message.body
    assert message.subject == "Your address at A & B was changed"
