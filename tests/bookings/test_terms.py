"""Price and type of a session, put right by staff."""

from decimal import Decimal

import pytest

from bookings.domain.booking import cancel_session
from bookings.domain.story import story_of
from bookings.domain.terms import change_price, change_type
from bookings.exceptions import InvalidBooking, WrongStatus
from tests.conftest import NOW, THURSDAY
from tests.factories import book

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(ana, maya):
    return book(maya, ana, THURSDAY, 9, now=NOW)


def test_a_price_changes_for_a_reason_that_the_history_keeps(session, frieda):
    changed = change_price(
        session, Decimal(60), reason=" Came late. ", by=frieda, now=NOW
    )
    event = changed.events.last()
    assert (event.action, event.actor, event.reason) == ("priced", frieda, "Came late.")
    assert (event.before["price"], event.after["price"]) == ("75.00", "60.00")
    session.refresh_from_db()
    assert session.price == 60


@pytest.mark.parametrize(
    ("price", "reason", "field"), [(60, " ", "reason"), (-1, "Why not?", "price")]
)
def test_what_no_price_is_changed_to(session, frieda, price, reason, field):
    with pytest.raises(InvalidBooking) as refusal:
        change_price(session, Decimal(price), reason=reason, by=frieda, now=NOW)
    assert refusal.value.field == field
    assert session.events.count() == 1


def test_the_same_price_again_is_quiet(session, frieda):
    change_price(session, Decimal(75), reason="", by=frieda, now=NOW)
    assert session.events.count() == 1


def test_what_a_cancelled_session_costs_can_be_agreed(session, frieda):
    ended = cancel_session(session, by=frieda, now=NOW)
    assert not change_price(ended, Decimal(0), reason="Ill.", by=frieda, now=NOW).price


def test_a_session_becomes_one_of_another_type(session, frieda):
    changed = change_type(session, "consultation", by=frieda, now=NOW)
    event = changed.events.last()
    assert event.before["session_type"] == "personal_training"
    assert event.after["session_type"] == "consultation"
    assert (changed.session_type, changed.price) == ("consultation", 75)
    change_type(session, "consultation", by=frieda, now=NOW)
    assert session.events.count() == 2


def test_of_a_type_that_the_trainer_gives_while_it_is_active(session, frieda):
    with pytest.raises(InvalidBooking):
        change_type(session, "demo", by=frieda, now=NOW)
    cancel_session(session, by=frieda, now=NOW)
    with pytest.raises(WrongStatus):
        change_type(session, "consultation", by=frieda, now=NOW)


def test_the_member_reads_what_was_done_and_not_why(session, frieda):
    change_price(session, Decimal(60), reason="A quarrel.", by=frieda, now=NOW)
    change_type(session, "consultation", by=frieda, now=NOW)
    told = [line.sentence for line in story_of(session)]
    assert told[1:] == [
        "The gym changed the price from €75.00 to €60.00.",
        "The gym changed it from Personal training to Consultation.",
    ]
