"""The same scenarios over the page and over the API: one set of rules behind both."""

import json
from dataclasses import dataclass
from datetime import date, time

import pytest
from django.contrib.auth.models import Group

from bookings.domain.booking import cancel_session
from bookings.models import TrainingSession
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.models import SlotStatus, TimeOff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]


@dataclass
class Answer:
    status: int
    text: str


def by_page(client, trainer, day, start, end, price=""):
    until = f"{end} {price}" if price else end
    at = f"{day}T{start}"
    data = {"at": at, "until": until, "session_type": "personal_training"}
    response = client.post(f"/trainers/{trainer.slug}/book/", data)
    status = 201 if response.status_code == 302 else response.status_code
    return Answer(status, response.content.decode())


def by_api(client, trainer, day, start, end, **more):
    body = {
        "trainer_id": trainer.pk,
        "session_date": str(day),
        "start_time": start,
        "end_time": end,
        "session_type": "personal_training",
        **more,
    }
    response = client.post(
        "/api/members/book-training-session", json.dumps(body), "application/json"
    )
    return Answer(response.status_code, response.json().get("error", ""))


@pytest.fixture(params=[by_page, by_api], ids=["page", "api"])
def ask(request):
    return request.param


def free(ana, maya, omar):
    return THURSDAY, 201, ""


def taken(ana, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    return THURSDAY, 409, "Selected time slot is not available or already booked"


def freed_again(ana, maya, omar):
    session = book(omar, ana, THURSDAY, 9, now=NOW)
    cancel_session(session, by=omar, now=NOW)
    return THURSDAY, 201, ""


def mine_already(ana, maya, omar):
    book(maya, ana, THURSDAY, 9, now=NOW)
    return THURSDAY, 409, "Selected time slot is not available or already booked"


def on_break(ana, maya, omar):
    ana.slots.filter(day_of_week=4).update(status=SlotStatus.BREAK)
    return THURSDAY, 409, "Selected time slot is not available"


def closed_by_staff(ana, maya, omar):
    ana.slots.filter(day_of_week=4).update(status=SlotStatus.UNAVAILABLE)
    return THURSDAY, 409, "Selected time slot is not available"


def away(ana, maya, omar):
    TimeOff.objects.create(trainer=ana, first_day=MONDAY, last_day=THURSDAY)
    return THURSDAY, 409, "Selected time slot is not available"


def no_such_slot(ana, maya, omar):
    ana.slots.filter(time_slot=time(9)).delete()
    return THURSDAY, 409, "Selected time slot is not available"


def yesterday(ana, maya, omar):
    return date(2026, 12, 6), 422, "This time has already passed"


def with_somebody_else(ana, maya, omar):
    book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
    return THURSDAY, 409, "You already have another session at this time"


def trainer_left(ana, maya, omar):
    ana.is_active = False
    ana.save()
    return THURSDAY, 404, "This trainer takes no bookings"


@pytest.mark.parametrize(
    "scenario",
    [
        free,
        taken,
        freed_again,
        mine_already,
        on_break,
        closed_by_staff,
        away,
        no_such_slot,
        yesterday,
        with_somebody_else,
        trainer_left,
    ],
)
def test_the_answer_is_the_same_everywhere(ask, scenario, ana, maya, omar, as_maya):
    day, status, sentence = scenario(ana, maya, omar)
    before = TrainingSession.objects.active().count()

    answer = ask(as_maya, ana, day, "09:00", "10:00")

    assert answer.status == status
    assert sentence in answer.text
    booked = TrainingSession.objects.active().count() - before
    assert booked == (1 if status == 201 else 0)


def test_a_price_that_changed_since_it_was_shown(ask, ana, as_maya):
    answer = ask(as_maya, ana, THURSDAY, "09:00", "10:00", price=70)

    assert answer.status == 409
    assert "The price has changed" in answer.text


def test_who_may_not_book_is_told_so(ask, ana, maya, as_maya):
    maya.groups.remove(Group.objects.get(name="Members"))

    assert ask(as_maya, ana, THURSDAY, "09:00", "10:00").status == 403
    assert not TrainingSession.objects.exists()
