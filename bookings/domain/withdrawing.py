"""Offers that nobody needs any more, because the absence behind them has changed."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import F, Q
from django.utils.translation import ngettext

from bookings.domain.stranded import Absence, hit_by_any
from bookings.holds import OfferQuerySet
from bookings.models import (
    BookingEvent,
    Hold,
    Offer,
    TrainingSession,
    lock_people,
)
from bookings.transactions import persistent, writing
from trainers.models import Closure, TimeOff, Trainer

Row = TimeOff | Closure


@persistent
def save_absence(row: Row, *, now: datetime) -> int:
    """Save it; returns how many sessions take place as booked after all.

    Locks the members who were offered another time, then the trainers, so that no
    booking passes by unseen.
    """
    with writing():
        offers = lock_offers([row], now=now)
        row.save()
        return withdraw_offers(offers, now=now)


@persistent
def end_absences(rows: Collection[Row], *, now: datetime) -> int:
    """Delete them; returns how many sessions take place as booked. Twice is quiet.

    Locks the members who were offered another time, then the trainers.
    """
    with writing():
        offers = lock_offers(rows, now=now)
        for row in rows:
            # Not the row's own delete, which takes its key: it may be tried again.
            type(row).objects.filter(pk=row.pk).delete()
        return withdraw_offers(offers, now=now)


def lock_offers(rows: Collection[Row], *, now: datetime) -> OfferQuerySet:
    """The open offers of the sessions that are hit as yet, their people locked.

    All at once and before anything is written: later, members would be locked after
    trainers.
    """
    stored = as_stored(rows)
    offers = list(open_offers(stored, now=now).select_related("session", "hold"))
    trainers = trainers_of([*rows, *stored])
    trainers |= {offer.session.trainer_id for offer in offers}
    trainers |= {offer.hold.trainer_id for offer in offers}
    lock_people({offer.session.client_id for offer in offers}, trainers)
    stored = as_stored(rows)
    return open_offers(stored, now=now)


def as_stored(rows: Iterable[Row]) -> list[Row]:
    return [old for row in rows for old in type(row).objects.filter(pk=row.pk)]


def trainers_of(rows: Iterable[Row]) -> set[int]:
    found: set[int] = set()
    for row in rows:
        if isinstance(row, Closure):
            return set(Trainer.objects.values_list("pk", flat=True))
        found.add(row.trainer_id)
    return found


def open_offers(rows: Iterable[Row], *, now: datetime) -> OfferQuerySet:
    """Not answered, also where they ran out: their page says what cannot be."""
    hold_over = Q(hold__ended_at=None) | Q(hold__ended_at=F("hold__until"))
    ahead = TrainingSession.objects.active().upcoming(now)
    hit = hit_by_any(map(Absence.of, rows), "session__")
    return Offer.objects.filter(hit, hold_over, answer="", session__in=ahead)


def withdraw_offers(offers: OfferQuerySet, *, now: datetime) -> int:
    """End those of sessions that nothing hits any more, without an answer.

    For the verbs, which hold the locks and have just changed an absence. Returns how
    many sessions it is about.
    """
    found = dict(
        offers.exclude(hit_as_it_stands(now=now)).values_list("hold", "session")
    )
    # Also of holds that had run out: their page still said that it cannot take place.
    Hold.objects.filter(pk__in=found).update(ended_at=now)
    return len(set(found.values()))


def hit_as_it_stands(*, now: datetime) -> Q:
    """Whether any absence of today hits the offer's session. Two queries."""
    rows = (
        row
        for model in (TimeOff, Closure)
        for row in model.objects.filter(last_day__gte=now.date())
    )
    return hit_by_any(map(Absence.of, rows), "session__")


def say_withdrawn(count: int) -> list[str]:
    """A sentence for staff; none where nothing was withdrawn."""
    if not count:
        return []
    sentence = ngettext(
        "%(count)s offer was withdrawn: the session takes place as booked.",
        "%(count)s offers were withdrawn: the sessions take place as booked.",
        count,
    )
    return [sentence % {"count": count}]


def was_moved(offer: Offer) -> bool:
    """Whether its session was put elsewhere since."""
    moves = BookingEvent.objects.filter(action=BookingEvent.Action.MOVED)
    return moves.filter(session=offer.session_id, at__gte=offer.made_at).exists()


def is_hit(offer: Offer, *, now: datetime) -> bool:
    """Whether its session cannot be, where it stands now."""
    return Offer.objects.filter(hit_as_it_stands(now=now), pk=offer.pk).exists()
