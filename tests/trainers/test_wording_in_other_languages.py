"""Days, times and money as people write them in each language."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.utils import translation

from trainers import wording

DAY = date(2026, 12, 10)
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "day", "money", "rate"),
    [
        ("en-gb", "Thursday 10 December", "€67.50", "€75"),
        ("de", "Donnerstag, 10. Dezember", f"67,50{SPACE}€", f"75{SPACE}€"),
        ("es", "jueves 10 de diciembre", f"67,50{SPACE}€", f"75{SPACE}€"),
        ("fr", "jeudi 10 décembre", f"67,50{SPACE}€", f"75{SPACE}€"),
    ],
)
def test_days_and_money(language, day, money, rate):
    with translation.override(language):
        assert wording.day_name(DAY).lower() == day.lower()
        assert wording.money(Decimal("67.5")) == money
        assert wording.rate(Decimal(75)) == rate
        assert wording.clock(time(18)) == "18:00"
        with wording.twelve_hours(True):
            assert wording.clock(time(18)).startswith("6:00")
            assert wording.clock(time(18)) != wording.clock(time(6))
