"""The masthead says in which room one is."""

import html5lib
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW, THURSDAY
from tests.factories import book

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]


def current(response):
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    links = tree.iterfind(".//nav[@class='nav']/a[@aria-current='page']")
    return ["".join(link.itertext()) for link in links]


@pytest.mark.parametrize(
    ("page", "room"),
    [
        ("/", []),
        ("/trainers/", ["Trainers"]),
        ("/trainers/ana-ruiz/", ["Trainers"]),
        ("/day/", ["Trainers"]),
        ("/sessions/", ["My sessions"]),
        ("/sessions/calendar/", ["My sessions"]),
        ("/sessions/{session}/", ["My sessions"]),
        ("/sessions/{session}/cancel/", ["My sessions"]),
        ("/sessions/{session}/reschedule/", ["My sessions"]),
        ("/account/", ["Account"]),
        ("/account/tokens/", ["Account"]),
        ("/accounts/sessions/", ["Account"]),
        ("/accounts/2fa/", ["Account"]),
        ("/accounts/email/", ["Account"]),
        ("/nowhere/", []),
    ],
)
def test_a_members_page_marks_its_room(as_maya, maya, ana, page, room):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    assert current(as_maya.get(page.format(session=session.pk))) == room


@pytest.mark.parametrize(
    ("page", "room"),
    [
        ("/accounts/login/", ["Sign in"]),
        ("/accounts/signup/", ["Join"]),
        ("/accounts/password/reset/", []),
    ],
)
def test_a_visitor_at_the_door_is_not_led_back_to_it(page, room):
    answer = Client().get(page)
    assert current(answer) == room
    assert "?next=%2Faccounts" not in answer.text


def rooms(response):
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    return [link.text for link in tree.iterfind(".//nav[@class='nav']/a")]


def test_a_trainer_has_a_week_and_is_a_member_too(as_ana, as_maya):
    page = as_ana.get("/coach/")
    assert current(page) == ["My week"]
    assert rooms(page) == ["Trainers", "My week", "My sessions", "Account"]
    assert rooms(as_maya.get("/")) == ["Trainers", "My sessions", "Account"]


def test_who_is_a_trainer_is_read_with_who_it_is(as_ana, as_maya):
    """The masthead of no page asks the database a question of its own."""
    for client in (as_ana, as_maya):
        with CaptureQueriesContext(connection) as queries:
            client.get("/account/profile/")
        asked = [each["sql"] for each in queries if '"trainers"' in each["sql"]]
        assert len(asked) == 1
        assert 'FROM "users"' in asked[0]
