"""How a gym's money reads."""

from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency
from django import template
from django.conf import settings
from django.utils.translation import get_language, to_locale

register = template.Library()


@register.filter
def money(amount: Decimal) -> str:
    """75 → €75.00"""
    return format_currency(amount, settings.CURRENCY, locale=_locale())


@register.filter
def rate(amount: Decimal) -> str:
    """75 → €75, and 67.50 → €67.50"""
    if amount % 1:
        return money(amount)
    pattern = Locale.parse(_locale()).currency_formats["standard"].pattern
    return format_currency(
        amount,
        settings.CURRENCY,
        format=pattern.replace(".00", ""),
        locale=_locale(),
        currency_digits=False,
    )


def _locale() -> str:
    return to_locale(get_language() or settings.LANGUAGE_CODE)
