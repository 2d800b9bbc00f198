"""The database fails at each statement of each verb: all of it is done, or nothing."""

from datetime import time
from itertools import product

import pytest
from django.db import connection, transaction
from psycopg import errors

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reopen_session,
    reschedule_session,
)
from bookings.domain.idempotency import book_once
from bookings.exceptions import BookingRefused, Conflicted
from bookings.models import BookingEvent, IdempotencyKey, TrainingSession
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import book
from trainers.models import TrainerSchedule

# What PostgreSQL may answer to any statement, and what the caller is told.
CAUSES = {
    "22001": (422, "invalid"),
    "23503": (409, "session_moved"),
    "23514": (422, "invalid"),
    "25006": (503, "unavailable"),
    "40001": (503, "busy"),
    "40P01": (503, "busy"),
    "53300": (503, "unavailable"),
    "55P03": (503, "busy"),
    "57014": (503, "busy"),
    "57P01": (503, "unavailable"),
    "08006": (503, "unavailable"),
}
# One of each answer: which it is does not depend on the verb.
ONE_OF_EACH = ("22001", "23503", "25006", "55P03")


class Fault:
    """Inside its block, the statement at `position` fails, the first `times` times.

    Or the one that holds the words `at`, wherever it stands.
    """

    def __init__(self, position=None, sqlstate="", times=1, at=None):
        self.position, self.sqlstate, self.left = position, sqlstate, times
        self.at = at
        self.statements = []

    def __call__(self, execute, sql, params, many, context):
        self.statements.append(sql)
        here = self.position is not None and len(self.statements) > self.position
        here = here or (self.at is not None and self.at in sql)
        if here and self.left and not sql.startswith("ROLLBACK"):
            self.left -= 1
            cause = errors.lookup(self.sqlstate)("as a test has it")
            with connection.wrap_database_errors:
                raise cause
        return execute(sql, params, many, context)

    def __enter__(self):
        self.watching = connection.execute_wrapper(self)
        self.watching.__enter__()
        return self

    def __exit__(self, *exc):
        self.watching.__exit__(*exc)


def everything():
    """All that a verb may write."""
    tables = [TrainingSession, TrainerSchedule, BookingEvent, IdempotencyKey]
    return {table: list(table.objects.order_by("pk").values()) for table in tables}


def move(session):
    return reschedule_session(
        session,
        trainer_id=session.trainer_id,
        session_date=NEXT_THURSDAY,
        start_time=time(11),
        end_time=time(12),
        by=session.client,
        now=NOW,
    )


def cancelled(session):
    return cancel_session(session, by=session.client, now=NOW)


def unchanged(session):
    return session


def once(session, key):
    return book_once(
        session.client,
        key=key,
        trainer_id=session.trainer_id,
        session_date=NEXT_THURSDAY,
        start_time=time(9),
        end_time=time(10),
        now=NOW,
    )


# Each verb: what comes before it, and itself.
VERBS = {
    "book": (
        unchanged,
        lambda s: book(s.client, s.trainer, NEXT_THURSDAY, 9, now=NOW),
    ),
    "book once": (unchanged, lambda s: once(s, key="k")),
    "book once, without a key": (unchanged, lambda s: once(s, key="")),
    "reschedule": (unchanged, move),
    "confirm": (unchanged, lambda s: confirm_session(s, by=s.client, now=NOW)),
    "cancel": (unchanged, cancelled),
    "complete": (unchanged, lambda s: complete_session(s, by=s.client, now=s.starts)),
    "no-show": (unchanged, lambda s: mark_no_show(s, by=s.client, now=s.starts)),
    "reopen": (cancelled, lambda s: reopen_session(s, by=s.client, now=NOW)),
}
every_verb = pytest.mark.parametrize(("before", "verb"), VERBS.values(), ids=VERBS)


def fresh(session):
    people = TrainingSession.objects.select_related("client", "trainer")
    return people.get(pk=session.pk)


def statements_of(verb, session):
    """How many statements it takes; afterwards it is as if it had not been done."""
    again = fresh(session)
    with transaction.atomic(), Fault() as watched:
        verb(again)
        transaction.set_rollback(True)
    return len(watched.statements)


@every_verb
def test_a_failed_statement_undoes_all_and_has_its_answer(ana, maya, before, verb):
    session = before(book(maya, ana, THURSDAY, 9, now=NOW))
    as_it_was = everything()
    count = statements_of(verb, session)
    assert count > 5

    causes = CAUSES if verb is VERBS["book once"][1] else ONE_OF_EACH
    for sqlstate, position in product(causes, range(count)):
        again = fresh(session)
        with Fault(position, sqlstate) as fault, pytest.raises(BookingRefused) as e:
            verb(again)
        where = f"{sqlstate} at {fault.statements[position]}"
        assert (e.value.status, e.value.code) == CAUSES[sqlstate], where
        assert everything() == as_it_was, where


@pytest.mark.django_db(transaction=True)
@every_verb
def test_what_postgresql_undid_is_done_once(ana, maya, before, verb, caplog):
    """At whichever statement it undoes the verb, the second try does all of it."""
    session = before(book(maya, ana, THURSDAY, 9, now=NOW))
    events = BookingEvent.objects.count()
    middle = statements_of(verb, session) // 2

    with Fault(middle, "40P01") as fault:
        verb(fresh(session))

    assert not fault.left
    assert BookingEvent.objects.count() == events + 1
    assert "try 2 of 3" in caplog.text


@pytest.mark.django_db(transaction=True)
@every_verb
def test_after_three_tries_it_says_so(ana, maya, before, verb, caplog):
    session = before(book(maya, ana, THURSDAY, 9, now=NOW))
    as_it_was = everything()
    middle = statements_of(verb, session) // 2

    with Fault(middle, "40001", times=99), pytest.raises(Conflicted):
        verb(fresh(session))

    tries = [message for message in caplog.messages if " try " in message]
    assert [message[-10:] for message in tries] == ["try 2 of 3", "try 3 of 3"]
    assert everything() == as_it_was


def test_inside_another_transaction_nothing_is_tried_again(ana, maya, caplog):
    """What was read before it would stay as it was."""
    with Fault(5, "40001"), pytest.raises(Conflicted):
        book(maya, ana, THURSDAY, 9, now=NOW)
    assert "try" not in caplog.text


PLAIN = {
    "save": lambda s: s.save(),
    "delete": lambda s: s.delete(),
    "delete many": lambda s: TrainingSession.objects.filter(pk=s.pk).delete(),
}


@pytest.mark.parametrize("write", PLAIN.values(), ids=PLAIN)
def test_plain_writes_have_the_same_answers(ana, maya, write):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    as_it_was = everything()
    count = statements_of(write, session)
    for sqlstate, position in product(ONE_OF_EACH, range(count)):
        again = fresh(session)
        with Fault(position, sqlstate), pytest.raises(BookingRefused) as refusal:
            write(again)
        told = refusal.value.status, refusal.value.code
        assert told == CAUSES[sqlstate]
        assert everything() == as_it_was
