"""One scenario on a gym with an empty book: what happened, and what is wrong."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.stress.client import Browser, Desk, Line, Program, Visitor
from tests.stress.database import count_lines
from tests.stress.findings import (
    BROKEN_PROMISE,
    CONSTRAINT,
    DEADLOCK,
    DOUBLE,
    LOST,
    SERVER_ERROR,
    TWICE,
    Finding,
)
from tests.stress.gym import Gym, Member
from tests.stress.history import (
    BOOK,
    OK,
    REFUSED,
    UNKNOWN,
    Attempt,
    Span,
    judge,
)
from tests.stress.size import SEED
from tests.stress.watch import Watch

# An answer 503 may still be on its way for so long after the first booking again.
LATE_SECONDS = 0.5
SETTLE_SECONDS = 30


class Fault(NamedTuple):
    """Something was broken on purpose: from when, until when."""

    began: float
    over: float
    since: float
    """From when on the seconds until the next booking count: mostly its beginning."""


@dataclass
class Trial:
    gym: Gym
    history: list[Attempt] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)

    def members(self, count: int) -> list[Program]:
        """The first so many members' programs."""
        people = self.gym.people.members[:count]
        return [Program(person, self.line(), self.history) for person in people]

    def browser(self, member: Member) -> Browser:
        """Of somebody who is signed in; each call is another window."""
        cookies = dict(self.gym.cookies[member.id])
        return Browser(member.id, self.line(), self.history, cookies)

    def desk(self, number: int) -> Desk:
        """One of two members of staff: of the front desk, or the administrator."""
        staff = self.gym.people.staff[number]
        cookies = dict(self.gym.cookies[staff])
        return Desk(staff, self.line(), self.history, cookies)

    def visitor(self) -> Visitor:
        return Visitor(self.line(), self.history)

    def line(self, port: int = 0) -> Line:
        """To the site, or to another port; hung up at the end of the trial."""
        line = Line(port or self.gym.port)
        self.closing.callback(line.hang_up)
        return line

    def expect(self, condition: bool, check: str, detail: object = "") -> None:
        if not condition:
            self.findings.append(Finding(check, str(detail)))

    @contextmanager
    def breaking(self, *, lasting: bool = False) -> Iterator[None]:
        """Around what breaks something: 503 is forgiven until the site recovers.

        Nobody can be served while something is broken for a time, `lasting`.
        """
        began = time.monotonic()
        yield
        over = time.monotonic()
        self.faults.append(Fault(began, over, over if lasting else began))

    def wait_for_a_booking(self, seconds: float = 30) -> None:
        """Until somebody who asked after the last fault has been served."""
        since, deadline = self.faults[-1].over, time.monotonic() + seconds
        while not any(is_served(a, since) for a in self.history[-1000:]):
            assert time.monotonic() < deadline, f"nobody served for {seconds} seconds"
            time.sleep(0.01)

    def settle(self) -> None:
        """Who was not answered asks again with the same key, until there is one."""
        deadline = time.monotonic() + SETTLE_SECONDS
        programs = {p.member.id: p for p in self.members(len(self.gym.people.members))}
        for attempt in without_an_end(self.history):
            while attempt.outcome == UNKNOWN and time.monotonic() < deadline:
                attempt = programs[attempt.client].book(attempt.slot, attempt.key)

    def recoveries(self) -> list[float]:
        """Seconds from each fault to the answer of a booking asked after it."""
        now = time.monotonic()
        found = []
        for fault in self.faults:
            served = (a.returned for a in self.history if is_served(a, fault.over))
            found.append(min(served, default=now) - fault.since)
        return found


def is_served(attempt: Attempt, since: float) -> bool:
    return attempt.act == BOOK and attempt.outcome == OK and attempt.invoked >= since


def without_an_end(history: list[Attempt]) -> list[Attempt]:
    """The last attempt of each key, where nobody knows what became of it."""
    last = {a.wish: a for a in history if a.act == BOOK and a.key}
    return [attempt for attempt in last.values() if attempt.outcome == UNKNOWN]


@contextmanager
def trial(gym: Gym) -> Iterator[Trial]:
    """Begins with an empty book and ends with every answer and every row judged."""
    gym.database.wipe()
    counts = Counts(gym)
    held = Trial(gym)
    with held.closing, Watch(gym.database) as watch:
        yield held
        gym.database.wait_until_up()
        held.settle()
    held.findings += judge(held.history, gym.database.records())
    held.findings += unforgiven_errors(held)
    for promise in gym.database.broken_promises():
        held.expect(False, BROKEN_PROMISE, promise)
    counted = counts.since()
    held.expect(not counted["deadlocks"], DEADLOCK, counted)
    held.expect(not counted["constraints"], CONSTRAINT, counted)
    held.figures = {
        "seed": SEED,
        **figures_of(held),
        **counted,
        "at_once": watch.most_at_once,
        "lock_waits": watch.lock_waits,
    }


def unforgiven_errors(held: Trial) -> Iterator[Finding]:
    """Only while something is broken: no answer at all, or 503 with Retry-After."""
    away = [
        Span(fault.began, fault.since + took + LATE_SECONDS)
        for fault, took in zip(held.faults, held.recoveries(), strict=True)
    ]
    for attempt in held.history:
        if attempt.status is not None and attempt.status < 500:
            continue
        as_announced = attempt.status is None or (
            attempt.status == 503 and attempt.retry_after
        )
        if not as_announced or not any(is_during(attempt, span) for span in away):
            yield Finding(SERVER_ERROR, str(attempt))


def is_during(attempt: Attempt, span: Span) -> bool:
    return attempt.invoked <= span.latest and attempt.returned >= span.earliest


class Counts:
    """What PostgreSQL and the site count by themselves, from now on."""

    def __init__(self, gym: Gym) -> None:
        self.gym = gym
        self.deadlocks = gym.database.deadlocks()
        self.positions = [end_of(path) for path in (gym.database.log, gym.log)]

    def since(self) -> dict[str, int]:
        """A crash sets the count of deadlocks back to nothing; the log remembers."""
        logs = (self.gym.database.log, self.gym.log)
        servers, sites = map(read_from, logs, self.positions)
        counted = self.gym.database.deadlocks() - self.deadlocks
        logged = count_lines(servers, "ERROR:  deadlock detected")
        return {
            "deadlocks": max(counted, logged),
            "constraints": count_lines(servers, "ERROR: .* exclusion constraint"),
            "retries": count_lines(sites, r": try \d of \d"),
        }


def figures_of(held: Trial) -> dict[str, Any]:
    bookings = [a for a in held.history if a.act == BOOK and a.status != 503]
    wanted_by = defaultdict(set)
    for attempt in bookings:
        wanted_by[attempt.slot].add(attempt.client)
    outcomes = Counter(a.outcome for a in held.history)
    checks = Counter(finding.check for finding in held.findings)
    return {
        "attempts": len(held.history),
        "contended": sum(len(wanted_by[a.slot]) > 1 for a in bookings),
        "rounds": sum(len(people) > 1 for people in wanted_by.values()),
        "ok": outcomes[OK],
        "refused": outcomes[REFUSED],
        "unknown": outcomes[UNKNOWN],
        "double": checks[DOUBLE] + checks[TWICE],
        "lost": checks[LOST],
        "errors": checks[SERVER_ERROR],
        "recoveries": held.recoveries(),
        # While nothing is broken: what a member waits in a crowd.
        "milliseconds": []
        if held.faults
        else [(a.returned - a.invoked) * 1000 for a in bookings],
    }


def end_of(path: Path) -> int:
    return path.stat().st_size


def read_from(path: Path, position: int) -> str:
    with path.open("rb") as lines:
        lines.seek(position)
        return lines.read().decode(errors="replace")
