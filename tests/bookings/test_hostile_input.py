"""Bodies that no honest program or form sends: each is refused in our own words."""

import json

import html5lib
import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bookings.models import TrainingSession
from finova.accounts.models import ApiToken, User
from tests.bookings.test_api import URL, post, request_for
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

BOOK = "/trainers/ana-ruiz/book/"
FORM = "application/x-www-form-urlencoded"


def refusal(response):
    """Status, code and field of an answer that is JSON, as every refusal is."""
    assert response["Content-Type"].startswith("application/json")
    body = response.json()
    assert body["success"] is False
    assert body["error"].endswith(".") or body["code"] == "slot_unavailable"
    return response.status_code, body["code"], body.get("field")


@pytest.fixture
def nothing_booked(db):
    yield
    assert not TrainingSession.objects.exists()


in_vain = pytest.mark.usefixtures("nothing_booked")


@in_vain
class TestUnreadableJson:
    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "undefined",
            "{'trainer_id': 1}",
            '{"trainer_id": 1,}',
            '{"trainer_id": 01}',
            '{"notes": "\n"}',
            '{"price": NaN}',
            '{"price": Infinity}',
            '{"price": -Infinity}',
            '{"trainer_id": ' + "9" * 5000 + "}",
            '{"price": 1e99999999999999999999}',
            "[" * 100_000,
            "[" * 100_000 + "]" * 100_000,
            '{"a":' * 100_000,
            b'{"notes": "\xff"}',
            b'{"notes": "\xed\xa0\x80"}',
            b"\xef\xbb\xbf{}",
            "{}".encode("utf-16"),
            "{}".encode("utf-32"),
            b"\x00",
        ],
        ids=lambda text: repr(text[:30]),
    )
    def test_what_is_no_json(self, ana, as_maya, text):
        response = as_maya.post(URL, text, "application/json")
        assert refusal(response) == (400, "malformed_json", None)

    def test_a_name_that_comes_twice(self, ana, as_maya):
        text = json.dumps(request_for(ana)).removesuffix("}")
        text += f', "trainer_id": {ana.pk}}}'
        assert refusal(post(as_maya, text)) == (400, "malformed_json", None)

    @pytest.mark.parametrize("body", [[], [{}], "text", 1, 1.5, True, None])
    def test_what_is_no_object(self, as_maya, body):
        response = post(as_maya, json.dumps(body))
        assert refusal(response) == (422, "invalid", "trainer_id")

    def test_nothing_at_all(self, as_maya):
        response = as_maya.generic("POST", URL, CONTENT_TYPE="application/json")
        assert refusal(response) == (422, "invalid", "body")

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "text/json",
            "application/jsonp",
            FORM,
            "multipart/form-data; boundary=x",
            "\xff",
            "",
        ],
    )
    def test_what_does_not_say_that_it_is_json(self, ana, as_maya, content_type):
        response = as_maya.post(URL, json.dumps(request_for(ana)), content_type)
        assert refusal(response) == (415, "not_json", None)


def test_json_is_utf_8_whatever_else_the_sender_calls_it(ana, as_maya):
    text = json.dumps(request_for(ana, notes="Überkopf"), ensure_ascii=False)
    content_type = "application/json; charset=latin-1"
    response = as_maya.generic("POST", URL, text.encode(), content_type)
    assert response.status_code == 201
    assert TrainingSession.objects.get().notes == "Überkopf"


ANYTHING_ELSE = [None, True, [], {}, [1], {"a": 1}]
NO_TEXT = [*ANYTHING_ELSE, 1, 1.5]
NO_TIME = [*NO_TEXT, "", "24:00", "25:00", "09:60", "9:00", "0900", "09:00:30", "now"]
NO_TIME += ["09:00:00.5", "09:00Z", "09:00+01:00", " 09:00", "09:00\n", "٠٩:٠٠", "\x00"]
WRONG = {
    "trainer_id": [*ANYTHING_ELSE, "1", "", 1.5, 1.0, 0, -1, 2**63, 10**30, -(10**30)],
    "session_date": [
        *NO_TEXT,
        *("", "0", "soon", "0000-01-01", "0001-01-01", "10000-01-01", "infinity"),
        *("2026-02-29", "2026-13-01", "2026-12-10T00:00", "1700000000", "20261210"),
        *("-001-01-01", "2026-12-10\n", "٢٠٢٦-١٢-١٠", "\x00", "\ud800"),
    ],
    "start_time": NO_TIME,
    "end_time": [*NO_TIME, "00:00", "08:00", "09:00", "09:59", "23:59"],
    "session_type": [*NO_TEXT, "", "massage", "PERSONAL_TRAINING", "demo", "\x00"],
    "notes": [
        *NO_TEXT,
        "\x00",
        "a\x00b",
        "\ud800",
        "x\udfff",
        "x" * 1001,
        "x" * 900_000,
    ],
    "price": [True, [], {}, "75", "75.00", "", -1, -0.01, 10**10, 10**30, 1e300],
}


@in_vain
@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in WRONG.items() for value in values],
    ids=lambda value: ascii(value)[:24],
)
def test_a_wrong_value_is_422_and_the_field_named(ana, as_maya, field, value):
    response = post(as_maya, request_for(ana, **{field: value}))

    status, code, named = refusal(response)
    assert (status, code) == (422, "invalid")
    # A date that is long over is told as a time that has passed.
    assert named == field or (field, named) == ("session_date", "start_time")


@in_vain
@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("09:30", "10:30", (409, "slot_unavailable", None)),
        ("23:00", "00:00", (422, "invalid", "end_time")),
        ("23:00", "01:00", (422, "invalid", "end_time")),
        ("23:00", "23:59", (409, "slot_unavailable", None)),
        ("19:00", "21:00", (422, "invalid", "end_time")),
    ],
)
def test_times_outside_the_grid(ana, as_maya, start, end, told):
    body = request_for(ana, start_time=start, end_time=end)
    assert refusal(post(as_maya, body)) == told


@in_vain
@pytest.mark.parametrize("price", [0, 0.01, 74.999, 10**9, 1e-300])
def test_another_price_is_another_price(ana, as_maya, price):
    response = post(as_maya, request_for(ana, price=price))
    assert refusal(response) == (409, "price_changed", None)


@in_vain
@pytest.mark.parametrize("price", ["1e9999999", "1e999999999999999999", "9" * 4000])
def test_a_price_beyond_all_numbers(ana, as_maya, price):
    body = json.dumps(request_for(ana)).removesuffix("}")
    response = post(as_maya, f'{body}, "price": {price}}}')
    assert refusal(response) == (422, "invalid", "price")


@in_vain
@pytest.mark.parametrize("price", ["0.1e-9999999", "0." + "0" * 4000 + "1"])
def test_a_price_of_nothing(ana, as_maya, price):
    body = json.dumps(request_for(ana)).removesuffix("}")
    response = post(as_maya, f'{body}, "price": {price}}}')
    assert refusal(response) == (409, "price_changed", None)


@in_vain
@pytest.mark.parametrize("key", ["x" * 201, "\x00", "a\x00"])
def test_a_key_that_cannot_be_kept(ana, as_maya, key):
    response = post(as_maya, request_for(ana), **{"Idempotency-Key": key})
    assert refusal(response) == (422, "invalid", "Idempotency-Key")


def test_the_last_day_of_the_calendar_breaks_no_page(ana, maya, as_maya, as_frieda):
    response = post(as_maya, request_for(ana, session_date="9999-12-31"))
    assert response.status_code in (201, 409, 422)
    book(maya, ana, THURSDAY, 9, now=NOW)
    for day in ("0001-01-01", "9999-12-31"):
        api = f"/api/members/trainers/{ana.pk}/schedule/{day}"
        assert as_maya.get(api).status_code == 200
        for at in ("", f"&at={day}T09:00"):
            page = as_maya.get(f"/trainers/ana-ruiz/?week={day}{at}")
            assert page.status_code == 200
    assert as_maya.get("/sessions/").status_code == 200
    assert as_frieda.get("/admin/bookings/trainingsession/").status_code == 200


# What the browser fills in, and what somebody would like to.
WISHED = {
    "id": 999,
    "status": "completed",
    "member_id": 1,
    "client_id": 1,
    "client": 1,
    "created_at": "2000-01-01",
    "cancelled_at": "2000-01-01",
    "spans_before": [],
}


class TestMassAssignment:
    def untouched(self, maya, price=75):
        session = TrainingSession.objects.get()
        facts = (session.client, session.status, session.price, session.cancelled_at)
        assert facts == (maya, "scheduled", price, None)
        assert session.pk != 999
        assert session.created_at.year > 2000

    def test_in_json(self, ana, maya, omar, as_maya):
        body = request_for(ana, **{**WISHED, "client_id": omar.pk})
        assert post(as_maya, body).status_code == 201
        self.untouched(maya)

    def test_in_the_booking_form(self, ana, maya, omar, as_maya):
        data = {"at": f"{THURSDAY}T09:00", "session_type": "personal_training"}
        data |= {**WISHED, "client": omar.pk, "client_id": omar.pk}
        assert as_maya.post(BOOK, data).status_code == 302
        self.untouched(maya)

    def test_a_price_of_ones_own_is_no_price(self, ana, maya, as_maya):
        data = {"at": f"{THURSDAY}T09:00", "session_type": "personal_training"}
        assert as_maya.post(BOOK, {**data, "until": "10:00 0"}).status_code == 409
        assert refusal(post(as_maya, request_for(ana, price=0)))[0] == 409
        assert not TrainingSession.objects.exists()

    def test_in_the_admins_form(self, ana, maya, omar, as_frieda):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        url = f"/admin/bookings/trainingsession/{session.pk}/change/"
        place = {"trainer": ana.pk, "session_date": THURSDAY, "end_time": "10:00"}
        data = {**place, "start_time": "09:00", "session_type": "personal_training"}
        inlines = {"events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}
        data |= {**inlines, **WISHED, "client": omar.pk, "notes": "seen"}
        data |= {"price": session.price, "checked_in_at_0": "2026-12-10"}
        assert as_frieda.post(url, data).status_code == 302
        self.untouched(maya)
        assert TrainingSession.objects.get().notes == ""

    def test_while_joining(self):
        data = {"name": "Eve", "email": "eve@example.com", "password1": "long enough!"}
        powers = {"is_staff": "on", "is_superuser": "on", "groups": "1", "id": 999}
        Client().post("/accounts/signup/", {**data, **powers})
        eve = User.objects.get(email="eve@example.com")
        assert not eve.is_staff
        assert not eve.is_superuser
        assert eve.pk != 999
        assert [group.name for group in eve.groups.all()] == ["Members"]

    def test_at_the_front_desk(self, maya):
        desk = MemberFactory(is_staff=True)
        desk.groups.add(Group.objects.get(name="Front desk"))
        at_desk = Client()
        at_desk.force_login(desk, "django.contrib.auth.backends.ModelBackend")
        url = f"/admin/accounts/user/{maya.pk}/change/"
        powers = {"is_staff": "on", "is_superuser": "on", "groups": "1"}
        data = {"name": "Maya L", "email": maya.email, "is_active": "on", **powers}
        assert at_desk.post(url, data).status_code == 302
        maya.refresh_from_db()
        assert (maya.name, maya.is_staff, maya.is_superuser) == ("Maya L", False, False)


def many_fields(count):
    return "&".join(f"field{n}=1" for n in range(count)).encode()


def broken_multipart(body=b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1"):
    return body, "multipart/form-data; boundary=x"


BODIES = {
    "10,000 fields": (many_fields(10_000), FORM, 400),
    "NUL in a field": (b"at=2026-12-10T09%3A00&notes=%00", FORM, 400),
    "NUL in a name": (b"at%00=1", FORM, 400),
    "invalid UTF-8": (b"at=%FF&\xff=\xfe", FORM, 422),
    "another charset": (b"at=1", f"{FORM}; charset=utf-16", 400),
    "no charset at all": (b"at=1", f"{FORM}; charset=nonsense", 422),
    "long notes": (b"at=2026-12-10T09%3A00&notes=" + b"x" * 900_000, FORM, 422),
    "over 1 MB": (b"notes=" + b"x" * (1024 * 1024), FORM, 413),
    "no boundary": (b"--x", "multipart/form-data", 400),
    "an odd boundary": (b"--x", "multipart/form-data; boundary=\xff", 400),
    "a boundary that never comes": (*broken_multipart(b"abc"), 422),
    "a part that breaks off": (*broken_multipart(), 422),
    "too many parts": (*broken_multipart(b"--x\r\n\r\n" * 5000 + b"--x--"), 400),
    "bad base64": (
        *broken_multipart(
            b'--x\r\nContent-Disposition: form-data; name="at"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n=\r\n--x--\r\n"
        ),
        422,
    ),
    "JSON": (b'{"at": "2026-12-10T09:00"}', "application/json", 422),
    "nothing": (b"", FORM, 422),
}


@in_vain
@pytest.mark.parametrize("name", BODIES)
class TestFormBodies:
    def test_to_the_booking_form(self, ana, as_maya, name):
        body, content_type, status = BODIES[name]
        as_maya.raise_request_exception = False
        response = as_maya.generic("POST", BOOK, body, content_type)
        assert response.status_code == status
        assert heading(response)

    def test_without_a_csrf_token_too(self, ana, maya, name):
        """The check of the token reads the form before anybody else."""
        body, content_type, status = BODIES[name]
        browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        browser.force_login(maya, "django.contrib.auth.backends.ModelBackend")
        response = browser.generic("POST", BOOK, body, content_type)
        assert response.status_code == (status if status in (400, 413) else 403)
        assert heading(response)

    def test_to_the_api(self, ana, maya, name):
        body, content_type, _ = BODIES[name]
        secret = ApiToken.objects.issue(maya, name="test")[1]
        program = Client(raise_request_exception=False)
        headers = {"Authorization": f"Bearer {secret}"}
        response = program.generic("POST", URL, body, content_type, headers=headers)
        assert refusal(response)[0] in (400, 413, 415, 422)
        browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        browser.force_login(maya, "django.contrib.auth.backends.ModelBackend")
        response = browser.generic("POST", URL, body, content_type)
        assert refusal(response)[0] in (400, 403, 413)


def heading(response):
    """The headline of a page in the site's look."""
    tree = html5lib.parse(response.content, namespaceHTMLElements=False)
    assert tree.find(".//header//nav") is not None
    return tree.find(".//main//h1").text


def test_a_file_beside_the_form_is_left_alone(ana, maya, as_maya):
    data = {"at": f"{THURSDAY}T09:00", "session_type": "personal_training"}
    files = {"notes": SimpleUploadedFile("\u202etxt.exe", b"MZ"), "x": b""}
    assert as_maya.post(BOOK, {**data, **files}).status_code == 302
    assert TrainingSession.objects.get().notes == ""


@pytest.mark.parametrize(
    ("body", "content_type", "status", "headline"),
    [
        (b"notes=%00", FORM, 400, "This request makes no sense to us"),
        (b"a" * (1024 * 1024 + 1), FORM, 413, "That is too much at once"),
    ],
)
def test_the_page_says_what_to_do_next(
    ana, maya, as_maya, body, content_type, status, headline
):
    response = as_maya.generic("POST", BOOK, body, content_type)

    assert (response.status_code, heading(response)) == (status, headline)
    text = response.content.decode()
    assert "Nothing was changed: go back" in text
    assert "My sessions" in text, "it greets who is signed in"
    assert "FinovaFitness" in text


class TestTheApiAnswersInJson:
    """Also where none of its endpoints is reached."""

    @pytest.mark.parametrize(
        "address",
        ["/api/", "/api/nowhere", "/api/members/trainers/x/schedule/2026-12-10"],
    )
    def test_at_an_unknown_address(self, as_maya, address):
        assert refusal(as_maya.get(address)) == (404, "not_found", None)

    def test_to_another_method(self, as_maya):
        response = as_maya.delete(URL)
        assert refusal(response) == (405, "method_not_allowed", None)
        assert response["Allow"] == "POST"
        assert int(response["Content-Length"]) == len(response.content)

    def test_to_another_host(self, as_maya):
        response = as_maya.get("/api/", headers={"Host": "evil.example"})
        assert refusal(response) == (400, "malformed_request", None)

    def test_to_nul(self, ana, as_maya):
        response = as_maya.get(f"/api/members/trainers/{ana.pk}/schedule/%00")
        assert refusal(response) == (400, "malformed_request", None)

    def test_to_a_body_over_a_megabyte(self, ana, as_maya):
        response = post(as_maya, request_for(ana, notes="x" * 1024 * 1024))
        assert refusal(response) == (413, "too_large", None)

    def test_to_a_browser_without_the_csrf_token(self, ana, maya):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(maya, "django.contrib.auth.backends.ModelBackend")
        assert refusal(post(browser, request_for(ana))) == (403, "forbidden", None)

    def test_to_who_is_not_signed_in(self):
        response = post(Client(), {})
        assert refusal(response) == (401, "not_signed_in", None)
        assert response["WWW-Authenticate"] == "Bearer"
