"""The reader's language: asked of the browser, chosen in the foot, kept for members."""

import html5lib
import pytest
from django.core import mail
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from finova.accounts.models import User

pytestmark = pytest.mark.django_db

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def device_of(person, browser):
    client = Client(headers={"Accept-Language": browser})
    client.force_login(person, backend=MODEL_BACKEND)
    return client


def spoken(client, path="/"):
    """The language in which the page says that it is, twice."""
    answer = client.get(path)
    page = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    assert page.get("lang") == answer["Content-Language"]
    return page.get("lang")


def choose(client, language, **more):
    return client.post("/language/", {"language": language, **more})


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("es-MX", "es"),
        ("fr,en;q=0.5", "fr"),
        ("en-US", "en-gb"),
        ("pl", "en-gb"),
        ("nonsense;;;q=", "en-gb"),
    ],
)
def test_a_visitor_is_spoken_to_as_the_browser_asks(browser, expected):
    assert spoken(Client(headers={"Accept-Language": browser})) == expected


def test_no_cache_mixes_languages_up(client):
    assert {"Accept-Language", "Cookie"} <= set(client.get("/")["Vary"].split(", "))


def test_a_visitors_choice_is_remembered_and_leads_back(client):
    answer = choose(client, "fr", next="/trainers/?q=ana")
    assert answer.url == "/trainers/?q=ana"
    assert spoken(client, "/trainers/") == "fr"
    assert spoken(client) == "fr"


def test_a_members_choice_counts_on_every_device(maya, as_maya):
    choose(as_maya, "de")
    assert spoken(device_of(maya, "fr"), "/sessions/") == "de"
    choose(as_maya, "es")
    assert spoken(device_of(maya, "fr"), "/account/") == "es"


def test_a_member_can_leave_it_to_the_browser_again(maya, as_maya):
    choose(as_maya, "de")
    form = {"name": "Maya", "time_display": "24", "language": ""}
    as_maya.post("/account/profile/", form)
    assert spoken(device_of(maya, "fr")) == "fr"


@pytest.mark.parametrize("language", ["", "xx", "de-evil", "pl", "../de"])
def test_a_language_that_we_do_not_speak_changes_nothing(maya, as_maya, language):
    choose(as_maya, "de")
    assert choose(as_maya, language, next="/").status_code == 302
    assert User.objects.get(pk=maya.pk).language == "de"
    assert spoken(as_maya) == "de"


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "http://["]
)
def test_the_way_back_leads_nowhere_else(client, away):
    assert choose(client, "de", next=away).url == "/"


def test_the_choice_marks_the_present_language(client):
    page = client.get("/", headers={"Accept-Language": "es"}).content.decode()
    document = html5lib.parse(page, namespaceHTMLElements=False)
    buttons = document.findall(".//form[@class='languages']//button")
    assert [(b.get("lang"), b.text, b.get("aria-current")) for b in buttons] == [
        ("en-gb", "English", None),
        ("de", "Deutsch", None),
        ("es", "Español", "true"),
        ("fr", "Français", None),
    ]


def test_the_admin_speaks_it_too(frieda):
    page = device_of(frieda, "de").get("/admin/")
    assert page["Content-Language"] == "de"
    assert "Abmelden" in page.content.decode()


def test_a_mail_is_in_the_language_of_who_reads_it(maya, as_maya, client):
    choose(as_maya, "de")
    asking = {"email": maya.email}
    client.post("/accounts/password/reset/", asking, headers={"Accept-Language": "fr"})
    with translation.override("de"):
        subject = gettext("Choose a new password for %(gym_name)s")
    assert mail.outbox[0].subject == subject % {"gym_name": "FinovaFitness"}
