"""Who guesses passwords is stopped, and nobody can use that to keep a member out."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.conftest import NOW
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

GUESSER, HOME = "203.0.113.7", "198.51.100.20"


def sign_in(client, email, password, address, **headers):
    return client.post(
        "/accounts/login/",
        {"login": email, "password": password},
        REMOTE_ADDR=address,
        headers=headers,
    ).status_code


def guess(email, address, times=1, **headers):
    return [sign_in(Client(), email, "wrong", address, **headers) for _ in range(times)]


def test_after_five_wrong_passwords_an_address_rests(monday_morning, maya):
    assert guess(maya.email, GUESSER, 7) == [200] * 5 + [429] * 2
    # It learns nothing from then on, not even by the right one.
    assert sign_in(Client(), maya.email, PASSWORD, GUESSER) == 429
    # And the pause ends by itself.
    with time_machine.travel(NOW + timedelta(minutes=5, seconds=1)):
        assert sign_in(Client(), maya.email, PASSWORD, GUESSER) == 302


def test_it_is_told_when_to_try_again(maya):
    guess(maya.email, GUESSER, 5)
    answer = Client().post(
        "/accounts/login/",
        {"login": maya.email, "password": PASSWORD},
        REMOTE_ADDR=GUESSER,
    )
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    page = answer.content.decode()
    assert "rests for up to 5 minutes" in page
    assert "/accounts/password/reset/" in page
    assert 'class="masthead"' in page


def test_the_member_at_another_address_is_let_in(maya):
    guess(maya.email, GUESSER, 10)
    assert sign_in(Client(), maya.email, PASSWORD, HOME) == 302


def test_the_members_own_browser_is_let_in_at_the_guessers_address(maya):
    browser = Client()
    sign_in(browser, maya.email, PASSWORD, HOME)
    browser.post("/accounts/logout/")
    guess(maya.email, GUESSER, 10)
    assert sign_in(browser, maya.email, PASSWORD, GUESSER) == 302


class TestManyAddressesTogether:
    @pytest.fixture
    def besieged(self, monday_morning, maya):
        """Wrong passwords from everywhere, as many as an account takes in an hour."""
        for n in range(100):
            assert guess(maya.email, f"192.0.2.{n}") == [200]
        return maya

    def test_strangers_get_no_further(self, besieged, omar):
        assert sign_in(Client(), besieged.email, PASSWORD, HOME) == 429
        assert sign_in(Client(), omar.email, PASSWORD, HOME) == 302
        with time_machine.travel(NOW + timedelta(hours=1, seconds=1)):
            assert sign_in(Client(), besieged.email, PASSWORD, HOME) == 302

    def test_a_browser_that_knows_the_account_does(self, maya, request):
        browser = Client()
        sign_in(browser, maya.email, PASSWORD, HOME)
        browser.post("/accounts/logout/")
        request.getfixturevalue("besieged")
        assert sign_in(browser, maya.email, PASSWORD, "192.0.2.200") == 302

    def test_and_a_new_password_by_mail_always_does(self, besieged):
        browser = Client()
        browser.post("/accounts/password/reset/", {"email": besieged.email})
        link = re.search(r"http://[^/]+(/accounts/\S+/key/\S+)", mail.outbox[-1].body)
        form = browser.get(link[1], follow=True)
        new = {"password1": "a brand new one", "password2": "a brand new one"}
        browser.post(form.redirect_chain[-1][0], new)
        assert browser.get("/sessions/").status_code == 200
        browser.post("/accounts/logout/")
        assert sign_in(browser, besieged.email, "a brand new one", HOME) == 302


def test_one_address_alone_cannot_use_up_what_an_account_has(monday_morning, maya):
    for minutes in range(0, 60, 5):
        with time_machine.travel(NOW + timedelta(minutes=minutes, seconds=minutes)):
            guess(maya.email, GUESSER, 10)
    with time_machine.travel(NOW + timedelta(minutes=59)):
        assert sign_in(Client(), maya.email, PASSWORD, HOME) == 302


def test_other_guesses_do_not_push_the_counts_out(maya):
    guess(maya.email, GUESSER, 5)
    for n in range(400):
        cache.set(f"another-count-{n}", [n])
    assert guess(maya.email, GUESSER) == [429]


def test_one_address_guesses_at_thirty_accounts_at_most(maya):
    answers = [guess(f"member{n}@example.com", GUESSER)[0] for n in range(31)]
    assert answers == [200] * 30 + [429]
    assert sign_in(Client(), maya.email, PASSWORD, HOME) == 302


def test_a_known_browser_does_not_guess_for_ever_either(maya):
    browser = Client()
    sign_in(browser, maya.email, PASSWORD, HOME)
    browser.post("/accounts/logout/")
    answers = [sign_in(browser, maya.email, "wrong", HOME) for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_knowing_one_account_is_no_key_to_another(maya, omar):
    browser = Client()
    sign_in(browser, omar.email, PASSWORD, GUESSER)
    browser.post("/accounts/logout/")
    answers = [sign_in(browser, maya.email, "wrong", GUESSER) for _ in range(6)]
    assert answers[-1] == 429


@pytest.mark.parametrize("cookie", ["", ".", "a.b", "é.ü", "x" * 4000, "nonce."])
def test_a_made_up_cookie_is_no_known_browser(maya, cookie):
    browser = Client()
    answers = []
    for _ in range(6):
        browser.cookies["known-browser"] = cookie
        answers.append(sign_in(browser, maya.email, "wrong", GUESSER))
    assert answers == [200] * 5 + [429]


def test_the_cookie_tells_nobody_whose_it_is(maya):
    browser = Client()
    sign_in(browser, maya.email, PASSWORD, HOME)
    cookie = browser.cookies["known-browser"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "maya" not in cookie.value


def test_the_right_password_is_not_counted(maya):
    assert [sign_in(Client(), maya.email, PASSWORD, HOME) for _ in range(8)] == [
        302
    ] * 8


class TestTheAddress:
    def test_nobody_is_believed_about_where_he_is(self, maya):
        answers = [
            guess(maya.email, GUESSER, **{"X-Forwarded-For": f"10.0.0.{n}"})[0]
            for n in range(6)
        ]
        assert answers == [200] * 5 + [429]

    def test_but_the_proxy_in_front_is(self, maya, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        proxy = "10.1.1.1"

        def through_it(forged, address):
            header = {"X-Forwarded-For": f"{forged}, {address}"}
            return guess(maya.email, proxy, **header)[0]

        answers = [through_it(f"10.0.0.{n}", GUESSER) for n in range(6)]
        assert answers == [200] * 5 + [429]
        assert through_it("10.0.0.1", HOME) == 200

    def test_a_whole_network_of_the_new_kind_is_one(self, maya):
        answers = [guess(maya.email, f"2001:db8:1:2::{n:x}")[0] for n in range(6)]
        assert answers == [200] * 5 + [429]


def test_mails_for_a_new_password_have_an_end(maya):
    form = {"email": maya.email}
    answers = [Client().post("/accounts/password/reset/", form) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302] * 3 + [429]
    assert answers[-1]["Retry-After"] == "900"
    assert len(mail.outbox) == 3
    assert "mails that we have already sent you are good" in (
        answers[-1].content.decode()
    )
