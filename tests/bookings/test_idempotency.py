"""Booking once by key; what the faces make of it stands in their own tests."""

from datetime import time

import pytest

from bookings.domain.idempotency import book_once
from bookings.exceptions import KeyReused, SlotTaken
from bookings.models import IdempotencyKey, TrainingSession
from tests.conftest import NOW, THURSDAY

pytestmark = pytest.mark.django_db


def request_for(trainer, hour=9):
    return {
        "trainer_id": trainer.pk,
        "session_date": THURSDAY,
        "start_time": time(hour),
        "end_time": time(hour + 1),
    }


def test_a_key_remembers_its_session_and_its_answer(ana, maya):
    receipt = book_once(maya, key="k", now=NOW, **request_for(ana))

    key = IdempotencyKey.objects.get()
    assert (key.client, key.key) == (maya, "k")
    assert key.session == TrainingSession.objects.get()
    assert key.session_id == key.answer["id"] == receipt.answer["id"]


def test_a_request_is_the_same_in_whatever_order_it_is_told(ana, maya):
    request = request_for(ana)
    first = book_once(maya, key="k", now=NOW, **request)
    again = book_once(maya, key="k", now=NOW, **dict(reversed(request.items())))

    assert (first.replayed, again.replayed) == (False, True)
    assert TrainingSession.objects.count() == 1


def test_every_key_is_a_request_of_its_own(ana, maya, omar):
    book_once(maya, key="a", now=NOW, **request_for(ana, 9))
    book_once(maya, key="b", now=NOW, **request_for(ana, 10))
    book_once(omar, key="a", now=NOW, **request_for(ana, 11))
    with pytest.raises(KeyReused):
        book_once(maya, key="b", now=NOW, **request_for(ana, 9))

    assert TrainingSession.objects.count() == 3


def test_without_a_key_nothing_is_a_repeat(ana, maya):
    receipt = book_once(maya, key="", now=NOW, **request_for(ana))
    with pytest.raises(SlotTaken):
        book_once(maya, key="", now=NOW, **request_for(ana))

    assert receipt.replayed is False
    assert not IdempotencyKey.objects.exists()
