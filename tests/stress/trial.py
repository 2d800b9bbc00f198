"""One scenario on a gym with an empty book: what happened, and what is wrong with it."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stress.client import Program
from tests.stress.database import count_lines
from tests.stress.gym import Gym
from tests.stress.history import (
    BOOK,
    DOUBLE,
    LOST,
    OK,
    REFUSED,
    TWICE,
    UNKNOWN,
    Attempt,
    Finding,
    Span,
    judge,
)
from tests.stress.watch import Watch

PROMISE = "a promise about the database is broken"
SERVER_ERROR = "an answer that is nobody's fault but ours"
DEADLOCK = "a deadlock"
CONSTRAINT = "only the constraint stood between two bookings"
NO_CONTENTION = "nobody met anybody, so this shows nothing"
OTHERWISE = "it ought to have ended otherwise"

# An answer 503 may still be on its way for so long after the first booking again.
LATE_SECONDS = 0.5
SETTLE_SECONDS = 30


@dataclass
class Trial:
    gym: Gym
    history: list[Attempt] = field(default_factory=list)
    faults: list[Span] = field(default_factory=list)
    """What was broken on purpose: since when, until when."""
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)

    def members(self, count: int) -> list[Program]:
        """The first so many members' programs."""
        people = self.gym.people.members[:count]
        programs = [Program(each, self.gym.port, self.history) for each in people]
        for program in programs:
            self.closing.callback(program.line.hang_up)
        return programs

    def expect(self, condition: bool, check: str, detail: object = "") -> None:
        if not condition:
            self.findings.append(Finding(check, str(detail)))

    @contextmanager
    def breaking(self) -> Iterator[None]:
        """Around what breaks something: 503 is forgiven until the site recovers."""
        began = time.monotonic()
        yield
        self.faults.append(Span(began, time.monotonic()))

    def wait_for_a_booking(self, seconds: float = 30) -> None:
        """Until somebody who asked after the last fault has been served."""
        since, deadline = self.faults[-1].latest, time.monotonic() + seconds
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
        """Seconds from each fault's end to the answer of a booking asked after it."""
        now = time.monotonic()
        found = []
        for fault in self.faults:
            served = (a.returned for a in self.history if is_served(a, fault.latest))
            found.append(min(served, default=now) - fault.latest)
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
        held.expect(False, PROMISE, promise)
    counted = counts.since()
    held.expect(not counted["deadlocks"], DEADLOCK, counted)
    held.expect(not counted["constraints"], CONSTRAINT, counted)
    held.figures = {
        **figures_of(held),
        **counted,
        "at_once": watch.most_at_once,
        "lock_waits": watch.lock_waits,
    }


def unforgiven_errors(held: Trial) -> Iterator[Finding]:
    """Nothing but 503 with Retry-After, and that only while something is broken."""
    away = [
        Span(fault.earliest, fault.latest + took + LATE_SECONDS)
        for fault, took in zip(held.faults, held.recoveries(), strict=True)
    ]
    for attempt in held.history:
        if attempt.status is None or attempt.status < 500:
            continue
        in_time = any(
            attempt.invoked <= span.latest and attempt.returned >= span.earliest
            for span in away
        )
        if attempt.status != 503 or not attempt.retry_after or not in_time:
            yield Finding(SERVER_ERROR, str(attempt))


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
    bookings = [a for a in held.history if a.act == BOOK]
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
