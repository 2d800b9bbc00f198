"""Was every answer true? All that was answered, against the rows in the end.

Each caller notes what it asked, when it asked, when it was answered and what was
said. A place (a trainer's time, and a member's) is a register that holds one booking
at a time: there must be an order of all that happened, in which each thing happens
between its question and its answer and no two bookings hold a place together.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

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
    Finding,
)

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
BOOK, END, MOVE, SHUT, OPEN = "book", "end", "move", "shut", "open"
LOOK = "look"
ACTIVE = ("scheduled", "confirmed")


class Slot(NamedTuple):
    trainer: int
    day: str
    start: str


@dataclass(frozen=True)
class Attempt:
    """One request and its answer. Times are seconds on one clock.

    Who shuts and opens names the time that is raced for; an empty day and start mean
    the trainer as a whole.
    """

    client: int
    act: str
    slot: Slot
    invoked: float
    returned: float
    outcome: str
    key: str = ""
    session: int | None = None
    status: int | None = None
    code: str = ""
    body: bytes = b""
    replayed: bool = False
    retry_after: bool = False

    @property
    def wish(self) -> tuple[int, str]:
        return self.client, self.key

    def booked_id(self) -> int | None:
        """The session's id, where the answer gives it."""
        if self.status != 201:
            return None
        return json.loads(self.body)["session"]["id"]


@dataclass(frozen=True)
class Row:
    """A session as the database has it in the end."""

    id: int
    client: int
    slot: Slot
    status: str


@dataclass
class Records:
    rows: dict[int, Row]
    keys: dict[tuple[int, str], int | None]
    """Which session each member's key booked."""


class Span(NamedTuple):
    """Something happened, at some moment from `earliest` to `latest`."""

    earliest: float
    latest: float


NEVER = Span(inf, inf)


class Stay(NamedTuple):
    """One booking in one place, from a moment in `begins` until one in `ends`."""

    session: int
    client: int
    slot: Slot
    begins: Span
    ends: Span

    def may_meet(self, attempt: Attempt) -> bool:
        begun = self.begins.earliest < attempt.returned
        return begun and self.ends.latest > attempt.invoked


@dataclass
class Account:
    """The history and the records, put in relation once."""

    attempts: list[Attempt]
    records: Records
    stays: list[Stay] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bookings = [a for a in self.attempts if a.act == BOOK]
        self.by_wish: dict[tuple[int, str], list[Attempt]] = defaultdict(list)
        for attempt in self.bookings:
            if attempt.key:
                self.by_wish[attempt.wish].append(attempt)
        self.changes: dict[int, list[Attempt]] = defaultdict(list)
        for attempt in sorted(self.attempts, key=lambda a: a.invoked):
            if attempt.act in (END, MOVE) and attempt.outcome != REFUSED:
                self.changes[attempt.session or 0].append(attempt)
        self.asked_for = self._bookings_by_session()
        for row in self.records.rows.values():
            if row.id in self.asked_for:
                self.stays.extend(self._stays_of(row))

    def _bookings_by_session(self) -> dict[int, list[Attempt]]:
        """Who asked for each row: by key, by the answer, or else by the place."""
        asked: dict[int, list[Attempt]] = defaultdict(list)
        keyless_unknown = defaultdict(list)
        for attempt in self.bookings:
            booked = self.records.keys.get(attempt.wish) or attempt.booked_id()
            if attempt.outcome == REFUSED:
                continue
            if booked:
                asked[booked].append(attempt)
            elif not attempt.key:
                keyless_unknown[attempt.client, attempt.slot].append(attempt)
        for row in self.records.rows.values():
            if row.id not in asked and (row.client, row.slot) in keyless_unknown:
                asked[row.id] = keyless_unknown[row.client, row.slot]
        return asked

    def _stays_of(self, row: Row) -> Iterator[Stay]:
        asked = self.asked_for[row.id]
        answered = [a.returned for a in asked if a.outcome == OK]
        begins = Span(min(a.invoked for a in asked), min(answered, default=inf))
        slot, ends = asked[0].slot, NEVER
        moves, ended = self.moves_of(row), self.ends_of(row)
        for move in moves:
            when = Span(move.invoked, move.returned)
            yield Stay(row.id, row.client, slot, begins, when)
            slot, begins = move.slot, when
        if row.status not in ACTIVE:
            answered = [a.returned for a in ended if a.outcome == OK]
            asked_at = min((a.invoked for a in ended), default=begins.earliest)
            ends = Span(asked_at, min(answered, default=inf))
        yield Stay(row.id, row.client, slot, begins, ends)

    def ends_of(self, row: Row) -> list[Attempt]:
        return [a for a in self.changes[row.id] if a.act == END]

    def moves_of(self, row: Row) -> list[Attempt]:
        """Those that took place: of an unknown one the row itself tells."""
        return [
            a
            for a in self.changes[row.id]
            if a.act == MOVE and (a.outcome == OK or a.slot == row.slot)
        ]


def judge(attempts: Iterable[Attempt], records: Records) -> list[Finding]:
    """Everything that is not as it was answered; empty when all is well."""
    account = Account(list(attempts), records)
    return [finding for check in CHECKS for finding in check(account)]


def confirmed_bookings_are_there(account: Account) -> Iterator[Finding]:
    for attempt in account.bookings:
        if attempt.outcome != OK:
            continue
        by_key = account.records.keys.get(attempt.wish) if attempt.key else None
        by_answer = attempt.booked_id()
        booked = by_answer or by_key
        if booked not in account.records.rows:
            yield Finding(LOST, f"{attempt}")
        elif attempt.key and by_key != booked:
            yield Finding(LOST, f"the key of {attempt} leads to {by_key}")
        elif account.records.rows[booked].client != attempt.client:
            yield Finding(LOST, f"{attempt}: it is somebody else's")


def refused_attempts_left_nothing(account: Account) -> Iterator[Finding]:
    """The last answer to a key decides: the first may have been lost on its way."""
    for wish, attempts in account.by_wish.items():
        last = max(attempts, key=lambda a: a.returned)
        refused = last.outcome == REFUSED and last.code != "key_reused"
        if refused and wish in account.records.keys:
            yield Finding(LEFT_BEHIND, f"the key of {last}")


def nobody_booked_more_than_asked(account: Account) -> Iterator[Finding]:
    """Each wish, repeated or not, is one row at most; and each row is somebody's."""
    wishes: dict[tuple[int, Slot], set[object]] = defaultdict(set)
    for number, attempt in enumerate(account.bookings):
        if attempt.outcome != REFUSED:
            wishes[attempt.client, attempt.slot].add(attempt.key or number)
    booked: dict[tuple[int, Slot], int] = defaultdict(int)
    for row in account.records.rows.values():
        if row.id not in account.asked_for:
            yield Finding(UNASKED, f"{row}")
            continue
        booked[row.client, account.asked_for[row.id][0].slot] += 1
    for place, count in booked.items():
        if count > len(wishes[place]):
            yield Finding(TWICE, f"{place}: {count} rows")


def repeats_got_the_same_answer(account: Account) -> Iterator[Finding]:
    for attempts in account.by_wish.values():
        confirmed = [a for a in attempts if a.outcome == OK]
        if len({a.body for a in confirmed if a.status == 201}) > 1:
            yield Finding(OTHER_ANSWER, f"{confirmed}")
        if sum(a.status == 201 and not a.replayed for a in confirmed) > 1:
            yield Finding(TWICE, f"{confirmed}")


def confirmed_changes_are_there(account: Account) -> Iterator[Finding]:
    for row in account.records.rows.values():
        ended, moves = account.ends_of(row), account.moves_of(row)
        if row.status in ACTIVE and any(a.outcome == OK for a in ended):
            yield Finding(UNDONE, f"{row} was cancelled")
        if row.status not in ACTIVE and not ended:
            yield Finding(UNASKED, f"nobody ended {row}")
        asked = moves[-1:] or account.asked_for.get(row.id, [])
        if asked and asked[0].slot != row.slot:
            yield Finding(UNDONE, f"{row} ought to be at {asked[0].slot}")


def places_held_one_booking_at_a_time(account: Account) -> Iterator[Finding]:
    for name, place in (("trainer", trainers_time), ("member", members_time)):
        in_place = defaultdict(list)
        for stay in account.stays:
            in_place[place(stay)].append(stay)
        for where, stays in in_place.items():
            if not one_at_a_time(stays):
                yield Finding(DOUBLE, f"{name} {where}: {stays}")


def trainers_time(stay: Stay) -> Slot:
    return stay.slot


def members_time(stay: Stay) -> tuple[int, str, str]:
    return stay.client, stay.slot.day, stay.slot.start


def one_at_a_time(stays: list[Stay], since: float = -inf) -> bool:
    """Whether some order lets each stay end before the next one begins.

    Tried one after the other; who must begin before all others can only come first,
    so there are as many branches as things happened at the same time.
    """
    if not stays:
        return True
    deadline = min(stay.begins.latest for stay in stays)
    for stay in stays:
        begun = max(since, stay.begins.earliest)
        ended = max(begun, stay.ends.earliest)
        if begun > min(deadline, stay.begins.latest) or ended > stay.ends.latest:
            continue
        others = [other for other in stays if other is not stay]
        if (not others or ended < inf) and one_at_a_time(others, ended):
            return True
    return False


def refusals_had_a_reason(account: Account) -> Iterator[Finding]:
    """Who is told "taken" must have met somebody who could have had it just then."""
    at_trainers, at_members = defaultdict(list), defaultdict(list)
    for stay in account.stays:
        at_trainers[trainers_time(stay)].append(stay)
        at_members[members_time(stay)].append(stay)
    shut = Shut(account.attempts)
    for attempt in account.bookings:
        if attempt.outcome != REFUSED or attempt.code == "key_reused":
            continue
        mine = (attempt.client, attempt.slot.day, attempt.slot.start)
        in_the_way = {
            "slot_taken": at_trainers[attempt.slot],
            "client_busy": at_members[mine],
        }.get(attempt.code, [])
        met = any(stay.may_meet(attempt) for stay in in_the_way)
        if not met and not shut.may_refuse(attempt):
            yield Finding(NO_REASON, f"{attempt}")


def nothing_shut_was_booked(account: Account) -> Iterator[Finding]:
    shut = Shut(account.attempts)
    for attempt in account.bookings:
        if attempt.outcome == OK and not attempt.replayed and shut.forbids(attempt):
            yield Finding(PASSED_BY, f"{attempt}")


class Shut:
    """When staff had which slot or trainer shut, as they were told it was."""

    CODES = ("slot_unavailable", "trainer_not_found")

    def __init__(self, attempts: list[Attempt]) -> None:
        self.spans: dict[Slot, list[tuple[Span, Span]]] = defaultdict(list)
        shut_since: dict[Slot, Attempt] = {}
        for attempt in sorted(attempts, key=lambda a: a.invoked):
            if attempt.act == SHUT:
                shut_since[attempt.slot] = attempt
            elif attempt.act == OPEN and attempt.slot in shut_since:
                began = shut_since.pop(attempt.slot)
                self._add(began, Span(attempt.invoked, attempt.returned))
        for attempt in shut_since.values():
            self._add(attempt, NEVER)

    def _add(self, shut: Attempt, ended: Span) -> None:
        began = Span(shut.invoked, shut.returned if shut.outcome == OK else inf)
        self.spans[shut.slot].append((began, ended))

    def _spans_about(self, slot: Slot) -> list[tuple[Span, Span]]:
        return self.spans[slot] + self.spans[Slot(slot.trainer, "", "")]

    def may_refuse(self, attempt: Attempt) -> bool:
        return attempt.code in self.CODES and any(
            began.earliest < attempt.returned and ended.latest > attempt.invoked
            for began, ended in self._spans_about(attempt.slot)
        )

    def forbids(self, attempt: Attempt) -> bool:
        return any(
            began.latest < attempt.invoked and attempt.returned < ended.earliest
            for began, ended in self._spans_about(attempt.slot)
        )


def nothing_is_left_unknown(account: Account) -> Iterator[Finding]:
    for attempts in account.by_wish.values():
        last = max(attempts, key=lambda a: a.returned)
        if last.outcome == UNKNOWN:
            yield Finding(UNSETTLED, f"{last}")


CHECKS = [
    confirmed_bookings_are_there,
    refused_attempts_left_nothing,
    nobody_booked_more_than_asked,
    repeats_got_the_same_answer,
    confirmed_changes_are_there,
    places_held_one_booking_at_a_time,
    refusals_had_a_reason,
    nothing_shut_was_booked,
    nothing_is_left_unknown,
]
