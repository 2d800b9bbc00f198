from decimal import Decimal

import pytest
from django.utils import translation

from bookings.templatetags.gym import money, rate


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
