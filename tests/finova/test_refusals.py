"""Each refusal: a whole page, and to htmx a message that leaves the page as it is."""

import html5lib
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from tests.conftest import THURSDAY
from tests.factories import PASSWORD, book

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
BOOK = "/trainers/ana-ruiz/book/"
FORM = {"at": f"{THURSDAY}T09:00", "session_type": "personal_training", "key": "1"}


@pytest.fixture
def asked(ana, maya, omar, monday_morning, monkeypatch):
    """Ask for a refusal by its name, as Maya's browser does; with htmx or without."""
    client = Client(raise_request_exception=False)

    def ask(which, **headers):
        if which != "429":
            client.force_login(maya)
        return globals()[f"ask_{which}"](client, ana, headers, monkeypatch)

    yield ask
    monkeypatch.undo()
    connection.close()


def ask_400(client, ana, headers, patch):
    return client.get("/trainers/?nul=\x00", headers=headers)


def ask_403(client, ana, headers, patch):
    Group.objects.all().delete()
    return client.post(BOOK, FORM, headers=headers)


def ask_csrf(client, ana, headers, patch):
    client.handler.enforce_csrf_checks = True
    return client.post(BOOK, FORM, headers=headers)


def ask_404(client, ana, headers, patch):
    return client.get("/trainers/nobody/", headers=headers)


def ask_413(client, ana, headers, patch):
    return client.post(BOOK, FORM | {"notes": "a" * 1_100_000}, headers=headers)


def ask_429(client, ana, headers, patch):
    wrong = {"login": "maya@example.com", "password": f"not {PASSWORD}"}
    for _ in range(5):
        client.post("/accounts/login/", wrong)
    return client.post("/accounts/login/", wrong, headers=headers)


def ask_500(client, ana, headers, patch):
    def break_down(request):
        raise RuntimeError("on purpose")

    patch.setattr("bookings.views.trainers.render", break_down)
    return client.get("/trainers/", headers=headers)


def ask_503(client, ana, headers, patch):
    connection.close()
    patch.setitem(connection.settings_dict, "HOST", "/nowhere")
    return client.get("/trainers/", headers=headers)


REFUSALS = {"400": 400, "403": 403, "csrf": 403, "404": 404, "413": 413, "429": 429}
REFUSALS |= {"500": 500, "503": 503}


def parsed(text):
    return html5lib.parse(text, namespaceHTMLElements=False)


@pytest.mark.parametrize("which", REFUSALS)
def test_a_page_says_what_happened_and_where_to_go(asked, which):
    answer = asked(which)
    assert answer.status_code == REFUSALS[which]
    page = parsed(answer.text)
    assert answer.text.startswith("<!doctype html>")
    assert len(page.findall(".//h1")) == 1
    assert page.find(".//title").text.strip()
    main = page.find(".//main")
    assert len("".join(main.itertext()).split()) > 12
    assert main.findall(".//a[@href]")


@pytest.mark.parametrize("which", REFUSALS)
def test_htmx_gets_the_same_as_a_message(asked, which):
    answer = asked(which, **HTMX)
    assert answer.status_code == REFUSALS[which]
    assert answer["HX-Retarget"] == "#messages"
    assert answer["HX-Reswap"] == "innerHTML"
    assert answer["HX-Push-Url"] == "false"
    assert answer.text.lstrip().startswith('<div class="message message--error">')
    assert "<main" not in answer.text
    body = parsed(answer.text).find("body")
    assert len(body) == 1
    assert body.find(".//strong").text
    assert body.findall(".//a[@href]")


@pytest.mark.parametrize(("form", "status"), [(FORM, 409), ({"at": "soon"}, 422)])
def test_a_refused_booking_shows_the_week_as_it_is(
    monday_morning, as_maya, ana, omar, form, status
):
    book(omar, ana, THURSDAY, 9, now=monday_morning)
    page = as_maya.post(BOOK, form)
    swap = as_maya.post(BOOK, form, headers=HTMX)
    assert (page.status_code, swap.status_code) == (status, status)
    assert page.text.startswith("<!doctype html>")
    for answer in (page, swap):
        body = parsed(answer.text)
        assert body.find(".//*[@id='week']") is not None
        assert "".join(body.find(".//*[@id='messages']").itertext()).strip()
    assert "<main" not in swap.text
