"""The masthead says in which room one is."""

import html5lib
import pytest
from django.test import Client

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
