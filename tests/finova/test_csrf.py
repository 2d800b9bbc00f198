"""No other site can make a member's browser do anything here."""

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from tests.finova.conftest import METHODS, ROWS, WORDS, digest

pytestmark = pytest.mark.django_db

OURS = "For your safety the form has run out"


# The documentation of the API answers any method, and does nothing.
INERT = ["/api/docs", "/api/openapi.json"]


def does_something(role, method, path):
    word = ROWS[path][role].rstrip("*")
    answer = WORDS[word][METHODS.index(method)]
    return word != "in" and answer in ("200", "201", "in", "away")


TARGETS = [
    (role, method, path)
    for path in ROWS
    if path not in INERT
    for method in ("POST", "PUT", "PATCH", "DELETE")
    for role in ("admin", "member", "visitor")
    if does_something(role, method, path)
]
# One role each that changes something there by POST.
CHANGING = {
    path: role for path, row in ROWS.items() for role in row if row[role].endswith("*")
}


@pytest.fixture
def signed_in(gym):
    """A client that checks tokens, in which that role is signed in."""

    def client_of(role):
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        for name, cookie in gym.cookies.get(role, {}).items():
            client.cookies[name] = cookie.value
        return client

    return client_of


def refused(answer, path):
    if path.startswith("/api/"):
        return answer.status_code == 403 and answer.json()["code"] == "forbidden"
    return answer.status_code == 403 and OURS in answer.content.decode()


@pytest.mark.parametrize("path", sorted({path for _, _, path in TARGETS}))
def test_without_the_token_nothing_happens(gym, signed_in, path):
    for role, method, _ in (target for target in TARGETS if target[2] == path):
        answer = gym.send(signed_in(role), method, path)
        assert refused(answer, path), (role, method, answer.status_code)
    assert digest() == gym.digest


def with_token(client):
    """The headers that our own pages send along."""
    asked = RequestFactory().get("/")
    token = get_token(asked)
    client.cookies["csrftoken"] = asked.META["CSRF_COOKIE"]
    return {"X-CSRFToken": token, "Origin": "http://testserver"}


@pytest.mark.parametrize("path", CHANGING)
def test_with_the_token_it_does(gym, signed_in, path):
    client = signed_in(CHANGING[path])
    gym.send(client, "POST", path, **with_token(client))
    assert digest() != gym.digest


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example"]
)
@pytest.mark.parametrize("path", CHANGING)
def test_another_sites_page_is_refused_even_with_a_token(gym, signed_in, path, origin):
    client = signed_in(CHANGING[path])
    headers = with_token(client) | {"Origin": origin}
    assert refused(gym.send(client, "POST", path, **headers), path)
    assert digest() == gym.digest


def test_anothers_token_is_no_token(gym, signed_in):
    path = "/sessions/{session}/cancel/"
    ours, theirs = signed_in("member"), signed_in("other")
    headers = with_token(theirs)
    with_token(ours)
    assert refused(gym.send(ours, "POST", path, **headers), path)
    assert digest() == gym.digest


@pytest.mark.parametrize("path", CHANGING)
def test_a_method_cannot_be_dressed_up_as_another(gym, signed_in, path):
    client = signed_in(CHANGING[path])
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        gym.send(client, "GET", path, **{name: "POST"})
    client.get(gym.named(path), {"_method": "POST", **gym.forms[path]})
    assert digest() == gym.digest
