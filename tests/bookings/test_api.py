import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from bookings.models import TrainingSession
from finova.accounts.models import ApiToken
from tests.conftest import NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.models import SlotStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

URL = "/api/members/book-training-session"


def request_for(trainer, **changes):
    """The seed's request, with its ids and date changed."""
    return {
        "trainer_id": trainer.pk,
        "session_date": str(THURSDAY),
        "start_time": "09:00",
        "end_time": "10:00",
        "session_type": "personal_training",
        "notes": "Focus on strength training",
        **changes,
    }


def post(client, body, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(URL, text, "application/json", headers=headers)


@pytest.fixture
def token(maya):
    return ApiToken.objects.issue(maya, name="test")[1]


def test_the_seeds_request_gets_the_seeds_response(ana, maya, as_maya):
    response = post(as_maya, request_for(ana))

    session = TrainingSession.objects.get()
    assert response.status_code == 201
    assert response.content.decode() == (
        '{"success": true, "message": "Training session booked successfully!", '
        f'"session": {{"id": {session.pk}, "trainer_id": {ana.pk}, '
        f'"client_id": {maya.pk}, "session_date": "2026-12-10", '
        '"start_time": "09:00", "end_time": "10:00", "status": "scheduled", '
        '"price": 75.00}}'
    )
    assert session.notes == "Focus on strength training"


def test_a_day_says_every_slot_and_nobodys_name(ana, maya, omar, as_maya):
    book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW)
    ana.slots.filter(time_slot__hour=13).update(status=SlotStatus.BREAK)
    ana.slots.filter(time_slot__hour=17).update(status=SlotStatus.UNAVAILABLE)

    response = as_maya.get(f"/api/members/trainers/{ana.pk}/schedule/2026-12-10")

    body = response.json()
    assert list(body) == ["success", "trainer_id", "date", "day_of_week", "slots"]
    assert (body["trainer_id"], body["date"], body["day_of_week"]) == (
        ana.pk,
        "2026-12-10",
        4,
    )
    assert len(body["slots"]) == 13
    slots = {slot["time_slot"]: slot for slot in body["slots"]}
    assert slots["09:00"] == {
        "time_slot": "09:00",
        "end_time": "10:00",
        "status": "booked",
        "mine": True,
    }
    assert (slots["10:00"]["status"], slots["10:00"]["mine"]) == ("booked", False)
    assert slots["13:00"]["status"] == "break"
    assert slots["17:00"]["status"] == "unavailable"
    assert slots["18:00"]["status"] == "available"
    assert "Omar" not in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trainer_id": "1"}, "trainer_id"),
        ({"trainer_id": True}, "trainer_id"),
        ({"trainer_id": 10**30}, "trainer_id"),
        ({"session_date": "2026-13-01"}, "session_date"),
        ({"session_date": 1700000000}, "session_date"),
        ({"start_time": "25:00"}, "start_time"),
        ({"start_time": "09:00+01:00"}, "start_time"),
        ({"end_time": None}, "end_time"),
        ({"session_type": "massage"}, "session_type"),
        ({"session_type": "demo"}, "session_type"),
        ({"notes": "\x00"}, "notes"),
        ({"notes": "\ud800"}, "notes"),
        ({"notes": "x" * 1001}, "notes"),
        ({"session_date": "2026-12-01"}, "start_time"),
        ({"end_time": "09:00"}, "end_time"),
        ({"end_time": "09:45"}, "end_time"),
    ],
)
def test_a_wrong_field_is_422_and_named(ana, as_maya, changes, field):
    response = post(as_maya, request_for(ana, **changes))

    assert response.status_code == 422
    body = response.json()
    assert (body["success"], body["code"], body["field"]) == (False, "invalid", field)
    assert not TrainingSession.objects.exists()


@pytest.mark.parametrize("missing", ["trainer_id", "session_date", "start_time"])
def test_a_missing_field_is_422_and_named(ana, as_maya, missing):
    body = request_for(ana)
    del body[missing]

    assert post(as_maya, body).json()["field"] == missing


@pytest.mark.parametrize(
    ("start", "end"), [("09:30", "10:30"), ("03:00", "04:00"), ("23:30", "23:59")]
)
def test_where_no_slot_starts_the_slot_is_unavailable(ana, as_maya, start, end):
    response = post(as_maya, request_for(ana, start_time=start, end_time=end))

    assert response.status_code == 409
    said = response.json()
    assert len(said.pop("alternatives")) == 3
    assert said == {
        "success": False,
        "error": "Selected time slot is not available",
        "code": "slot_unavailable",
    }


class TestOrderOfRefusals:
    """Each request breaks several rules; the first of the table answers."""

    def test_not_signed_in_comes_before_everything(self, ana):
        response = post(Client(enforce_csrf_checks=True), "{")
        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")

    def test_may_not_book_comes_before_malformed_json(self, maya, as_maya):
        maya.groups.clear()
        response = post(as_maya, "{")
        assert (response.status_code, response.json()["code"]) == (403, "may_not_book")

    def test_malformed_json(self, as_maya):
        response = post(as_maya, "{")
        assert (response.status_code, response.json()["code"]) == (
            400,
            "malformed_json",
        )

    def test_a_wrong_field_comes_before_an_unknown_trainer(self, ana, as_maya):
        body = request_for(ana, trainer_id=ana.pk + 1, session_date="2026-12-01")
        assert post(as_maya, body).status_code == 422

    def test_an_unknown_trainer(self, ana, as_maya):
        response = post(as_maya, request_for(ana, trainer_id=ana.pk + 1))
        assert response.status_code == 404
        assert response.json()["code"] == "trainer_not_found"

    def test_unavailable_comes_before_taken(self, ana, omar, as_maya):
        book(omar, ana, THURSDAY, 9, now=NOW)
        ana.slots.update(status=SlotStatus.BREAK)
        assert post(as_maya, request_for(ana)).json()["code"] == "slot_unavailable"

    def test_taken_comes_before_busy(self, ana, maya, omar, as_maya):
        book(omar, ana, THURSDAY, 9, now=NOW)
        book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
        assert post(as_maya, request_for(ana)).json()["code"] == "slot_taken"

    def test_busy_comes_before_the_price(self, ana, maya, as_maya):
        book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
        body = request_for(ana, price=1)
        assert post(as_maya, body).json()["code"] == "client_busy"


class TestWhoIsCalling:
    def test_a_session_needs_the_csrf_token(self, ana, maya):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(maya, "django.contrib.auth.backends.ModelBackend")

        assert post(browser, request_for(ana)).status_code == 403
        browser.get("/accounts/logout/")
        csrf = browser.cookies["csrftoken"].value
        response = post(browser, request_for(ana), **{"X-CSRFToken": csrf})
        assert response.status_code == 201

    def test_a_bearer_token_is_enough(self, ana, maya, token):
        program = Client(enforce_csrf_checks=True)
        response = post(program, request_for(ana), Authorization=f"Bearer {token}")
        assert response.json()["session"]["client_id"] == maya.pk

    def test_a_token_speaks_louder_than_the_cookie_beside_it(
        self, ana, maya, omar, token
    ):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(omar, "django.contrib.auth.backends.ModelBackend")
        response = post(browser, request_for(ana), Authorization=f"Bearer {token}")
        assert response.json()["session"]["client_id"] == maya.pk

    def test_a_wrong_revoked_or_deactivated_token_is_not(self, ana, maya, token):
        assert (
            post(Client(), request_for(ana), Authorization="Bearer x").status_code
            == 401
        )
        maya.is_active = False
        maya.save()
        header = {"Authorization": f"Bearer {token}"}
        assert post(Client(), request_for(ana), **header).status_code == 401
        ApiToken.objects.update(revoked_at=NOW)
        assert post(Client(), request_for(ana), **header).status_code == 401

    def test_the_command_makes_a_token_that_is_stored_hashed(self, ana, maya):
        out = StringIO()
        call_command("create_api_token", "maya@example.com", stdout=out)
        secret = out.getvalue().strip()

        assert secret not in str(ApiToken.objects.values().get())
        header = {"Authorization": f"Bearer {secret}"}
        assert post(Client(), request_for(ana), **header).status_code == 201

    def test_the_schedule_needs_it_too(self, ana):
        response = Client().get(f"/api/members/trainers/{ana.pk}/schedule/2026-12-10")
        assert response.status_code == 401


class TestIdempotencyKey:
    def test_a_repeat_gets_the_same_answer_and_books_nothing(self, ana, as_maya):
        key = {"Idempotency-Key": "one"}
        first = post(as_maya, request_for(ana), **key)
        session = TrainingSession.objects.get()
        session.notes = "changed since"
        session.save()
        second = post(as_maya, request_for(ana), **key)

        assert second.content == first.content
        assert second.status_code == 201
        assert second["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert TrainingSession.objects.count() == 1

    def test_a_price_is_a_price_however_it_is_written(self, ana, as_maya):
        key = {"Idempotency-Key": "one"}
        body = json.dumps(request_for(ana)).removesuffix("}")
        for price in ("75", "75.0", "75.00", "7.5e1"):
            response = post(as_maya, f'{body}, "price": {price}}}', **key)
            assert response.status_code == 201

    def test_another_request_under_the_key_is_refused(self, ana, as_maya):
        post(as_maya, request_for(ana), **{"Idempotency-Key": "one"})
        other = request_for(ana, start_time="10:00", end_time="11:00")
        response = post(as_maya, other, **{"Idempotency-Key": "one"})
        assert (response.status_code, response.json()["code"]) == (422, "key_reused")

    def test_another_members_key_is_another_key(self, ana, as_maya, as_omar):
        post(as_maya, request_for(ana), **{"Idempotency-Key": "one"})
        other = request_for(ana, start_time="10:00", end_time="11:00")
        assert post(as_omar, other, **{"Idempotency-Key": "one"}).status_code == 201

    def test_a_refused_attempt_leaves_the_key_free(self, ana, omar, as_maya):
        session = book(omar, ana, THURSDAY, 9, now=NOW)
        key = {"Idempotency-Key": "one"}
        assert post(as_maya, request_for(ana), **key).status_code == 409
        session.delete()
        assert post(as_maya, request_for(ana), **key).status_code == 201


def test_several_slots_in_a_row_are_one_session(ana, as_maya):
    response = post(as_maya, request_for(ana, end_time="11:00"))

    assert response.json()["session"]["price"] == 150
    booked = ana.slots.filter(status=SlotStatus.BOOKED).values_list(
        "time_slot", flat=True
    )
    assert [f"{slot:%H:%M}" for slot in booked] == ["09:00", "10:00"]


def test_a_dear_trainer_can_be_booked_for_hours(ana, as_maya):
    ana.hourly_rate = 600_000
    ana.save()
    response = post(as_maya, request_for(ana, end_time="12:00"))
    assert '"price": 1800000.00' in response.content.decode()


def test_an_unreadable_date_or_unknown_trainer_in_the_address(ana, as_maya):
    base = "/api/members/trainers"
    assert as_maya.get(f"{base}/{ana.pk}/schedule/soon").json()["field"] == "date"
    assert as_maya.get(f"{base}/{ana.pk + 1}/schedule/2026-12-10").status_code == 404
    assert as_maya.get(f"{base}/{10**30}/schedule/2026-12-10").status_code == 404


def test_the_documentation_is_open_and_describes_both_endpoints(db):
    assert Client().get("/api/docs").status_code == 200
    paths = Client().get("/api/openapi.json").json()["paths"]
    posting = paths["/api/members/book-training-session"]["post"]
    assert posting["parameters"][0]["name"] == "Idempotency-Key"
    assert list(paths) == [
        "/api/members/book-training-session",
        "/api/members/trainers/{trainer_id}/schedule/{date}",
    ]
