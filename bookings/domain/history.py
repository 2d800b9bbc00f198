"""What each line of a session's history changed, in words for staff."""

from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bookings.models import BookingEvent, SessionStatus
from trainers.models import SessionType
from trainers.wording import money, short_day, span

PLACE = ("session_date", "start_time", "end_time")


def changes_in_words(event: BookingEvent, trainers: Mapping[int, str]) -> list[str]:
    """Price: €75.00 → €60.00, and so on; `trainers` are their names by id."""
    if not event.before:
        return [place_in_words(event.after, trainers, with_trainer=True)]
    return list(changes(event.before, event.after, trainers))


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], trainers: Mapping[int, str]
) -> Iterator[str]:
    other_trainer = differs(before, after, "trainer_id")
    if other_trainer or any(differs(before, after, name) for name in PLACE):
        yield arrow(
            *(
                place_in_words(facts, trainers, with_trainer=other_trainer)
                for facts in (before, after)
            )
        )
    for name, written in WRITTEN.items():
        if differs(before, after, name):
            yield arrow(written(before.get(name)), written(after.get(name)))


def differs(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return bool(before.get(name) != after.get(name))


def arrow(before: str, after: str) -> str:
    return _("%(before)s → %(after)s") % {"before": before, "after": after}


def place_in_words(
    facts: Mapping[str, Any], trainers: Mapping[int, str], *, with_trainer: bool
) -> str:
    """Empty where the line does not say: it was not written by a verb of ours."""
    if any(name not in facts for name in PLACE):
        return ""
    start, end = (time.fromisoformat(facts[name]) for name in PLACE[1:])
    names = {
        "day": short_day(date.fromisoformat(facts["session_date"])),
        "time": span(start, end),
        "trainer": trainers.get(facts.get("trainer_id", 0), _("another trainer")),
    }
    if with_trainer:
        return _("%(day)s, %(time)s with %(trainer)s") % names
    return _("%(day)s, %(time)s") % names


def written_price(price: str | None) -> str:
    return _("no price") if price is None else money(Decimal(price))


def written_status(status: str | None) -> str:
    return str(SessionStatus(status).label) if status in SessionStatus.values else ""


def written_type(kind: str | None) -> str:
    return str(SessionType(kind).label) if kind in SessionType.values else ""


WRITTEN = {
    "status": written_status,
    "price": written_price,
    "session_type": written_type,
}
