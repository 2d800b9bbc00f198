"""The checker itself: true histories pass, each forged one is seen through."""

import json

import pytest

from tests.stress.findings import (
    DOUBLE,
    LEFT_BEHIND,
    LOST,
    NO_REASON,
    OTHER_ANSWER,
    PASSED_BY,
    TWICE,
    UNASKED,
    UNDONE,
    UNSETTLED,
)
from tests.stress.history import (
    BOOK,
    END,
    MOVE,
    OK,
    OPEN,
    REFUSED,
    SHUT,
    UNKNOWN,
    Attempt,
    Records,
    Row,
    Slot,
    judge,
)

MAYA, OMAR, DESK = 1, 2, 3
ANA, BRUNO = 10, 11
NINE = Slot(ANA, "2026-12-10", "09:00")
TEN = Slot(ANA, "2026-12-10", "10:00")
NINE_WITH_BRUNO = Slot(BRUNO, "2026-12-10", "09:00")


def booked(client, pk, at, *, slot=NINE, key=None, body=None, **more):
    answer = body or json.dumps({"session": {"id": pk}}).encode()
    key = f"key {pk}" if key is None else key
    return Attempt(
        client, BOOK, slot, *at, OK, key=key, status=201, body=answer, **more
    )


def refused(client, at, code="slot_taken", *, slot=NINE, key="another", status=409):
    return Attempt(client, BOOK, slot, *at, REFUSED, key=key, status=status, code=code)


def unanswered(client, at, key, *, slot=NINE):
    return Attempt(client, BOOK, slot, *at, UNKNOWN, key=key)


def cancelled(client, pk, at, outcome=OK):
    return Attempt(client, END, NINE, *at, outcome, session=pk, status=302)


def moved(client, pk, at, to, outcome=OK):
    return Attempt(client, MOVE, to, *at, outcome, session=pk, status=302)


def shut(at, slot=NINE):
    return Attempt(DESK, SHUT, slot, *at, OK, status=302)


def opened(at, slot=NINE):
    return Attempt(DESK, OPEN, slot, *at, OK, status=302)


def kept(*rows, keys=None):
    own_keys = {(row.client, f"key {row.id}"): row.id for row in rows}
    return Records({row.id: row for row in rows}, own_keys if keys is None else keys)


def standing(pk, client, slot=NINE):
    return Row(pk, client, slot, "scheduled")


def ended(pk, client, slot=NINE):
    return Row(pk, client, slot, "cancelled")


NOTHING = kept()
MAYAS = kept(standing(1, MAYA))

TRUE = {
    "one books, one is refused": (
        [booked(MAYA, 1, (0, 2)), refused(OMAR, (1, 3))],
        MAYAS,
    ),
    "refused before the winner heard of it": (
        [booked(MAYA, 1, (0, 9)), refused(OMAR, (1, 2))],
        MAYAS,
    ),
    "an answer was lost, the repeat gets it": (
        [unanswered(MAYA, (0, 1), "key 1"), booked(MAYA, 1, (2, 3), replayed=True)],
        MAYAS,
    ),
    "an attempt was lost before it arrived, and another came first": (
        [
            unanswered(OMAR, (0, 1), "lost"),
            booked(MAYA, 1, (2, 3)),
            refused(OMAR, (4, 5), key="lost"),
        ],
        MAYAS,
    ),
    "booked again after it was cancelled": (
        [
            booked(MAYA, 1, (0, 1)),
            cancelled(MAYA, 1, (2, 5)),
            booked(OMAR, 2, (3, 4)),
        ],
        kept(ended(1, MAYA), standing(2, OMAR)),
    ),
    "cancelled, and the answer was lost": (
        [
            booked(MAYA, 1, (0, 1)),
            cancelled(MAYA, 1, (2, 3), UNKNOWN),
            booked(OMAR, 2, (4, 5)),
        ],
        kept(ended(1, MAYA), standing(2, OMAR)),
    ),
    "moved away, and the time was taken": (
        [
            booked(MAYA, 1, (0, 1)),
            moved(DESK, 1, (2, 5), TEN),
            booked(OMAR, 2, (3, 4)),
            refused(OMAR, (6, 7), slot=TEN),
        ],
        kept(standing(1, MAYA, TEN), standing(2, OMAR)),
    ),
    "two move into each other's places, one after the other": (
        [
            booked(MAYA, 1, (0, 1)),
            booked(OMAR, 2, (0, 1), slot=TEN),
            moved(DESK, 1, (2, 3), NINE_WITH_BRUNO),
            moved(DESK, 2, (2, 4), NINE),
        ],
        kept(standing(1, MAYA, NINE_WITH_BRUNO), standing(2, OMAR)),
    ),
    "staff shut the time while it is asked for": (
        [shut((0, 2)), refused(OMAR, (1, 3), "slot_unavailable"), opened((4, 5))],
        NOTHING,
    ),
    "booked just before staff shut the time": (
        [shut((0, 2)), booked(MAYA, 1, (1, 3))],
        MAYAS,
    ),
    "the member is busy elsewhere": (
        [
            booked(MAYA, 1, (0, 1)),
            refused(MAYA, (0, 1), "client_busy", slot=NINE_WITH_BRUNO),
        ],
        MAYAS,
    ),
    "without a key, by its answer": (
        [booked(MAYA, 1, (0, 1), key="")],
        kept(standing(1, MAYA), keys={}),
    ),
}

FORGED = {
    "confirmed, and not there": ([booked(MAYA, 1, (0, 1))], NOTHING, LOST),
    "confirmed, and somebody else has it": (
        [booked(MAYA, 1, (0, 1))],
        kept(standing(1, OMAR), keys={(MAYA, "key 1"): 1}),
        LOST,
    ),
    "confirmed, and its key is forgotten": (
        [booked(MAYA, 1, (0, 1))],
        kept(standing(1, MAYA), keys={}),
        LOST,
    ),
    "refused, and booked all the same": (
        [booked(MAYA, 1, (0, 1)), refused(OMAR, (0, 1), key="key 2")],
        kept(standing(1, MAYA), standing(2, OMAR, TEN)),
        LEFT_BEHIND,
    ),
    "refused, and its key stays": (
        [booked(MAYA, 1, (0, 1)), refused(OMAR, (0, 1), key="mine")],
        kept(standing(1, MAYA), keys={(MAYA, "key 1"): 1, (OMAR, "mine"): None}),
        LEFT_BEHIND,
    ),
    "two at once": (
        [booked(MAYA, 1, (0, 2)), booked(OMAR, 2, (1, 3))],
        kept(standing(1, MAYA), standing(2, OMAR)),
        DOUBLE,
    ),
    "two at once, one of them unanswered": (
        [booked(MAYA, 1, (0, 2)), unanswered(OMAR, (1, 3), "key 2")],
        kept(standing(1, MAYA), standing(2, OMAR)),
        DOUBLE,
    ),
    "booked before the other cancelled": (
        [
            booked(MAYA, 1, (0, 1)),
            booked(OMAR, 2, (2, 3)),
            cancelled(MAYA, 1, (4, 5)),
        ],
        kept(ended(1, MAYA), standing(2, OMAR)),
        DOUBLE,
    ),
    "moved to where somebody is": (
        [
            booked(MAYA, 1, (0, 1)),
            booked(OMAR, 2, (0, 1), slot=TEN),
            moved(DESK, 2, (2, 3), NINE),
        ],
        kept(standing(1, MAYA), standing(2, OMAR)),
        DOUBLE,
    ),
    "one member in two places": (
        [booked(MAYA, 1, (0, 1)), booked(MAYA, 2, (2, 3), slot=NINE_WITH_BRUNO)],
        kept(standing(1, MAYA), standing(2, MAYA, NINE_WITH_BRUNO)),
        DOUBLE,
    ),
    "one request, two rows": (
        [unanswered(MAYA, (0, 1), "key 1"), booked(MAYA, 2, (2, 3), key="key 1")],
        kept(
            standing(1, MAYA),
            standing(2, MAYA),
            keys={(MAYA, "key 1"): 2},
        ),
        UNASKED,
    ),
    "one wish without a key, two rows": (
        [
            Attempt(MAYA, BOOK, NINE, 0, 1, UNKNOWN),
            cancelled(MAYA, 1, (2, 3)),
        ],
        kept(ended(1, MAYA), standing(2, MAYA), keys={}),
        TWICE,
    ),
    "two answers to one key, neither a repeat": (
        [booked(MAYA, 1, (0, 1)), booked(MAYA, 1, (0, 1))],
        MAYAS,
        TWICE,
    ),
    "the repeat says something else": (
        [
            booked(MAYA, 1, (0, 1)),
            booked(
                MAYA,
                1,
                (2, 3),
                replayed=True,
                body=b'{"session": {"id": 1, "status": "cancelled"}}',
            ),
        ],
        MAYAS,
        OTHER_ANSWER,
    ),
    "nobody wins": ([refused(OMAR, (0, 1)), refused(MAYA, (0, 1))], NOTHING, NO_REASON),
    "taken, long after it was free again": (
        [
            booked(MAYA, 1, (0, 1)),
            cancelled(MAYA, 1, (2, 3)),
            refused(OMAR, (4, 5)),
        ],
        kept(ended(1, MAYA)),
        NO_REASON,
    ),
    "taken, by oneself alone": (
        [unanswered(MAYA, (0, 1), "lost"), refused(MAYA, (2, 3), key="lost")],
        NOTHING,
        NO_REASON,
    ),
    "busy, with nothing": (
        [booked(OMAR, 1, (0, 1)), refused(MAYA, (0, 1), "client_busy")],
        kept(standing(1, OMAR)),
        NO_REASON,
    ),
    "shut, before anybody shut it": (
        [refused(MAYA, (0, 1), "slot_unavailable"), shut((2, 3))],
        NOTHING,
        NO_REASON,
    ),
    "invalid, though it was not": (
        [refused(MAYA, (0, 1), "invalid", status=422)],
        NOTHING,
        NO_REASON,
    ),
    "booked while it was shut": (
        [shut((0, 1)), booked(MAYA, 1, (2, 3)), opened((4, 5))],
        MAYAS,
        PASSED_BY,
    ),
    "booked with a trainer who had left": (
        [shut((0, 1), Slot(ANA, "", "")), booked(MAYA, 1, (2, 3))],
        MAYAS,
        PASSED_BY,
    ),
    "cancelled, and it still stands": (
        [booked(MAYA, 1, (0, 1)), cancelled(MAYA, 1, (2, 3))],
        MAYAS,
        UNDONE,
    ),
    "moved, and it is where it was": (
        [booked(MAYA, 1, (0, 1)), moved(DESK, 1, (2, 3), TEN)],
        MAYAS,
        UNDONE,
    ),
    "not moved, and it is elsewhere": (
        [booked(MAYA, 1, (0, 1))],
        kept(standing(1, MAYA, TEN)),
        UNDONE,
    ),
    "ended by nobody": ([booked(MAYA, 1, (0, 1))], kept(ended(1, MAYA)), UNASKED),
    "from nowhere": ([], MAYAS, UNASKED),
    "nobody asked how it ended": (
        [unanswered(MAYA, (0, 1), "key 1")],
        NOTHING,
        UNSETTLED,
    ),
}


@pytest.mark.parametrize(("attempts", "records"), TRUE.values(), ids=TRUE)
def test_a_true_history_passes(attempts, records):
    assert judge(attempts, records) == []


@pytest.mark.parametrize(("attempts", "records", "check"), FORGED.values(), ids=FORGED)
def test_a_forged_history_is_seen_through(attempts, records, check):
    assert check in {finding.check for finding in judge(attempts, records)}


def test_a_hundred_bookings_one_after_the_other_are_judged_at_once():
    attempts, rows = [], []
    for number in range(1, 101):
        attempts.append(booked(MAYA, number, (number, number + 0.6)))
        attempts.append(cancelled(MAYA, number, (number + 0.5, number + 1.2)))
        rows.append(ended(number, MAYA))
    assert judge(attempts, kept(*rows)) == []
