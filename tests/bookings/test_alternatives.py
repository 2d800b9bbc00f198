"""A no that helps: what is offered instead can be had, and is near."""

from datetime import time, timedelta

import pytest

from bookings.domain.alternatives import find_alternatives
from bookings.domain.booking import book_session
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import at_gym
from trainers.models import ExtraHours, TimeOff

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(db):
    return TrainerFactory(name="Ben Carter", hourly_rate=50)


def offers(client, trainer, day, hour, *, hours=1, now=NOW, **more):
    found = find_alternatives(
        client.pk,
        trainer_id=trainer.pk,
        session_date=day,
        start_time=time(hour),
        end_time=time(hour + hours),
        now=now,
        **more,
    )
    return [(f"{each.trainer}", each.day, each.start.hour) for each in found]


def test_two_near_it_and_one_with_another_trainer_at_the_time(ana, ben, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    assert offers(maya, ana, THURSDAY, 9) == [
        ("Ana Ruiz", THURSDAY, 8),
        ("Ana Ruiz", THURSDAY, 10),
        ("Ben Carter", THURSDAY, 9),
    ]


def test_three_of_the_same_trainer_where_nobody_else_is_free(ana, ben, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    TimeOff.objects.create(trainer=ben, first_day=THURSDAY, last_day=THURSDAY)
    assert offers(maya, ana, THURSDAY, 9) == [
        ("Ana Ruiz", THURSDAY, 8),
        ("Ana Ruiz", THURSDAY, 10),
        ("Ana Ruiz", THURSDAY, 7),
    ]


def test_the_others_at_the_time_where_the_trainer_has_nothing(ana, maya, omar):
    for name in ("Cem", "Ben", "Dana", "Eva"):
        TrainerFactory(name=name)
    TimeOff.objects.create(
        trainer=ana, first_day=MONDAY, last_day=THURSDAY + timedelta(days=30)
    )
    assert offers(maya, ana, THURSDAY, 9) == [
        ("Ben", THURSDAY, 9),
        ("Cem", THURSDAY, 9),
        ("Dana", THURSDAY, 9),
    ]


def test_not_when_the_member_trains_with_somebody_else(ana, ben, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    book(maya, ben, THURSDAY, 8, now=NOW)
    assert ("Ana Ruiz", THURSDAY, 8) not in offers(maya, ana, THURSDAY, 9)


def test_the_rules_for_members_hold_for_what_is_offered(ana, maya):
    be_easy_going(most_per_day=1, horizon_days=3)
    book(maya, ana, THURSDAY, 9, now=NOW)
    found = offers(maya, ana, THURSDAY, 12)
    assert found
    assert all(day < THURSDAY for _, day, _ in found)
    be_easy_going(most_upcoming=1)
    assert offers(maya, ana, THURSDAY, 12) == []


def test_a_time_that_is_over_leads_to_the_next_ones(ana, maya):
    now = at_gym(THURSDAY, time(12, 30))
    assert offers(maya, ana, MONDAY, 9, now=now)[0] == ("Ana Ruiz", THURSDAY, 13)


def test_as_long_as_was_wished_before_anything_nearer(ana, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 11, now=NOW)
    found = find_alternatives(
        maya.pk,
        trainer_id=ana.pk,
        session_date=THURSDAY,
        start_time=time(9),
        end_time=time(11),
        now=NOW,
    )
    assert [(each.start.hour, each.end.hour) for each in found] == [
        (7, 9),
        (12, 14),
        (13, 15),
    ]
    assert [each.price for each in found] == [150, 150, 150]


def test_only_trainers_who_give_that_type(ana, maya, omar):
    TrainerFactory(name="Ben", session_types=["group_session"])
    book(omar, ana, THURSDAY, 9, now=NOW)
    found = offers(maya, ana, THURSDAY, 9, session_type="personal_training")
    assert {name for name, *_ in found} == {"Ana Ruiz"}


@pytest.mark.parametrize("trainers", [0, 30])
def test_ten_queries_however_many_trainers(
    ana, maya, omar, trainers, django_assert_max_num_queries
):
    TrainerFactory.create_batch(trainers)
    book(omar, ana, THURSDAY, 9, now=NOW)
    with django_assert_max_num_queries(10):
        assert len(offers(maya, ana, THURSDAY, 9)) == 3


def test_what_is_offered_can_be_booked(ana, ben, maya):
    be_easy_going(
        minimum_notice_hours=2, horizon_days=10, most_upcoming=30, most_per_day=1
    )
    for hour in (7, 9, 10, 12, 15):
        book(MemberFactory(), ana, THURSDAY, hour, now=NOW)
    wished = [THURSDAY, NEXT_THURSDAY, MONDAY, MONDAY + timedelta(days=300)]
    booked = 0
    for day in wished:
        for offer in find_alternatives(
            maya.pk,
            trainer_id=ana.pk,
            session_date=day,
            start_time=time(9),
            end_time=time(10),
            now=NOW,
        )[:1]:
            booked += 1
            assert book_session(
                maya,
                trainer_id=offer.trainer.pk,
                session_date=offer.day,
                start_time=offer.start,
                end_time=offer.end,
                price_shown=offer.price,
                now=NOW,
            )
    assert booked == len(wished)


def test_a_time_far_ahead_leads_to_the_last_days_that_can_be_booked(ana, maya):
    be_easy_going(horizon_days=10)
    found = offers(maya, ana, MONDAY + timedelta(days=300), 9)
    assert {day for _, day, _ in found} == {MONDAY + timedelta(days=10)}


def test_others_are_offered_at_the_very_time_alone(ana, maya):
    """Two hours are wished; at nine each has one hour, and two of them elsewhere."""
    TimeOff.objects.create(
        trainer=ana, first_day=MONDAY, last_day=MONDAY + timedelta(days=60)
    )
    for name in ("Ben", "Cem", "Dana"):
        at_ten = TrainerFactory(name=name).slots.filter(time_slot=time(10))
        at_ten.update(status="unavailable")
    assert [hour for *_, hour in offers(maya, ana, THURSDAY, 9, hours=2)] == [9, 9, 9]


def test_a_move_that_fails_offers_where_the_whole_session_fits(
    monday_morning, ana, ben, maya, omar, as_maya
):
    session = book(maya, ana, THURSDAY, 9, now=NOW, hours=2)
    book(omar, ana, THURSDAY, 13, now=NOW)
    book(omar, ana, THURSDAY, 15, now=NOW)
    page = as_maya.post(
        f"/sessions/{session.pk}/reschedule/", {"at": f"{THURSDAY}T13:00"}
    )
    assert page.status_code == 409
    offered = page.context["refusal"].alternatives
    assert [
        (each.trainer.name, each.start.hour, each.end.hour) for each in offered
    ] == [
        ("Ana Ruiz", 11, 13),
        ("Ana Ruiz", 10, 12),
        ("Ben Carter", 13, 15),
    ]
    url = f"/sessions/{session.pk}/reschedule/ben-carter/"
    assert url in page.content.decode()
    assert as_maya.post(url, {"at": offered[2].at}).status_code == 302
    session.refresh_from_db()
    assert (session.trainer, session.start_time) == (ben, time(13))


class TestApi:
    def wish(self, trainer, **more):
        return {
            "trainer_id": trainer.pk,
            "session_date": f"{THURSDAY}",
            "start_time": "09:00",
            "end_time": "10:00",
            "session_type": "personal_training",
            **more,
        }

    def ask(self, client, body):
        url = "/api/members/book-training-session"
        return client.post(url, body, "application/json")

    def test_a_refusal_carries_them_ready_to_send(
        self, monday_morning, ana, ben, omar, as_maya
    ):
        book(omar, ana, THURSDAY, 9, now=NOW)
        refused = self.ask(as_maya, self.wish(ana))
        assert refused.status_code == 409
        assert refused.json() == {
            "success": False,
            "error": "Selected time slot is not available or already booked",
            "code": "slot_taken",
            "alternatives": [
                {
                    "trainer_id": trainer.pk,
                    "trainer": trainer.name,
                    "session_date": "2026-12-10",
                    "start_time": start,
                    "end_time": end,
                    "price": price,
                }
                for trainer, start, end, price in [
                    (ana, "08:00", "09:00", 75.0),
                    (ana, "10:00", "11:00", 75.0),
                    (ben, "09:00", "10:00", 50.0),
                ]
            ],
        }
        offer = refused.json()["alternatives"][2]
        offer.pop("trainer")
        booked = self.ask(as_maya, {**offer, "session_type": "personal_training"})
        assert booked.status_code == 201

    def test_a_refusal_that_no_other_time_would_mend_carries_none(
        self, monday_morning, ana, as_maya
    ):
        refused = self.ask(as_maya, self.wish(ana, price=1))
        assert refused.json()["code"] == "price_changed"
        assert "alternatives" not in refused.json()

    def test_midnight_can_be_sent_back(self, monday_morning, ana, omar, as_maya):
        """23:59 is no slot's end, and Python has no 24:00."""
        for hour in (22, 23):
            ana.slots.create(day_of_week=4, time_slot=time(hour))
        book(omar, ana, THURSDAY, 22, now=NOW)
        late = {"start_time": "22:00", "end_time": "23:00"}
        refused = self.ask(as_maya, self.wish(ana, **late))
        offer = refused.json()["alternatives"][0]
        assert (offer["start_time"], offer["end_time"]) == ("23:00", "24:00")
        offer.pop("trainer")
        booked = self.ask(as_maya, {**offer, "session_type": "personal_training"})
        assert booked.status_code == 201
        assert booked.json()["session"]["end_time"] == "24:00"
        assert booked.json()["session"]["price"] == 75


def test_who_has_extra_hours_then_is_offered_too(ana, ben, maya, omar):
    ben.slots.all().delete()
    ExtraHours.objects.create(
        trainer=ben, date=THURSDAY, starts_at=time(8), ends_at=time(11)
    )
    book(omar, ana, THURSDAY, 9, now=NOW)
    assert ("Ben Carter", THURSDAY, 9) in offers(maya, ana, THURSDAY, 9)
