"""A member leaves: what lies ahead is cancelled, and every word is forgotten."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q

from bookings.domain.booking import cancel_session
from bookings.models import (
    BookingEvent,
    CalendarFeed,
    Hold,
    IdempotencyKey,
    TrainingSession,
    lock_people,
)
from bookings.transactions import persistent, writing


@persistent
def forget_client(
    client: AbstractBaseUser, *, now: datetime, and_then: Callable[[], object]
) -> int:
    """Cancel what lies ahead, and forget what was written about the client.

    `and_then` forgets in the same transaction what booking knows nothing of; like
    all of it, it may be done over again.

    Past sessions and their history stay, without a word of anybody's: the gym's
    figures, and the trainer's past, are not the client's alone. Late cancelling is
    no obstacle. Locks the client, then the trainers. Returns how many sessions were
    cancelled; idempotent.
    """
    with writing():
        sessions = TrainingSession.objects.filter(client=client.pk)
        lock_people([client.pk], sessions.values_list("trainer_id", flat=True))
        ahead = list(sessions.active().upcoming(now))
        for session in ahead:
            cancel_session(session, by=client, now=now, late_is_fine=True)
        for session in sessions.exclude(notes=""):
            session.notes = ""
            session.save_locked(update_fields=["notes"])
        forget_reasons(client)
        IdempotencyKey.objects.filter(client=client.pk).delete()
        CalendarFeed.objects.filter(member=client.pk).delete()
        Hold.objects.filter(client=client.pk).delete()
        and_then()
    return len(ahead)


def forget_reasons(client: AbstractBaseUser) -> None:
    """The one change the history knows: a line keeps its facts and loses its words."""
    theirs = Q(before__client_id=client.pk) | Q(after__client_id=client.pk)
    lines = BookingEvent.objects.filter(theirs).exclude(reason="")
    models.QuerySet.update(lines, reason="")
