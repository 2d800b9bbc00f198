"""Codes and passkeys: what the second step asks, whom it stops, and how one gets by."""

import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from fido2.utils import websafe_encode

from finova.accounts.second_factor import unreadable_is_wrong
from tests.factories import PASSWORD
from tests.finova.passkey import add_passkey

pytestmark = pytest.mark.django_db


def code_of(secret, steps=0):
    counter = int(time.time()) // 30 + steps
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def sign_in(person, client=None, **more):
    client = client or Client()
    form = {"login": person.email, "password": PASSWORD, **more}
    return client, client.post("/accounts/login/", form)


def is_in(client):
    return client.get("/sessions/").status_code == 200


def with_app(person):
    """Sign in and set up an app through the pages: the client, and the app's secret."""
    client, _ = sign_in(person)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.url.startswith("/accounts/reauthenticate/")
    answer = client.post(page.url, {"password": PASSWORD})
    assert answer.url == "/accounts/2fa/totp/activate/"
    page = client.get(answer.url).content.decode()
    secret = re.search(r'class="secret">(\w+)<', page)[1]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.url == "/accounts/2fa/recovery-codes/"
    return client, secret


def recovery_codes(client):
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    return re.findall(r"<li><code>(\d+)</code>", page)


class TestAnApp:
    def test_a_wrong_code_switches_nothing_on(self, maya):
        client, _ = sign_in(maya)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.get("/accounts/2fa/totp/activate/")
        answer = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
        assert "This code is not right" in answer.content.decode()
        assert not Authenticator.objects.exists()

    def test_without_the_password_typed_anew_nothing_is_set_up(self, maya):
        client, _ = sign_in(maya)
        for at in ("totp/activate", "webauthn/add", "recovery-codes/generate"):
            answer = client.post(f"/accounts/2fa/{at}/", {"code": "123456"})
            assert answer.url.startswith("/accounts/reauthenticate/")
        assert not Authenticator.objects.exists()

    def test_then_the_password_alone_opens_nothing(self, maya):
        _, secret = with_app(maya)
        client, answer = sign_in(maya)
        assert answer.url == "/accounts/2fa/authenticate/"
        assert not is_in(client)
        wrong = client.post("/accounts/2fa/authenticate/", {"code": "12345"})
        assert "This code is not right" in wrong.content.decode()
        assert not is_in(client)

        right = {"code": code_of(secret, steps=1)}
        assert client.post("/accounts/2fa/authenticate/", right).status_code == 302
        assert is_in(client)

    def test_one_is_back_where_one_was(self, maya):
        _, secret = with_app(maya)
        client, _ = sign_in(maya, next="/trainers/?at=1")
        right = {"code": code_of(secret, steps=1)}
        answer = client.post("/accounts/2fa/authenticate/", right)
        assert answer.url == "/trainers/?at=1"

    def test_a_code_is_good_once(self, maya):
        _, secret = with_app(maya)
        right = {"code": code_of(secret, steps=1)}
        for known in (True, False):
            client, _ = sign_in(maya)
            client.post("/accounts/2fa/authenticate/", right)
            assert is_in(client) is known

    def test_at_the_admins_door_too(self, frieda):
        _, secret = with_app(frieda)
        client, answer = sign_in(frieda, next="/admin/")
        assert answer.url == "/accounts/2fa/authenticate/"
        assert client.get("/admin/").status_code == 302
        assert client.get("/admin/accounts/user/").status_code == 302
        right = {"code": code_of(secret, steps=1)}
        assert client.post("/accounts/2fa/authenticate/", right).url == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_a_new_password_by_mail_does_not_get_by(self, client, maya):
        with_app(maya)
        mail.outbox.clear()
        client.post("/accounts/password/reset/", {"email": maya.email})
        link = re.search(r"http://[^/]+(/\S+/key/\S+)", mail.outbox[0].body)
        form = client.get(link[1], follow=True).redirect_chain[-1][0]
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        assert client.post(form, new).url == "/accounts/2fa/authenticate/"
        assert not is_in(client)

    def test_switching_it_off_takes_the_recovery_codes_along(self, maya):
        client, _ = with_app(maya)
        client.post("/accounts/2fa/totp/deactivate/")
        assert not Authenticator.objects.exists()
        assert is_in(sign_in(maya)[0])

    def test_that_it_is_off_is_told_by_mail(self, maya):
        client, _ = with_app(maya)
        client.post("/accounts/2fa/totp/deactivate/")
        assert [message.to for message in mail.outbox] == [[maya.email]]


class TestRecoveryCodes:
    def test_each_lets_in_once(self, maya):
        at_home, _ = with_app(maya)
        first, second, *others = recovery_codes(at_home)
        assert len(others) == 8
        for code, lets_in in [(first, True), (first, False), (second, True)]:
            client, _ = sign_in(maya)
            client.post("/accounts/2fa/authenticate/", {"code": code})
            assert is_in(client) is lets_in
        assert recovery_codes(at_home) == others

    def test_they_can_be_taken_along_as_a_file(self, maya):
        client, _ = with_app(maya)
        answer = client.get("/accounts/2fa/recovery-codes/download/")
        assert answer.content.decode().split() == recovery_codes(client)
        assert "no-store" in answer["Cache-Control"]

    def test_new_ones_end_the_old(self, maya):
        client, _ = with_app(maya)
        old = recovery_codes(client)
        client.post("/accounts/2fa/recovery-codes/generate/")
        assert not set(old) & set(recovery_codes(client))


class TestGuessing:
    """Whoever has the password has six digits left to guess."""

    @pytest.fixture(autouse=True)
    def nobody_tried_yet(self, db):
        cache.clear()

    def test_five_tries_and_the_right_code_is_refused_too(self, maya):
        _, secret = with_app(maya)
        for n in range(5):
            # From another address and browser each time.
            client, _ = sign_in(maya, Client(REMOTE_ADDR=f"10.0.0.{n}"))
            client.post("/accounts/2fa/authenticate/", {"code": f"00000{n}"})
        client, _ = sign_in(maya)
        answer = client.post(
            "/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)}
        )
        assert "Too many failed" in answer.content.decode()
        assert not is_in(client)

    def test_who_is_right_starts_anew(self, maya):
        _, secret = with_app(maya)
        client, _ = sign_in(maya)
        for code in ("1", "2", "3", code_of(secret, steps=1)):
            client.post("/accounts/2fa/authenticate/", {"code": code})
        assert is_in(client)
        client, _ = sign_in(maya)
        for _ in range(5):
            page = client.post("/accounts/2fa/authenticate/", {"code": "1"})
        assert "This code is not right" in page.content.decode()


def key(**response):
    known = {"id": "YQ", "rawId": "YQ", "type": "public-key"}
    return json.dumps({**known, "response": {"clientDataJSON": "e30", **response}})


WRONG = [
    *("null", "0", "0.5", "true", "false", '"a"', "[]", "{}", "[1]", '{"id": 1}'),
    '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}',
    '{"id": "é", "rawId": [], "type": 1, "response": {"clientDataJSON": 1}}',
    key(authenticatorData="YQ", signature="YQ"),
    key(authenticatorData="YQ", signature="YQ", userHandle="AA"),
    key(attestationObject="YQ", userHandle="\0"),
    key(attestationObject="oA"),
    key(attestationObject=websafe_encode(b"\x81" * 5000)),
]


class TestAPasskeyThatIsNone:
    """What only a program would send is refused like any wrong key."""

    @pytest.mark.parametrize("credential", WRONG)
    def test_at_the_door(self, client, maya, credential):
        add_passkey(maya)
        client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "text/json"})
        answer = client.post(
            "/accounts/2fa/webauthn/login/", {"credential": credential}
        )
        assert answer.status_code in (200, 302)
        assert not is_in(client)

    def test_the_log_says_what_could_not_be_read(self, client, caplog):
        client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "text/json"})
        client.post("/accounts/2fa/webauthn/login/", {"credential": '{"id": 1}'})
        (line,) = (line for line in caplog.records if "passkey" in line.message)
        assert line.levelname == "WARNING"
        assert line.exc_info[0] is KeyError

    @pytest.mark.parametrize("ours", [ZeroDivisionError, OperationalError, OSError])
    def test_what_no_reading_raises_is_no_wrong_key(self, ours):
        with pytest.raises(ours), unreadable_is_wrong():
            raise ours

    @pytest.mark.parametrize("credential", WRONG)
    def test_as_the_second_step(self, maya, credential):
        add_passkey(maya)
        client, _ = sign_in(maya)
        client.get("/accounts/2fa/authenticate/")
        answer = client.post("/accounts/2fa/authenticate/", {"credential": credential})
        assert answer.status_code == 200
        assert not is_in(client)

    @pytest.mark.parametrize("credential", WRONG)
    def test_among_the_others(self, maya, credential):
        client, _ = sign_in(maya)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.get("/accounts/2fa/webauthn/add/")
        answer = client.post("/accounts/2fa/webauthn/add/", {"credential": credential})
        assert answer.status_code == 200
        assert not Authenticator.objects.exists()


class TestStaffHelp:
    def test_who_has_lost_everything_gets_the_step_taken_away(self, maya, as_frieda):
        with_app(maya)
        for step in Authenticator.objects.all():
            page = as_frieda.get(f"/admin/mfa/authenticator/{step.pk}/change/")
            assert "secret" not in page.content.decode()
            assert "seed" not in page.content.decode()
            url = f"/admin/mfa/authenticator/{step.pk}/delete/"
            as_frieda.post(url, {"post": "yes"})
        assert is_in(sign_in(maya)[0])
