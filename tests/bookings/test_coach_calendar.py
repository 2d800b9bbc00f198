"""A trainer's sessions in the trainer's own calendar: the private feed."""

from datetime import time

import pytest
from django.test import Client

from bookings.domain.booking import cancel_session, reschedule_session
from bookings.feeds import CalendarFeed
from finova.accounts.leaving import leave
from tests.bookings.test_calendar import events, feed_of
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

PAGE = "/coach/calendar/"


@pytest.fixture
def feed(as_ana):
    return feed_of(as_ana, PAGE)


def summaries(feed):
    return [str(event["SUMMARY"]) for event in events(Client().get(feed))]


def test_it_says_when_who_by_the_first_name_and_for_what(ana, maya, feed):
    maya.phone = "0151 23456"
    maya.save()
    session = book(
        maya,
        ana,
        THURSDAY,
        9,
        now=NOW,
        session_type="consultation",
        notes="My knee hurts",
    )
    answer = Client().get(feed)
    (event,) = events(answer)
    assert event["SUMMARY"] == "Maya · Consultation"
    assert event["URL"] == (
        f"http://testserver/coach/?week=2026-12-10#session-{session.pk}"
    )
    assert event["DTSTART"].dt.replace(tzinfo=None).time() == time(9)
    for hidden in (b"knee", b"Lindqvist", b"maya@", b"0151", b"75.00", b"Ana"):
        assert hidden not in answer.content


def test_who_has_no_name_is_not_called_by_an_address(ana, feed):
    nameless = MemberFactory(name="", email="secret@example.com")
    book(nameless, ana, THURSDAY, 9, now=NOW)
    assert summaries(feed) == [f"Member {nameless.pk} · Personal training"]


def test_who_has_left_is_a_former_member(ana, maya, feed):
    book(maya, ana, THURSDAY, 9, now=NOW)
    leave(maya, now=NOW)
    assert summaries(feed) == ["Former member · Personal training"]


def test_it_holds_the_trainers_sessions_alone(ana, maya, omar, frieda, feed):
    """Neither what Ana takes with a colleague nor what a colleague has taken over."""
    ben = TrainerFactory(name="Ben Carter")
    book(ana.user, ben, THURSDAY, 9, now=NOW)
    given = book(maya, ana, THURSDAY, 9, now=NOW)
    cancelled = book(omar, ana, THURSDAY, 10, now=NOW)
    cancel_session(cancelled, by=omar, now=NOW)
    assert summaries(feed) == [
        "Maya · Personal training",
        "Omar · Personal training",
    ]
    reschedule_session(
        given,
        trainer_id=ben.pk,
        session_date=NEXT_THURSDAY,
        start_time=time(9),
        end_time=time(10),
        by=frieda,
        now=NOW,
    )
    assert summaries(feed) == ["Omar · Personal training"]


def test_the_two_feeds_of_one_person_are_two(ana, maya, as_ana, feed):
    own = feed_of(as_ana)
    assert own != feed
    book(maya, ana, THURSDAY, 9, now=NOW)
    assert (len(summaries(own)), len(summaries(feed))) == (0, 1)
    as_ana.post("/sessions/calendar/off/")
    assert len(summaries(feed)) == 1
    assert Client().get(own).status_code == 404


def test_a_new_address_ends_the_old_one_and_off_ends_both(as_ana, feed):
    new = feed_of(as_ana, PAGE)
    assert Client().get(feed).status_code == 404
    assert Client().get(new).status_code == 200
    as_ana.post(f"{PAGE}off/")
    assert Client().get(new).status_code == 404
    assert "Your calendar feed is off" in as_ana.get(PAGE).text


def test_who_is_no_trainer_any_more_has_no_such_feed(ana, maya, feed):
    book(maya, ana, THURSDAY, 9, now=NOW)
    ana.user, somebody = maya, ana.user
    ana.save()
    assert Client().get(feed).status_code == 404
    somebody.refresh_from_db()
    ana.user = somebody
    ana.save()
    assert Client().get(feed).status_code == 200
    somebody.is_active = False
    somebody.save()
    assert Client().get(feed).status_code == 404


def test_members_have_no_such_page(ana, as_maya):
    assert as_maya.post(PAGE).status_code == 404
    assert as_maya.post(f"{PAGE}off/").status_code == 404
    assert not CalendarFeed.objects.exists()


def test_it_asks_as_often_with_sixty_as_with_three(
    ana, feed, django_assert_max_num_queries
):
    for number in range(60):
        hour, day = 7 + number % 12, 14 + number // 12
        book(MemberFactory(), ana, THURSDAY.replace(day=day), hour, now=NOW)
    with django_assert_max_num_queries(6):
        Client().get(feed)
