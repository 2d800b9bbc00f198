"""The site as a gym runs it: its cookies, its headers, and what it refuses."""

import os
import runpy
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.factories import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = {
    "FINOVA_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "DATABASE_URL": "postgresql:///finova",
    "ALLOWED_HOSTS": "gym.example",
    "EMAIL_URL": "smtp://localhost",
}


@pytest.fixture(scope="module")
def production_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DEBUG", raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return runpy.run_path(str(ROOT / "finova" / "settings.py"))


@pytest.fixture
def in_production(production_settings, settings):
    """Production's settings for security, on the tests' database."""
    for name, value in production_settings.items():
        kinds = ("SECURE_", "SESSION_", "CSRF_", "KNOWN_", "ALLOWED_", "X_FRAME")
        if name.startswith((*kinds, "PRODUCTION", "PERMISSIONS_POLICY")):
            setattr(settings, name, value)


@pytest.fixture
def gym_client(in_production):
    # On the wire as behind a proxy that ends TLS: uvicorn says so in the scheme.
    return Client(headers={"host": "gym.example"}, enforce_csrf_checks=True)


def sign_in(client, person):
    page = client.get("/accounts/login/", secure=True)
    return client.post(
        "/accounts/login/",
        {
            "login": person.email,
            "password": PASSWORD,
            "csrfmiddlewaretoken": page.context["csrf_token"],
        },
        secure=True,
        headers={"Referer": "https://gym.example/accounts/login/"},
    )


@pytest.mark.django_db
class TestOverTheWire:
    def test_cookies_are_for_this_host_over_tls_and_not_for_scripts(
        self, gym_client, maya
    ):
        assert sign_in(gym_client, maya).status_code == 302
        names = set(gym_client.cookies)
        assert names - {"messages"} == {
            "__Host-session",
            "__Host-csrf",
            "__Host-known-browser",
        }
        for name, cookie in gym_client.cookies.items():
            assert cookie["secure"], name
            assert cookie["httponly"], name
            assert cookie["samesite"] == "Lax", name
            assert (cookie["path"], cookie["domain"]) == ("/", ""), name

    def test_every_page_has_its_headers(self, gym_client, maya):
        sign_in(gym_client, maya)
        for path in ("/", "/sessions/", "/accounts/login/", "/nowhere/", "/api/docs"):
            headers = gym_client.get(path, secure=True).headers
            assert headers["Strict-Transport-Security"] == (
                "max-age=31536000; includeSubDomains; preload"
            )
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "base-uri 'none'" in policy
            assert "unsafe" not in policy

    def test_without_tls_one_is_sent_to_where_it_is(self, gym_client):
        answer = gym_client.get("/sessions/")
        assert answer.status_code == 301
        assert answer.url == "https://gym.example/sessions/"

    def test_another_hosts_name_is_refused(self, gym_client):
        for host in ("evil.example", "gym.example.evil.example", "localhost"):
            answer = gym_client.get("/", secure=True, headers={"host": host})
            assert answer.status_code == 400

    def test_a_form_from_elsewhere_is_refused(self, gym_client, maya):
        page = gym_client.get("/accounts/login/", secure=True)
        form = {
            "login": maya.email,
            "password": PASSWORD,
            "csrfmiddlewaretoken": page.context["csrf_token"],
        }
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://gym.example"},
            {"Referer": "https://evil.example/"},
            {},
        ):
            answer = gym_client.post(
                "/accounts/login/", form, secure=True, headers=headers
            )
            assert answer.status_code == 403, headers


def manage(*command, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_has_nothing_to_say():
    answer = manage("check", "--deploy", "--fail-level", "WARNING")
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


def test_it_does_have_something_to_say_about_a_short_key():
    answer = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="short")
    assert "security.W009" in answer.stderr
    assert answer.returncode == 1


def test_the_demo_gym_is_not_for_production():
    answer = manage("seed_demo_gym")
    assert "not in production" in answer.stderr
    assert answer.returncode == 1


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "EMAIL_URL"])
def test_its_secrets_come_from_the_environment_alone(name):
    answer = manage("check", **{name: ""})
    assert f"{name} is not set" in answer.stderr
    assert answer.returncode == 1
