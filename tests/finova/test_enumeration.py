"""Nobody learns here who is a member: not by word, not by status, not by time."""

import re
from statistics import median
from time import perf_counter

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client

from finova.accounts.addresses import prove
from finova.accounts.models import User
from tests.factories import PASSWORD, MemberFactory

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = "maya@example.com", "nobody@example.com"


class Hasher(PBKDF2PasswordHasher):
    """The hasher of production, at a fraction of its work."""

    iterations = 40_000


@pytest.fixture
def maya(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Hasher"]
    person = MemberFactory(name="Maya Lindqvist", email=KNOWN)
    prove(person)
    return person


def log_in(email):
    return Client().post("/accounts/login/", {"login": email, "password": "wrong"})


def reset(email):
    return Client().post("/accounts/password/reset/", {"email": email}, follow=True)


def join(email):
    form = {"name": "Nora Novak", "email": email, "password1": "one of my own"}
    return Client().post("/accounts/signup/", form, follow=True)


def plain(answer, email):
    """The page without what is random in it."""
    page = answer.content.decode().replace(email, "EMAIL")
    return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"|[0-9a-f]{32}', r"\1", page)


def shown(answer, email):
    """All that a browser gets: page, way, headers and cookies."""
    return (
        answer.status_code,
        getattr(answer, "redirect_chain", []),
        sorted(set(answer.headers) - {"X-Request-ID"}),
        sorted(answer.client.cookies),
        plain(answer, email),
    )


@pytest.mark.parametrize("door", [log_in, reset, join])
def test_the_answer_is_the_same(maya, door):
    known = shown(door(KNOWN), KNOWN)
    assert known == shown(door(UNKNOWN), UNKNOWN)
    assert known[0] == 200


def test_joining_again_changes_nothing_and_tells_the_owner_alone(maya):
    join("MAYA@example.com")
    assert User.objects.get() == maya
    maya.refresh_from_db()
    assert maya.check_password(PASSWORD)
    (letter,) = mail.outbox
    assert letter.to == [KNOWN]
    assert "This address has an account already" in letter.body


def test_who_joins_is_not_in_before_the_mail_is_answered(maya):
    client = Client()
    form = {"name": "Nora Novak", "email": UNKNOWN, "password1": "one of my own"}
    client.post("/accounts/signup/", form)
    assert client.get("/sessions/").status_code == 302
    sign_in = {"login": UNKNOWN, "password": "one of my own"}
    assert client.post("/accounts/login/", sign_in).url == "/accounts/confirm-email/"
    assert client.get("/sessions/").status_code == 302


def test_adding_anothers_address_to_ones_own_tells_nothing(maya, as_omar):
    def add(email):
        form = {"action_add": "", "email": email}
        answer = as_omar.post("/accounts/email/", form, follow=True)
        as_omar.post("/accounts/email/", {"action_remove": "", "email": email})
        as_omar.get("/accounts/email/")
        return plain(answer, email)

    assert add(KNOWN) == add(UNKNOWN)


def ratio(door, rounds=25):
    """How much longer the one takes than the other; measured in turn, by median."""
    times = {KNOWN: [], UNKNOWN: []}
    for _ in range(rounds):
        for email in times:
            cache.clear()
            User.objects.filter(email=UNKNOWN).delete()
            started = perf_counter()
            door(email)
            times[email].append(perf_counter() - started)
    slower, quicker = sorted(map(median, times.values()), reverse=True)
    return slower / quicker


@pytest.mark.parametrize("door", [log_in, reset])
def test_the_time_is_the_same(maya, door):
    # Twice at most, because the machine has other things to do as well.
    assert any(ratio(door) < 1.3 for _ in range(2))


def test_joining_takes_members_as_long_as_others(maya, monkeypatch):
    # Beside the hash there is an account to write, so the hash is production's here.
    monkeypatch.setattr(Hasher, "iterations", PBKDF2PasswordHasher.iterations)
    assert any(ratio(join, rounds=7) < 1.3 for _ in range(2))


def test_a_door_that_hashes_for_members_alone_would_be_seen(maya):
    def gives_away(email):
        log_in(email)
        if email == KNOWN:
            maya.check_password("wrong")
            maya.check_password("wrong again")

    assert any(ratio(gives_away) > 1.3 for _ in range(2))
