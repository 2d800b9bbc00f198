"""A session that ends inside an htmx call: sign-in is a whole page, never a corner."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.utils.http import url_has_allowed_host_and_scheme

from tests.conftest import NEXT_THURSDAY
from tests.finova.conftest import ELSEWHERE, ROWS

pytestmark = pytest.mark.django_db

# The last two are allauth's for who is half signed in; they have no fragments.
PAGES = [
    path
    for path in ROWS
    if not path.startswith(
        ("/admin", "/api", "/accounts/login/code/", "/accounts/2fa/auth")
    )
]


@pytest.fixture
def expired(gym):
    """What Maya's browser still sends when her session is over."""
    Session.objects.all().delete()

    def ask(method, path, **headers):
        headers = {"HX-Request": "true", **headers}
        return gym.request("member", method, path, **headers)

    return ask


def way_back(answer):
    (back,) = parse_qs(urlsplit(answer["HX-Redirect"]).query)["next"]
    return back


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PAGES)
def test_there_is_never_a_sign_in_page(expired, path, method):
    here = "http://testserver/trainers/ana-ruiz/?week=2026-12-07"
    answer = expired(method, path, **{"HX-Current-URL": here})
    if ROWS[path]["visitor"] == "in":
        assert answer["HX-Redirect"].startswith("/accounts/login/?")
        assert way_back(answer) == "/trainers/ana-ruiz/?week=2026-12-07"
        assert answer.content == b""
    elif path != "/accounts/login/":
        assert b'name="login"' not in answer.content


def test_nothing_is_booked_on_the_way(gym, expired):
    expired("POST", "/trainers/ana-ruiz/book/")
    assert not gym.people["member"].sessions.filter(session_date=NEXT_THURSDAY)


@pytest.mark.parametrize(
    "here",
    [
        *ELSEWHERE,
        "http://evil.example/sessions/",
        "http://testserver//evil.example/sessions/",
        "http://testserver///evil.example/",
        "http://testserver/\\evil.example/",
        "http://testserver:evil/",
        "http://[",
    ],
)
def test_the_way_back_stays_on_this_site(expired, here):
    answer = expired("GET", "/sessions/", **{"HX-Current-URL": here})
    back = way_back(answer)
    assert back.startswith("/")
    assert url_has_allowed_host_and_scheme(back, allowed_hosts=None)
