"""Who gets what at every address of the site, by every method: access.txt says it.

An address of the URLconf without a row fails, and so does a row without an address.
Every request brings what it would take to succeed (the forms are the administrator's
own), so that a refusal refuses the person and not a slip in the form; and no table may
look different afterwards unless the row says that it changes (*).
"""

import json
import re

import pytest
from django.db import transaction
from django.urls import get_resolver, path, resolve

from tests.conftest import NEXT_THURSDAY, THURSDAY
from tests.finova.conftest import METHODS, ROLES, ROWS, WORDS, digest

pytestmark = pytest.mark.django_db


def routes(patterns=None, before=""):
    """Every address of the URLconf, as its match spells it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        part = str(pattern.pattern)
        route = before + (part.removeprefix("^") if before else part)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def answer_of(response):
    if response.status_code not in (301, 302):
        return str(response.status_code)
    for door, name in (("/accounts/login/", "in"), ("/admin/login/", "admin")):
        if response.url.startswith(door):
            return name
    return "away"


def outcome(gym, role, path):
    """The answers, as a word of access.txt; * where a POST changed something."""
    before = gym.digest
    answers = {}
    for methods in (["HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"], ["POST"]):
        here = transaction.savepoint()
        for method in methods:
            answers[method] = answer_of(gym.request(role, method, path))
        changed = digest() != before
        transaction.savepoint_rollback(here)
        assert methods == ["POST"] or not changed, f"{role} changed something"
    spelled = [answers[method] for method in METHODS]
    word = next((word for word, said in WORDS.items() if said == spelled), spelled)
    return f"{word}{'*' * changed}"


@pytest.mark.parametrize("path", ROWS)
def test_everybody_is_answered_as_the_table_says(gym, path):
    assert {role: outcome(gym, role, path) for role in ROLES} == ROWS[path]


def route_of(path, gym):
    return resolve(gym.named(path).partition("?")[0]).route


def test_every_address_has_a_row_and_every_row_an_address(gym):
    rows = [route_of(path, gym) for path in ROWS]
    # What is not an address of the admin's comes here, rows without address as well.
    assert rows.count("admin/(?P<url>.*)$") == 1
    assert set(rows) == set(routes())


def test_an_address_without_a_row_would_be_seen(gym):
    new = [path("sessions/<int:pk>/notes/", view=print, name="notes")]
    assert set(routes(new)) - {route_of(known, gym) for known in ROWS}


def test_anothers_session_looks_like_one_that_never_was(gym):
    """Not only the status: no word on the page tells the one from the other."""
    session = gym.names["session"]
    pages = [
        gym.as_role("other").post(f"/sessions/{pk}/cancel/").content.decode()
        for pk in (session, session + 1000)
    ]
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|[0-9a-f]{32}')
    theirs, nobodys = (token.sub("", page) for page in pages)
    assert theirs == nobodys


@pytest.mark.parametrize("action", ["action_remove", "action_primary", "action_send"])
def test_anothers_email_address_is_nobodys(gym, action):
    form = {action: "", "email": "maya@example.com"}
    gym.as_role("other").post("/accounts/email/", form)
    assert digest() == gym.digest


def test_a_field_sent_twice_books_one_session_for_oneself(gym):
    """The last word counts, and no word makes it somebody else's or cheaper."""
    form = {
        "at": [f"{THURSDAY}T09:00", f"{NEXT_THURSDAY}T10:00"],
        "session_type": ["demo", "consultation"],
        "key": ["one", "two"],
        "client": [gym.names["maya"]] * 2,
        "client_id": [gym.names["maya"]] * 2,
        "status": ["completed"] * 2,
        "price_shown": ["0"] * 2,
    }
    omar = gym.people["other"]
    gym.as_role("other").post("/trainers/ana-ruiz/book/", form)
    session = omar.sessions.get()
    assert (session.session_date, session.start_time.hour) == (NEXT_THURSDAY, 10)
    assert (session.session_type, session.status) == ("consultation", "scheduled")
    assert session.price == 60


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": 1},
        {"status": "completed"},
        {"id": 1},
        {"session": {"price": 0}},
    ],
)
def test_the_api_takes_no_more_than_it_asks_for(gym, more):
    url = "/api/members/book-training-session"
    body = json.dumps({**gym.forms[url], **more})
    answer = gym.as_role("other").post(url, body, "application/json")
    omar = gym.people["other"]
    assert answer.json()["session"]["client_id"] == omar.pk
    session = omar.sessions.get()
    assert (session.status, session.price) == ("scheduled", 60)
