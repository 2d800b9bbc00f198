"""API tokens: made by their owner, shown once, used, and revoked."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from finova.accounts.models import ApiToken
from tests.conftest import NOW, THURSDAY
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def maya_in(maya):
    """Signed in by the form, and asked for the password just now."""
    client = Client()
    client.post("/accounts/login/", {"login": maya.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def make(client, name="watch"):
    return client.post("/account/tokens/", {"name": name})


def secret_in(answer):
    return re.search(r"finova_[\w-]{43}", answer.content.decode())[0]


def ask(secret, trainer):
    url = f"/api/members/trainers/{trainer.pk}/schedule/{THURSDAY}"
    return Client().get(url, headers={"Authorization": f"Bearer {secret}"})


def test_it_opens_the_api_until_it_is_revoked(maya_in, maya, ana):
    secret = secret_in(make(maya_in))
    assert ask(secret, ana).status_code == 200
    token = ApiToken.objects.get()
    answer = maya_in.post(f"/account/tokens/{token.pk}/revoke/", follow=True)
    assert "“watch” is revoked" in answer.content.decode()
    assert ask(secret, ana).status_code == 401
    token.refresh_from_db()
    assert token.revoked_at


def test_the_secret_is_shown_once(maya_in):
    answer = make(maya_in)
    secret = secret_in(answer)
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    for page in (maya_in.get("/account/tokens/"), maya_in.get("/account/")):
        assert "finova_" not in page.content.decode()
    kept = ApiToken.objects.values_list().get()
    assert not any(secret in str(value) for value in kept)
    assert not any(secret in str(value) for value in maya_in.session.values())


def test_loading_its_page_again_makes_no_second_one(maya_in):
    make(maya_in)
    again = make(maya_in)
    assert again.status_code == 422
    assert "finova_" not in again.content.decode()
    assert ApiToken.objects.count() == 1


def test_a_revoked_ones_name_is_free_again(maya_in):
    make(maya_in)
    maya_in.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert make(maya_in).status_code == 201


def test_an_open_browser_is_not_enough(maya):
    client = Client()
    client.post("/accounts/login/", {"login": maya.email, "password": PASSWORD})
    asked = make(client)
    assert asked.url.startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()

    # The form that was sent is not lost on the way.
    answer = client.post(asked.url, {"password": PASSWORD})
    assert secret_in(answer)
    assert ApiToken.objects.get().name == "watch"


def test_ten_are_enough(maya_in, maya):
    for n in range(10):
        ApiToken.objects.issue(maya, name=f"program {n}")
    answer = make(maya_in)
    assert answer.status_code == 422
    assert "You have 10 tokens" in answer.content.decode()
    maya.api_tokens.filter(name="program 0").update(revoked_at=NOW)
    assert make(maya_in).status_code == 201


def test_anothers_is_nobodys(maya, as_omar):
    token, _ = ApiToken.objects.issue(maya, name="tablet")
    assert as_omar.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert "tablet" not in as_omar.get("/account/tokens/").content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


def test_its_last_use_is_known_to_the_hour(monday_morning, maya, ana, as_maya):
    _, secret = ApiToken.objects.issue(maya, name="tablet")
    assert "never used" in as_maya.get("/account/tokens/").content.decode()
    for minutes, known in [(0, 0), (59, 0), (61, 61)]:
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            ask(secret, ana)
        used = ApiToken.objects.get().last_used_at
        assert used == NOW + timedelta(minutes=known)
    assert "last used on Monday 7 December 2026" in (
        as_maya.get("/account/tokens/").content.decode()
    )
