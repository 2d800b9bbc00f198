"""The transaction around a write, and what the database's noes mean to the caller.

PostgreSQL refuses a write in three ways: it meets a constraint, which is a rule of
ours that somebody passed by; the moment is bad, and a second later it would do; or
it cannot be reached. Each has its sentence here, and whatever has none is a bug.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from django.db import DatabaseError, InterfaceError, connection, transaction

from bookings.exceptions import (
    Away,
    BookingRefused,
    Busy,
    ClientBusy,
    Conflicted,
    Held,
    SessionMoved,
    SlotTaken,
    Unstorable,
)

logger = logging.getLogger(__name__)

TRAINER_OVERLAP = "training_sessions_no_trainer_overlap"
CLIENT_OVERLAP = "training_sessions_no_client_overlap"
HOLDS_OVERLAP = "holds_no_overlap"
BEHIND_CONSTRAINT: dict[str | None, type[BookingRefused]] = {
    TRAINER_OVERLAP: SlotTaken,
    CLIENT_OVERLAP: ClientBusy,
    HOLDS_OVERLAP: Held,
}

# By SQLSTATE, or by its class: https://www.postgresql.org/docs/current/errcodes-appendix.html
BEHIND_SQLSTATE: dict[str, type[BookingRefused]] = {
    "08": Away,  # the connection broke
    "22": Unstorable,  # a value no column can hold
    "23503": SessionMoved,  # who or what it points to has just gone
    "23505": SessionMoved,
    "23514": Unstorable,  # a check, which the rules ask about first
    "25006": Away,  # read-only: a standby, or a full disk
    "25P03": Away,  # idle for too long inside a transaction
    "40001": Conflicted,
    "40P01": Conflicted,
    "53": Away,  # no connection, memory or disk left
    "55P03": Busy,  # waited too long for a lock
    "57014": Busy,  # ran too long
    "57P": Away,  # shut down, crashed or just starting
    "58": Away,
}

TRIES = 3
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = (0.02, 0.2)

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def writing(using: str | None = None) -> Iterator[None]:
    """One transaction. What the database refuses is raised as a BookingRefused."""
    # In this order: a broken foreign key or connection may show at the commit only.
    with in_our_words(), transaction.atomic(using=using):
        yield


@contextmanager
def in_our_words() -> Iterator[None]:
    """A database error is raised as the refusal that it means; a bug stays one."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        refusal = refusal_behind(error)
        if refusal is None:
            raise
        logger.warning("%s: %s", refusal.code, str(error).strip())
        raise refusal from error


def persistent(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb that is tried again where PostgreSQL undid its transaction and asks so.

    Three tries in all, within two seconds, and only where the verb's transaction is
    the outermost: inside another one, what was read before would stay as it was.
    Every database error is raised as the BookingRefused that it means.
    """

    @wraps(verb)
    def tried_again(*args: P.args, **kwargs: P.kwargs) -> R:
        tries, deadline = 1, time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with in_our_words():
                    return verb(*args, **kwargs)
            except Conflicted:
                enough = tries == TRIES or time.monotonic() > deadline
                if enough or connection.in_atomic_block:
                    raise
            tries += 1
            logger.warning("%s: try %s of %s", verb.__name__, tries, TRIES)
            time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311

    return tried_again


def refusal_behind(error: BaseException | None) -> type[BookingRefused] | None:
    """What a database error means to the caller; None when it is a bug of ours."""
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    if error is None:
        return None
    if behind := BEHIND_CONSTRAINT.get(error.diag.constraint_name):
        return behind
    if error.sqlstate is None:
        return refusal_without_sqlstate(error)
    lengths = (len(error.sqlstate), 3, 2)
    known = (BEHIND_SQLSTATE.get(error.sqlstate[:length]) for length in lengths)
    return next(filter(None, known), None)


def refusal_without_sqlstate(error: psycopg.Error) -> type[BookingRefused] | None:
    """The client's library itself gave up, before the server could say anything."""
    if isinstance(error, psycopg.DataError):
        return Unstorable
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return Away
    return None
