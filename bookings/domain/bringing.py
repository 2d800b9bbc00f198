"""The sessions that a gym has agreed on already, brought along all together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from bookings.domain.booking import book_session
from bookings.domain.terms import change_price
from bookings.exceptions import BookingRefused
from bookings.models import TrainingSession, lock_people
from bookings.transactions import writing


@dataclass(frozen=True)
class Agreed:
    """One session as it was agreed on; `line` is where it was written down."""

    line: int
    client: AbstractBaseUser
    trainer_id: int
    session_date: date
    start_time: time
    end_time: time
    session_type: str
    price: Decimal | None = None

    @property
    def place(self) -> dict[str, Any]:
        return {
            "trainer_id": self.trainer_id,
            "session_date": self.session_date,
            "start_time": self.start_time,
            "end_time": self.end_time,
        }


@dataclass
class Result:
    booked: int = 0
    known: int = 0
    refused: list[tuple[int, BookingRefused]] = field(default_factory=list)


class NothingKept(Exception):
    """Ends the transaction, so that nothing of it stays."""


def bring_sessions(
    agreed: Sequence[Agreed], *, by: AbstractBaseUser, now: datetime, keep: bool = True
) -> Result:
    """Book all of them, or, where one is refused, none; without `keep`, none.

    The members' rules do not bind: it was agreed on before. What is here already, by
    member, trainer, date and start, stays as it is, also if it was cancelled since.
    Locks everybody concerned until it is done.
    """
    result = Result()
    try:
        with writing():
            lock_everybody(agreed)
            known = already_here(agreed)
            for session in agreed:
                bring(session, known, result, by=by, now=now)
            if result.refused or not keep:
                raise NothingKept
    except NothingKept:
        pass
    return result


def lock_everybody(agreed: Iterable[Agreed]) -> None:
    """At once and in order: one by one, two such runs could wait for each other."""
    lock_people(
        {session.client.pk for session in agreed},
        {session.trainer_id for session in agreed},
    )


def already_here(agreed: Iterable[Agreed]) -> set[tuple[Any, ...]]:
    theirs = TrainingSession.objects.filter(
        client__in={session.client.pk for session in agreed},
        session_date__in={session.session_date for session in agreed},
    ).order_by()
    rows = theirs.values_list("client_id", "trainer_id", "session_date", "start_time")
    return set(rows)


def bring(
    session: Agreed,
    known: set[tuple[Any, ...]],
    result: Result,
    *,
    by: AbstractBaseUser,
    now: datetime,
) -> None:
    start = session.session_date, session.start_time
    if (session.client.pk, session.trainer_id, *start) in known:
        result.known += 1
        return
    reason = _("Brought along from before.")
    try:
        booked = book_session(
            session.client,
            **session.place,
            session_type=session.session_type,
            by=by,
            reason=reason,
            now=now,
        )
        if session.price is not None:
            change_price(booked, session.price, reason=reason, by=by, now=now)
        result.booked += 1
    except BookingRefused as refusal:
        result.refused.append((session.line, refusal))
