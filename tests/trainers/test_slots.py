"""What follows from hours, length and rate, for all of them."""

from collections import defaultdict
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from trainers.models import DayOfWeek, Trainer, WorkingHours
from trainers.schedule import USUAL_HOURS, slots_between, weekly_template

LENGTHS = st.integers(15, 240)
RATES = st.decimals(0, Decimal("999999.99"), places=2)
TIMES = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))


def minutes_of(at):
    return at.hour * 60 + at.minute


def trainer(**fields):
    return Trainer(**{"hourly_rate": Decimal(60), "session_minutes": 60} | fields)


@pytest.mark.django_db
def test_every_weekday_of_four_hundred_years_is_sqls():
    """After that the calendar begins again, for they are a whole number of weeks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day::date, EXTRACT(DOW FROM day)::int FROM generate_series("
            "date '2000-01-01', date '2399-12-31', interval '1 day') AS day"
        )
        days = cursor.fetchall()
    assert len(days) == 146_097
    assert len(days) % 7 == 0
    assert all(DayOfWeek.of(day) == sqls for day, sqls in days)


@given(st.dates())
def test_weekdays_follow_one_another_from_sunday(day):
    assume(day < date.max)
    assert DayOfWeek.of(day + timedelta(days=1)) == (DayOfWeek.of(day) + 1) % 7
    assert (DayOfWeek.of(day) == DayOfWeek.SUNDAY) == (f"{day:%A}" == "Sunday")


class TestPrice:
    @given(RATES, TIMES, TIMES)
    @example(Decimal("2.49"), time(0), time(1, 50))
    def test_it_is_the_nearest_cent_and_half_a_cent_goes_up(self, rate, start, end):
        assume(start < end)
        exact = Fraction(rate) * (minutes_of(end) - minutes_of(start)) / 60
        price = trainer(hourly_rate=rate).price_of(start, end)
        assert price.as_tuple().exponent == -2
        assert price >= 0
        half = Fraction(1, 200)
        assert -half < exact - Fraction(price) < half or (
            Fraction(price) - exact == half
        )

    @given(RATES, st.lists(TIMES, min_size=3, max_size=3, unique=True))
    def test_two_sessions_in_a_row_cost_what_one_would(self, rate, times):
        first, between, last = sorted(times)
        ana = trainer(hourly_rate=rate)
        parts = [ana.price_of(first, between), ana.price_of(between, last)]
        whole = ana.price_of(first, last)
        lengths = [
            minutes_of(b) - minutes_of(a)
            for a, b in [(first, between), (between, last)]
        ]
        exact = all(
            (Fraction(rate) * 100 * length / 60).denominator == 1 for length in lengths
        )
        assert abs(sum(parts) - whole) <= (0 if exact else Decimal("0.01"))

    @given(RATES, LENGTHS, TIMES)
    def test_a_slot_costs_the_same_at_any_time(self, rate, minutes, start):
        ana = trainer(hourly_rate=rate, session_minutes=minutes)
        end = ana.end_of_slot(start)
        assume(end != time.max)
        assert ana.price_of(start, end) == ana.slot_price


class TestEndOfSlot:
    @given(LENGTHS, TIMES)
    def test_it_is_a_session_later_or_midnight(self, minutes, start):
        end = trainer(session_minutes=minutes).end_of_slot(start)
        if minutes_of(start) + minutes < 24 * 60:
            assert minutes_of(end) == minutes_of(start) + minutes
        else:
            assert end == time.max
        assert end > start


class TestTemplate:
    @given(TIMES, TIMES, LENGTHS)
    def test_hours_are_cut_from_their_start_as_often_as_it_goes(
        self, start, end, minutes
    ):
        length = timedelta(minutes=minutes)
        slots = [minutes_of(slot) for slot in slots_between(start, end, length)]
        room = max(0, minutes_of(end) - minutes_of(start))
        assert slots == [
            minutes_of(start) + n * minutes for n in range(room // minutes)
        ]

    @pytest.mark.django_db
    @settings(
        max_examples=30,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        minutes=LENGTHS,
        spans=st.lists(
            st.tuples(
                st.sampled_from(DayOfWeek),
                st.lists(TIMES, min_size=2, max_size=6, unique=True).map(sorted),
            ),
            max_size=7,
            unique_by=lambda span: span[0],
        ),
    )
    def test_each_slot_lies_within_hours_and_meets_no_other(self, ana, minutes, spans):
        ana.working_hours.all().delete()
        ana.session_minutes = minutes
        hours = [
            (day, *times[n : n + 2])
            for day, times in spans
            for n in range(0, len(times) - 1, 2)
        ]
        WorkingHours.objects.bulk_create(
            WorkingHours(trainer=ana, day_of_week=day, starts_at=start, ends_at=end)
            for day, start, end in hours
        )

        by_day = defaultdict(list)
        for day, slot in sorted(weekly_template(ana)):
            by_day[day].append(minutes_of(slot))

        wanted = hours or USUAL_HOURS
        assert sum(map(len, by_day.values())) == sum(
            (minutes_of(end) - minutes_of(start)) // minutes for _, start, end in wanted
        )
        for day, slots in by_day.items():
            open_spans = [
                (minutes_of(start), minutes_of(end))
                for on, start, end in wanted
                if on == day
            ]
            for slot in slots:
                assert any(a <= slot and slot + minutes <= b for a, b in open_spans)
            for one, other in pairwise(slots):
                assert one + minutes <= other
