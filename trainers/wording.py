"""How days, times and money read: in the reader's language, with 12 hours or 24."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency
from django.conf import settings
from django.utils.dateformat import time_format
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext, to_locale
from django.utils.translation import gettext as _

_twelve_hours = ContextVar("twelve_hours", default=False)


def _currency() -> str:
    """Until `pay_in` names a better source."""
    return str(settings.CURRENCY)


def pay_in(source: Callable[[], str]) -> None:
    """From now on the currency is what `source` says: the rooms above know it."""
    global _currency
    _currency = source


@contextmanager
def twelve_hours(wanted: bool) -> Iterator[None]:
    """Within it, `clock` says 6:00 PM where it is wanted, and otherwise 18:00."""
    before = _twelve_hours.set(wanted)
    try:
        yield
    finally:
        _twelve_hours.reset(before)


def clock(at: time) -> str:
    """18:00, or 6:00 PM for who prefers that; 24:00 where a day ends."""
    return _clock(at, _twelve_hours.get(), get_language())


def span(start: time, end: time) -> str:
    """18:00 – 19:00"""
    return f"{clock(start)} – {clock(end)}"


def duration(start: time, end: time) -> str:
    """45 min, 1 h, 1 h 30 min"""
    # Midnight at the end of a day is its last microsecond.
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    hours, minutes = divmod(minutes + (end == time.max), 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def day_name(day: date) -> str:
    """Thursday 10 December"""
    # Translators: Django's date format, in your language's order and with its
    # punctuation, a backslash before each literal letter: `l, j. F`, `l, j \d\e F`.
    return _written(day, pgettext("date format", "l j F"), get_language())


def day_and_year(day: date) -> str:
    """Thursday 10 December 2026"""
    return _written(day, pgettext("date format", "l j F Y"), get_language())


def days_and_year(first: date, last: date) -> str:
    """7 – 13 December 2026; month and year are named twice where they differ.

    One day is named once: 7 December 2026.
    """
    if first == last:
        return _written(first, pgettext("date format", "j F Y"), get_language())
    if first.year != last.year:
        start = pgettext("date format", "j F Y")
    elif first.month != last.month:
        start = pgettext("date format", "j F")
    else:
        # Translators: the first of two days of one month, as in 7 – 13 December 2026.
        start = pgettext("date format", "j")
    end = pgettext("date format", "j F Y")
    language = get_language()
    return f"{_written(first, start, language)} – {_written(last, end, language)}"


def short_day(day: date) -> str:
    """Thu 10 Dec"""
    return _written(day, pgettext("date format", "D j M"), get_language())


def money(amount: Decimal) -> str:
    """75 → €75.00"""
    return format_currency(amount, _currency(), locale=_locale())


def rate(amount: Decimal) -> str:
    """75 → €75, and 67.50 → €67.50"""
    if amount % 1:
        return money(amount)
    pattern = Locale.parse(_locale()).currency_formats["standard"].pattern
    return format_currency(
        amount,
        _currency(),
        format=pattern.replace(".00", ""),
        locale=_locale(),
        currency_digits=False,
    )


# A page names each day and each time a dozen times, and formatting is slow.
@lru_cache(maxsize=1000)
def _written(day: date, how: str, language: str | None) -> str:
    return date_format(day, how)


@lru_cache(maxsize=1000)
def _clock(at: time, twelve: bool, language: str | None) -> str:
    if at == time.max:
        return time_format(time.min, "g:i A") if twelve else "24:00"
    return time_format(at, "g:i A" if twelve else "H:i")


def _locale() -> str:
    return to_locale(get_language() or settings.LANGUAGE_CODE)
