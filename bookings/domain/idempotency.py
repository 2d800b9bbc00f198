"""Booking once, however often the request arrives."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder

from bookings.domain.booking import book_session
from bookings.exceptions import KeyReused
from bookings.models import IdempotencyKey, TrainingSession
from bookings.transactions import persistent, writing

WHEN = ("session_date", "start_time", "end_time")


@dataclass(frozen=True)
class Receipt:
    """The answer to a booking, as it was given the first time."""

    answer: dict[str, Any]
    replayed: bool

    def still_stands(self) -> bool:
        """Whether the session is still what was booked, neither ended nor moved."""
        booked = {name: self.answer[name] for name in ("id", "trainer_id", *WHEN)}
        return TrainingSession.objects.active().filter(**booked).exists()


def book_once(
    client: AbstractBaseUser, *, key: str, now: datetime, **request: Any
) -> Receipt:
    """As `book_session`; a repeat with the same key gets the first one's receipt.

    An empty key never repeats. Key, session and receipt are written in one
    transaction: a refused or broken attempt leaves no key behind, and a repeat that
    arrives while the first is running waits for it. Raises KeyReused when the key
    came with another request before.
    """
    if not key:
        session = book_session(client, now=now, **request)
        return Receipt(session.facts(), replayed=False)
    return book_with_key(client, key=key, now=now, **request)


@persistent
def book_with_key(
    client: AbstractBaseUser, *, key: str, now: datetime, **request: Any
) -> Receipt:
    fingerprint = fingerprint_of(request)
    with writing():
        row, is_new = IdempotencyKey.objects.get_or_create(
            client_id=client.pk, key=key, defaults={"fingerprint": fingerprint}
        )
        if row.fingerprint != fingerprint:
            raise KeyReused
        if is_new:
            row.session = book_session(client, now=now, **request)
            row.answer = row.session.facts()
            row.save(update_fields=["session", "answer"])
    return Receipt(row.answer, replayed=not is_new)


# Few enough that nobody who sends one of these keys just now waits for the rest.
BATCH = 1000


def forget_keys(*, before: datetime) -> int:
    """Delete the keys made before that moment; a repeat of one would book anew.

    Returns how many. Each batch is a transaction of its own, so what is done stays
    done when it is interrupted.
    """
    # The oldest have the lowest ids, so the primary key finds them without an index.
    old = IdempotencyKey.objects.filter(created_at__lt=before).order_by("pk")
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += IdempotencyKey.objects.filter(pk__in=batch).delete()[0]
    return forgotten


def fingerprint_of(request: dict[str, Any]) -> str:
    text = json.dumps(request, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
