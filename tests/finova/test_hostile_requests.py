"""Every page of the URLconf, asked in ways that no browser asks: never a 5xx.

The addresses are read from the URLconf, and the names of what can be asked and sent
from the pages themselves, so that a new page is among them by itself.
"""

import random
import re
import sys
from collections import Counter
from urllib.parse import parse_qsl, quote, urlsplit

import html5lib
import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils.regex_helper import normalize

from finova.accounts.models import ApiToken
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, book
from tests.stress import size

pytestmark = [
    pytest.mark.usefixtures("monday_morning"),
    pytest.mark.django_db,
    pytest.mark.timeout(900),
]

SEED = size.SEED if size.IS_LONG else 1

# As they stand in an address.
HOSTILE = [
    "%00",
    "a%00b",
    "%FF",
    "%ED%A0%80",  # half of a surrogate pair
    "%",
    "abc",
    "-1",
    "0.5",
    "NaN",
    "1e400",
    str(10**30),
    "9" * 5000,  # more digits than Python turns into a number
    "%D9%A3",  # a three, in Arabic digits
    "%C2%B2",  # a digit to Python's isdigit(), and no number
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "infinity",
    "2026-12-10T24:00",
    "%27%22%3C%3E%26",
    "%5B%5D",
    "%7B%22%00%22%3A1",
    "1%2C%2C2",
    "http%3A%2F%2F%5B",
    "%2F%2Fevil.example",
    "..%2F..%2F",
    "%0D%0ASet-Cookie%3A%20a%3Db",
    "%E2%80%AE",
    "x" * 5000,
    "",
]

VALUES_PER_PLACE = 12 if size.IS_LONG else 6
NAMES_PER_PAGE = 12 if size.IS_LONG else 6

# What is asked of pages that do not say so in a link or a form.
QUERIES = ["next", "at", "week", "page", "p", "q", "o", "all", "e", "_facets", "term"]
QUERIES += ["_to_field", "_popup", "_changelist_filters", "_source_model"]
QUERIES += ["app_label", "model_name", "field_name", "id", "no_such_thing"]
FORM_FIELDS = ["next", "action", "_selected_action", "index", "select_across"]
FORM_FIELDS += ["_popup", "_to_field", "_continue", "status", "id", "no_such_thing"]

HEADERS = [
    ("HTTP_ACCEPT", "\xff/;q=a,*"),
    ("HTTP_ACCEPT_LANGUAGE", "\xff-\xff;q=NaN,,x" * 500),
    ("HTTP_ACCEPT_ENCODING", "gzip;q=\xff"),
    ("HTTP_AUTHORIZATION", "Bearer"),
    ("HTTP_AUTHORIZATION", "Bearer \xff\x00"),
    ("HTTP_AUTHORIZATION", "Basic Og=="),
    ("HTTP_COOKIE", "=;;;\xff=\xff; sessionid"),
    ("HTTP_COOKIE", 'sessionid="aaaaaaaaaaaaaaaa\\000"'),
    ("HTTP_COOKIE", 'csrftoken="\\000"; messages="\\000"'),
    ("HTTP_COOKIE", "sessionid=" + "x" * 5000),
    ("HTTP_IDEMPOTENCY_KEY", "\xff" * 300),
    ("HTTP_IDEMPOTENCY_KEY", "\x00"),
    ("HTTP_X_FORWARDED_FOR", "\xff, 999.1.1.1, ::::"),
    ("HTTP_X_FORWARDED_HOST", "["),
    ("HTTP_X_FORWARDED_PROTO", "\xff"),
    ("HTTP_HOST", "["),
    ("HTTP_HOST", "evil.example"),
    ("HTTP_HOST", "a b\xff"),
    ("HTTP_ORIGIN", "http://["),
    ("HTTP_REFERER", "http://["),
    ("HTTP_IF_NONE_MATCH", '"\xff'),
    ("HTTP_IF_MODIFIED_SINCE", "Thu, 99 Foo 99999"),
    ("HTTP_RANGE", "bytes=a-"),
    ("CONTENT_TYPE", "multipart/form-data; boundary=\xff"),
    ("CONTENT_TYPE", "multipart/form-data"),
    ("CONTENT_TYPE", "application/x-www-form-urlencoded; charset=latin-1"),
    ("CONTENT_TYPE", "application/x-www-form-urlencoded; charset=no-such-charset"),
    ("CONTENT_TYPE", "\xff"),
]
FROM_HTMX = [
    {},
    {"HTTP_HX_CURRENT_URL": "http://["},
    {"HTTP_HX_CURRENT_URL": "%00%FF", "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": "true"},
    {"HTTP_HX_CURRENT_URL": "\xff", "HTTP_HX_BOOSTED": "\xff"},
    {"HTTP_HX_TARGET": "\x00", "HTTP_HX_TRIGGER": "<>"},
]


def addresses(resolver=None, prefix=""):
    """Each address of the URLconf with a place, %(name)s, for what is part of it."""
    for entry in (resolver or get_resolver()).url_patterns:
        regex = prefix + entry.pattern.regex.pattern.removeprefix("^")
        if isinstance(entry, URLPattern):
            [(address, _), *_] = normalize(regex)
            yield f"/{address}"
        else:
            yield from addresses(entry, regex)


def model_of(address):
    """The model whose page in the admin this is, or None."""
    for model in apps.get_models():
        if address.startswith(f"/admin/{model._meta.label_lower.replace('.', '/')}/"):
            return model
    return None


@pytest.fixture
def session(ana, maya):
    ApiToken.objects.issue(maya, name="a program")
    maya.emailaddress_set.create(email=maya.email, primary=True)
    return book(maya, ana, THURSDAY, 9, now=NOW)


@pytest.fixture
def right(session):
    """What belongs into the places of an address."""

    def of(address):
        model = model_of(address)
        first = model and model._base_manager.values_list("pk", flat=True).first()
        return {
            "slug": session.trainer.slug,
            "pk": session.pk,
            "trainer_id": session.trainer_id,
            "date": str(THURSDAY),
            "object_id": first,
            "id": session.client_id,
            "content_type_id": 1,
            "app_label": "bookings",
            "url": "nowhere",
            "key": "abc",
            "uidb36": "1",
            "token": "abc",
            "offer": 1,
            "digest": "abc",
        }

    return of


class Asker:
    """Asks as one person, undoes each request, and notes what ended in a 5xx."""

    def __init__(self, client):
        client.raise_request_exception = False
        self.client = client
        self.cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        self.statuses = Counter()
        self.broken = []
        self.error = None

    def note(self, sender, **kwargs):
        self.error = sys.exc_info()[1]

    def ask(self, method, address, body=b"", content_type=None, **environ):
        content_type = content_type or "application/x-www-form-urlencoded"
        environ = {"CONTENT_TYPE": content_type, **environ} if body else environ
        with transaction.atomic():
            response = self.client.generic(method, address, body, **environ)
            if response.streaming:
                # To its end: its cursor would outlive what is taken back here.
                response.getvalue()
            transaction.set_rollback(True)
        self.client.cookies.clear()
        self.client.cookies.load(self.cookies)
        self.statuses[response.status_code] += 1
        if response.status_code >= 500:
            told = f"{method} {address[:150]} {body[-150:]!r} {environ}: {self.error!r}"
            self.broken.append(told[:700])
        return response

    def __enter__(self):
        got_request_exception.connect(self.note)
        return self

    def __exit__(self, *error):
        got_request_exception.disconnect(self.note)
        if not any(error):
            assert not self.broken, "\n".join(
                [f"{len(self.broken)} broken", *self.broken[:20]]
            )


@pytest.fixture(params=["anonymous", "member", "front desk", "administrator"])
def asker(request, session, as_maya, as_frieda, record_property):
    if request.param == "front desk":
        desk = MemberFactory(is_staff=True)
        desk.groups.add(Group.objects.get(name="Front desk"))
        at_desk = Client()
        at_desk.force_login(desk, "django.contrib.auth.backends.ModelBackend")
    people = {
        "anonymous": Client,
        "member": lambda: as_maya,
        "front desk": lambda: at_desk,
        "administrator": lambda: as_frieda,
    }
    with Asker(people[request.param]()) as asker:
        yield asker
    record_property(
        "said",
        f"hostile requests: {asker.statuses.total():,} as {request.param}, "
        f"answered {dict(asker.statuses)}, seed {SEED}",
    )


SESSIONS, TRAINERS = "/admin/bookings/trainingsession/", "/admin/trainers/trainer/"
PEOPLE = "/admin/accounts/user/"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{SESSIONS}?status__exact=%00", 400),
        (f"{SESSIONS}?session_date__year={10**30}", 400),
        (f"{SESSIONS}add/?trainer=abc", 200),
        (f"{SESSIONS}add/?client={'9' * 5000}", 200),
        (f"{TRAINERS}add/?user=%FF", 200),
        (f"{TRAINERS}?session_types=abc", 400),
        (f"{TRAINERS}?name__range=abc", 400),
        (f"{TRAINERS}?name__regex=(", 400),
        (f"{PEOPLE}?q=%00", 400),
        (f"{PEOPLE}?date_joined__year={10**30}", 400),
        (f"{PEOPLE}?date_joined__iso_year=-1", 400),
        (f"{PEOPLE}1/change/?_to_field=", 400),
        ("/accounts/password/reset/?next=http%3A%2F%2F%5B", 200),
    ],
)
def test_what_was_once_a_500(as_frieda, address, status):
    assert as_frieda.get(address).status_code == status


@pytest.mark.parametrize("field", ["trainer", "client"])
@pytest.mark.parametrize("value", ["abc", "1.5", "9" * 5000, "\ufffd"])
def test_no_number_where_staff_choose_somebody(ana, maya, as_frieda, field, value):
    """The form comes back with nobody chosen, and says so."""
    place = {"session_date": str(THURSDAY), "start_time": "09:00", "end_time": "10:00"}
    data = {**place, "trainer": ana.pk, "client": maya.pk, field: value}
    answer = as_frieda.post(f"{SESSIONS}add/", {**data, "session_type": "demo"})
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


def test_a_cookie_with_nul_is_no_cookie(as_maya):
    secret = as_maya.cookies["sessionid"].value
    answer = Client().get(
        "/sessions/", headers={"Cookie": f'sessionid="{secret}\\000"'}
    )
    assert answer.url == "/accounts/login/?next=/sessions/"
    cookies = f'sessionid={secret}; messages="\\000"'
    assert Client().get("/sessions/", headers={"Cookie": cookies}).status_code == 200


def test_from_nowhere_to_sign_in_and_back_to_the_front_page():
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://["}
    answer = Client().get("/sessions/", headers=htmx)
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2F"


@pytest.mark.stress
def test_hostile_parts_of_an_address(asker, right):
    dice = random.Random(SEED)
    for address in addresses():
        for place in re.findall(r"%\((\w+)\)s", address):
            for value in dice.sample(HOSTILE, VALUES_PER_PLACE):
                hostile = address % {**right(address), place: value}
                asker.ask("GET", hostile)
                asker.ask("POST", hostile, b"a=b")


def links_and_forms(response):
    """What a page's links ask, and its forms: (method, address, fields)."""
    if not response.get("Content-Type", "").startswith("text/html"):
        return [], []
    tree = html5lib.parse(response.content, namespaceHTMLElements=False)
    queries = [urlsplit(link.get("href", "")).query for link in tree.iter("a")]
    names = [name for query in queries for name, _ in parse_qsl(query, True)]
    forms = [
        (form.get("method", "get").upper(), form.get("action", ""), fields_of(form))
        for form in tree.iter("form")
    ]
    return names, forms


def fields_of(form):
    fields = {}
    for field in form.iter():
        if field.tag not in ("input", "textarea", "select", "button"):
            continue
        if field.tag == "select":
            options = field.findall(".//option[@selected]") or field.findall(
                ".//option"
            )
            value = options[0].get("value", "") if options else ""
        else:
            value = field.get("value") or field.text or ""
        fields[field.get("name")] = value.removeprefix("\n")
    for name in (None, "csrfmiddlewaretoken"):
        fields.pop(name, None)
    return fields


def lookups_of(model):
    """Whatever an address may ask of a list in the admin."""
    for field in model._meta.get_fields():
        yield field.name
        yield f"{field.name}__id__exact"
        for lookup in getattr(field, "get_lookups", dict)():
            yield f"{field.name}__{lookup}"


def some(names, dice):
    names = sorted({*names} - {""})
    return dice.sample(names, min(len(names), NAMES_PER_PAGE))


@pytest.mark.stress
def test_hostile_queries_and_forms(asker, right):
    dice = random.Random(SEED)
    for pattern in addresses():
        address = pattern % right(pattern)
        linked, forms = links_and_forms(asker.ask("GET", address))
        model = model_of(address)
        asked = [*QUERIES, *linked, *(lookups_of(model) if model else ())]
        for name in some(asked, dice):
            value = dice.choice(HOSTILE)
            asker.ask("GET", f"{address}?{quote(name)}={value}")
        for method, action, fields in forms:
            target = action if action.startswith("/") else f"{address}{action}"
            if method == "POST" and "logout" not in target:
                for name in some([*FORM_FIELDS, *fields], dice):
                    value = dice.choice(HOSTILE)
                    asker.ask("POST", target, encoded(fields, name, value))


def encoded(fields, name, value):
    others = [f"{quote(k)}={quote(v)}" for k, v in fields.items() if k != name]
    return "&".join([*others, f"{quote(name)}={value}"]).encode()


@pytest.mark.stress
def test_hostile_headers(asker, right):
    dice = random.Random(SEED)
    for number, pattern in enumerate(addresses()):
        address = pattern % right(pattern)
        # One page in many meets all of them, the others some.
        everything = number % (4 if size.IS_LONG else 20) == 0
        for name, value in dice.sample(HEADERS, len(HEADERS) if everything else 2):
            asker.ask("GET", address, **{name: value})
            asker.ask("POST", address, b"a=b", **{name: value})
        for headers in FROM_HTMX if everything else dice.sample(FROM_HTMX, 1):
            asker.ask("GET", address, HTTP_HX_REQUEST="true", **headers)
            asker.ask("POST", address, b"a=b", HTTP_HX_REQUEST="true", **headers)
