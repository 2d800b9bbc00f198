"""The gym's wording, for templates."""

from typing import Any

from django import template

from bookings.gym import gym_settings
from bookings.policy import bar_on
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


@register.inclusion_tag("bookings/_bar.html", takes_context=True)
def booking_bar(context: dict[str, Any]) -> dict[str, Any]:
    """Why the member may book nothing, said before they choose a time in vain."""
    person = context["request"].user
    is_barred = person.is_authenticated and (
        person.blocked_because or person.awaits_approval
    )
    return {"bar": bar_on(person, gym_settings()) if is_barred else None}
