"""The next free time of each trainer, and last week's time again."""

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bookings.domain.booking import cancel_session
from bookings.domain.openings import (
    LOOK_AHEAD,
    Occasion,
    PartOfDay,
    book_again,
    find_trainers,
    next_openings,
    soonest,
)
from bookings.domain.week import Week, build_week
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.models import DayOfWeek, SlotStatus, TimeOff, Trainer

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def at(places):
    return {place.trainer.name: place.cell.at for place in places.values()}


def first_green(trainer, now, client_id, occasion):
    """As the grid shows it, week after week."""
    day = now.date()
    while day <= now.date() + LOOK_AHEAD:
        for column in build_week(
            trainer, Week.of(day), now=now, client_id=client_id
        ).days:
            for cell in column.cells:
                fits = occasion.has_day(cell.day) and occasion.has_time(cell.start)
                if cell.is_available and fits and cell.day <= now.date() + LOOK_AHEAD:
                    return cell
        day += WEEK
    return None


@st.composite
def gyms(draw):
    """What staff and members did to two trainers' next two weeks."""
    statuses = st.sampled_from([SlotStatus.BREAK, SlotStatus.UNAVAILABLE])
    hours = st.integers(7, 19)
    days = st.integers(0, 13)
    return {
        "closed": draw(st.lists(st.tuples(hours, statuses), max_size=12)),
        "away": draw(st.lists(st.tuples(days, st.integers(0, 9)), max_size=3)),
        "booked": draw(st.lists(st.tuples(days, hours), max_size=12)),
        "rules": {
            "minimum_notice_hours": draw(st.sampled_from([0, 2, 48])),
            "horizon_days": draw(st.sampled_from([1, 9, 60, 100])),
            "most_upcoming": draw(st.sampled_from([1, 4, 1000])),
            "most_per_day": draw(st.sampled_from([1, 24])),
        },
        "now": NOW + timedelta(hours=draw(st.integers(0, 24 * 13))),
        "occasion": Occasion(
            draw(st.none() | st.sampled_from(DayOfWeek)),
            draw(st.none() | st.sampled_from(PartOfDay)),
        ),
    }


class TestNextFreeIsTheGridsFirstGreenCell(TestCase):
    @hypothesis_settings(max_examples=40)
    @given(gyms())
    def test_for_everybody(self, gym):
        be_easy_going()
        ana, bruno = TrainerFactory(name="Ana"), TrainerFactory(name="Bruno")
        maya, omar = MemberFactory(), MemberFactory()
        for hour, status in gym["closed"]:
            ana.slots.filter(time_slot=time(hour)).update(status=status)
        for start, length in gym["away"]:
            TimeOff.objects.create(
                trainer=ana,
                first_day=MONDAY + start * DAY,
                last_day=MONDAY + (start + length) * DAY,
            )
        for number, (day, hour) in enumerate(dict.fromkeys(gym["booked"])):
            slots = bruno.slots.filter(
                time_slot=time(hour), day_of_week=DayOfWeek.of(MONDAY + day * DAY)
            )
            if slots.exists():
                client = (maya, omar)[number % 2]
                book(client, bruno, MONDAY + day * DAY, hour, now=NOW)

        be_easy_going(**gym["rules"])
        for client_id in (None, maya.pk):
            found = next_openings(
                [ana, bruno],
                now=gym["now"],
                client_id=client_id,
                occasion=gym["occasion"],
            )
            for trainer in (ana, bruno):
                green = first_green(trainer, gym["now"], client_id, gym["occasion"])
                place = found.get(trainer.pk)
                assert (place and place.cell) == green


@pytest.mark.django_db
class TestNextOpenings:
    def test_a_tuesday_evening(self, ana):
        evening = Occasion(DayOfWeek.TUESDAY, PartOfDay.EVENING)
        found = next_openings([ana], now=NOW, occasion=evening)
        assert at(found) == {"Ana Ruiz": "2026-12-08T17:00"}

    def test_noon_is_afternoon_and_five_is_evening(self):
        parts = [PartOfDay.of(time(hour)) for hour in (11, 12, 16, 17)]
        assert parts == ["morning", "afternoon", "afternoon", "evening"]

    def test_who_is_away_for_weeks_is_found_after_them(self, ana):
        TimeOff.objects.create(
            trainer=ana, first_day=MONDAY, last_day=MONDAY + 30 * DAY
        )
        assert at(next_openings([ana], now=NOW)) == {"Ana Ruiz": "2027-01-07T07:00"}

    def test_who_has_nothing_is_left_out(self, ana):
        ana.slots.update(status=SlotStatus.BREAK)
        assert next_openings([ana, TrainerFactory()], now=NOW).keys() == {ana.pk + 1}

    def test_the_horizon_ends_the_search(self, ana):
        last = NOW.date() + LOOK_AHEAD
        TimeOff.objects.create(
            trainer=ana, first_day=MONDAY, last_day=last, ends_at=time(10)
        )
        assert at(next_openings([ana], now=NOW)) == {"Ana Ruiz": f"{last}T10:00"}
        TimeOff.objects.update(ends_at=None)
        assert next_openings([ana], now=NOW) == {}

    def test_who_may_book_no_more_is_not_searched_for(
        self, ana, maya, django_assert_num_queries
    ):
        be_easy_going(most_upcoming=1)
        book(maya, ana, THURSDAY, 9, now=NOW)
        with django_assert_num_queries(3):
            assert next_openings([ana], now=NOW, client_id=maya.pk) == {}

    @pytest.mark.parametrize("count", [1, 30])
    def test_the_queries_do_not_grow_with_the_trainers(
        self, ana, count, django_assert_num_queries
    ):
        """One for the rules, two for today and tomorrow, two for the week after."""
        TrainerFactory.create_batch(count)
        ana.slots.exclude(day_of_week=DayOfWeek.THURSDAY).delete()
        everybody = list(Trainer.objects.all())
        with django_assert_num_queries(5):
            assert len(next_openings(everybody, now=NOW)) == count + 1

    def test_the_queries_have_an_end(self, ana, django_assert_max_num_queries):
        ana.slots.update(status=SlotStatus.BREAK)
        with django_assert_max_num_queries(1 + 2 * 10):
            assert next_openings([ana], now=NOW) == {}

    def test_the_soonest_come_first_and_each_trainer_once(self, ana):
        bruno, clara = TrainerFactory(name="Bruno"), TrainerFactory(name="Clara")
        bruno.slots.filter(time_slot__lt=time(9)).delete()
        clara.slots.exclude(day_of_week=DayOfWeek.TUESDAY).delete()
        cards = find_trainers([clara, bruno, ana], now=NOW).cards
        assert [p.trainer for p in soonest(cards, 2)] == [ana, bruno]
        whens = [place.when for place in soonest(cards, 5)]
        assert whens == ["Today, 07:00", "Today, 09:00", "Tomorrow, 07:00"]


@pytest.mark.django_db
class TestBookAgain:
    """It is Tuesday of the week after; Maya trained on Thursday at nine."""

    now = NOW + WEEK + DAY

    def again(self, client):
        return [
            (place.trainer.name, place.cell.at)
            for place in book_again(client.pk, now=self.now)
        ]

    def test_last_weeks_time(self, ana, maya):
        book(maya, ana, THURSDAY, 9, now=NOW)
        assert self.again(maya) == [("Ana Ruiz", "2026-12-17T09:00")]

    def test_where_it_is_taken_the_week_after(self, ana, maya, omar):
        book(maya, ana, THURSDAY, 9, now=NOW)
        book(omar, ana, THURSDAY + WEEK, 9, now=NOW)
        assert self.again(maya) == [("Ana Ruiz", "2026-12-24T09:00")]

    def test_where_it_is_mine_already_the_week_after(self, ana, maya):
        for week in range(2):
            book(maya, ana, THURSDAY + week * WEEK, 9, now=NOW)
        assert self.again(maya) == [("Ana Ruiz", "2026-12-24T09:00")]

    def test_nothing_where_the_time_is_gone_for_good(self, ana, maya):
        book(maya, ana, THURSDAY, 9, now=NOW)
        ana.slots.filter(time_slot=time(9)).update(status=SlotStatus.UNAVAILABLE)
        assert self.again(maya) == []

    def test_nothing_with_a_trainer_who_left(self, ana, maya):
        book(maya, ana, THURSDAY, 9, now=NOW)
        Trainer.objects.update(is_active=False)
        assert self.again(maya) == []

    def test_what_was_cancelled_or_is_anothers_or_lies_ahead_is_no_habit(
        self, ana, maya, omar
    ):
        cancel_session(book(maya, ana, THURSDAY, 9, now=NOW), by=maya, now=NOW)
        book(omar, ana, THURSDAY, 10, now=NOW)
        book(maya, ana, THURSDAY + WEEK, 11, now=NOW)
        assert self.again(maya) == []

    def test_the_last_two_habits_in_bounded_queries(
        self, ana, maya, django_assert_max_num_queries
    ):
        for hour in (9, 11, 13):
            book(maya, ana, THURSDAY, hour, now=NOW)
        with django_assert_max_num_queries(13):
            times = [when for _, when in self.again(maya)]
        assert times == ["2026-12-17T13:00", "2026-12-17T11:00"]
