"""The gym's wording, for templates."""

from typing import Any

from django import template

from trainers import wording

register = template.Library()

register.filter("clock", wording.clock)
register.filter("day", wording.day_name)
register.filter("day_and_year", wording.day_and_year)
register.filter("short_day", wording.short_day)
register.filter("money", wording.money)
register.filter("rate", wording.rate)


@register.filter
def span(dated: Any) -> str:
    """18:00 – 19:00 of whatever has a start and an end: a cell, a session."""
    if hasattr(dated, "start_time"):
        return wording.span(dated.start_time, dated.end_time)
    return wording.span(dated.start, dated.end)
