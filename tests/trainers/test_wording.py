"""How days, times and money read."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.utils import translation

from tests.conftest import THURSDAY
from trainers.wording import (
    clock,
    day_name,
    days_and_year,
    duration,
    money,
    rate,
    span,
    twelve_hours,
)


def test_a_day_is_named_in_the_readers_language():
    names = []
    for language in ("en-gb", "de", "en-gb"):
        with translation.override(language):
            names.append(day_name(THURSDAY))
    assert names == [
        "Thursday 10 December",
        "Donnerstag, 10. Dezember",
        "Thursday 10 December",
    ]


def test_a_time_reads_as_its_reader_chose():
    assert span(time(9), time(18, 30)) == "09:00 – 18:30"
    with twelve_hours(True):
        assert span(time(9), time(18, 30)) == "9:00 AM – 6:30 PM"
    assert clock(time(18)) == "18:00"


@pytest.mark.parametrize(
    ("last", "written"),
    [
        (date(2026, 12, 7), "7 December 2026"),
        (date(2026, 12, 13), "7 – 13 December 2026"),
        (date(2027, 1, 3), "7 December 2026 – 3 January 2027"),
    ],
)
def test_days_are_named_once_where_once_is_enough(last, written):
    assert days_and_year(date(2026, 12, 7), last) == written


def test_a_day_ends_at_midnight():
    assert span(time(23), time.max) == "23:00 – 24:00"
    with twelve_hours(True):
        assert clock(time.max) == "12:00 AM"


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        (time(9), time(9, 45), "45 min"),
        (time(9), time(10), "1 h"),
        (time(9, 30), time(11), "1 h 30 min"),
        (time(22), time.max, "2 h"),
        (time(23, 15), time.max, "45 min"),
    ],
)
def test_a_length_reads_in_hours_and_minutes(start, end, length):
    assert duration(start, end) == length


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "language", "amount", "price", "short"),
    [
        ("EUR", "en-gb", "75", "€75.00", "€75"),
        ("EUR", "en-gb", "57.50", "€57.50", "€57.50"),
        ("EUR", "de", "75", "75,00\xa0€", "75\xa0€"),
        ("USD", "en-gb", "1234", "US$1,234.00", "US$1,234"),
        ("JPY", "en-gb", "8000", "JP¥8,000", "JP¥8,000"),
    ],
)
def test_money_reads_as_the_gym_and_the_language_have_it(
    settings, currency, language, amount, price, short
):
    settings.CURRENCY = currency
    with translation.override(language):
        assert (money(Decimal(amount)), rate(Decimal(amount))) == (price, short)
