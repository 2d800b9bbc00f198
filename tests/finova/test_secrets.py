"""No line of the log holds what opens a door."""

import logging
import re
import subprocess
import sys

import pytest
from django.core import mail
from django.test import Client

from finova.accounts.models import ApiToken
from finova.logs import JsonLine
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLine())
        self.said = []

    def emit(self, record):
        self.said.append(self.format(record))


@pytest.fixture
def log():
    """Every line of every logger, as chatty as it gets."""
    lines, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines.said
    root.removeHandler(lines)
    root.setLevel(before)


def mailed(pattern):
    return re.search(pattern, mail.outbox[-1].body)[1]


@pytest.fixture
def secrets(log, maya):
    """A day of a member, a guesser and a program; what only they may know."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.get("/accounts/login/")
    csrf = client.cookies["csrftoken"].value
    client.post("/accounts/login/", {"login": maya.email, "password": "wrong horse"})
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": maya.email, "password": "wrong horse"})
    client.post("/accounts/login/", {"login": maya.email, "password": PASSWORD})
    session = client.cookies["sessionid"].value
    known = client.cookies["known-browser"].value
    client.get("/sessions/999/cancel/")

    _, token = ApiToken.objects.issue(maya, name="phone")
    bearer = {"Authorization": f"Bearer {token}"}
    client.get("/api/members/trainers/1/schedule/2026-12-07", headers=bearer)
    client.post("/api/members/book-training-session", headers=bearer)
    guess = "finova_" + "guess" * 8
    client.get(
        "/api/members/trainers/1/schedule/2026-12-07",
        headers={"Authorization": f"Bearer {guess}"},
    )

    stranger = Client(raise_request_exception=False)
    stranger.post("/accounts/password/reset/", {"email": maya.email})
    reset = mailed(r"/password/reset/key/(\S+)/")
    stranger.get(f"/accounts/password/reset/key/{reset}/")
    stranger.delete(f"/accounts/password/reset/key/{reset}/")
    stranger.get(f"/accounts/password/reset/key/{reset}")
    stranger.get(f"/accounts/password/reset/key/{reset}/more/")
    stranger.post(
        "/accounts/signup/",
        {
            "name": "Nora",
            "email": "nora@example.com",
            "password1": "noras own words",
        },
    )
    confirm = mailed(r"/confirm-email/(\S+)/")
    stranger.delete(f"/accounts/confirm-email/{confirm}/")
    stranger.get(f"/accounts/confirm-email/{confirm}/nowhere/")
    return {
        "password": PASSWORD,
        "wrong password": "wrong horse",
        "new password": "noras own words",
        "session": session,
        "csrf token": csrf,
        "known browser": known,
        "bearer token": token,
        "guessed token": guess,
        "reset key": reset,
        "confirm key": confirm,
        "hash": maya.password,
        "digest": ApiToken.digest_of(token),
    }


def test_no_secret_is_logged(secrets, log):
    assert len(log) > 10
    assert [
        (name, line)
        for name, secret in secrets.items()
        for line in log
        if secret in line
    ] == []


def test_nor_by_a_view_that_breaks(log, monkeypatch, maya):
    """A traceback names the lines of the code, not what was in them."""

    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(
        "allauth.account.views.PasswordResetFromKeyView.dispatch", broken
    )
    client = Client(raise_request_exception=False)
    client.post("/accounts/password/reset/", {"email": maya.email})
    reset = mailed(r"/password/reset/key/(\S+)/")
    answer = client.get(f"/accounts/password/reset/key/{reset}/")
    assert answer.status_code == 500
    assert any("RuntimeError" in line for line in log)
    assert not any(reset in line for line in log)


def test_the_server_itself_logs_no_addresses():
    """Uvicorn sets its loggers up before the site does, as it is started."""
    server = (
        "import logging, uvicorn\n"
        "uvicorn.Config('finova.asgi:application', access_log=False).load()\n"
        "print(logging.getLogger('uvicorn.access').hasHandlers())"
    )
    run = subprocess.run(
        [sys.executable, "-c", server], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False"]


def test_the_log_would_be_seen_to_leak(log):
    logging.getLogger("finova").warning("the password is %s", PASSWORD)
    assert any(PASSWORD in line for line in log)
