"""Many members at one slot of a running site: who is told what, and what is stored.

The people, their tokens and their trainer are the proof's own, and go when it ends.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import accumulate
from threading import Barrier
from typing import Any, Self
from urllib.parse import SplitResult

from django.db import connection
from django.db.models import Q, QuerySet

from bookings.gym import gym_settings
from bookings.models import TrainingSession
from finova.accounts.models import ApiToken, User
from trainers.clock import at_gym
from trainers.models import DatedSlot, SessionType, Trainer
from trainers.slots import dated_slots

# No mail can ever reach `.invalid`; it tells the proof's people from all others.
DOMAIN = "@proof.invalid"

BOOK = "/api/members/book-training-session"
SCHEDULE = "/api/members/trainers/{}/schedule/{}"
PATIENCE_SECONDS = 60

BOOKED = "201"
TAKEN = "409 slot_taken"
# Who has won that day already is refused by the gym's rules, should they come first.
AT_LIMIT = "409 limit"
REFUSED = (TAKEN, AT_LIMIT)


# --- the people ------------------------------------------------------------------


def make_trainer() -> Trainer:
    account = User.objects.create_user(f"trainer{DOMAIN}")
    name = "Proof of no double booking"
    return Trainer.objects.create(name=name, user=account, hourly_rate=60)


def make_members(count: int) -> list[User]:
    return [
        User.objects.create_user(f"member{n}{DOMAIN}", name=f"Proof member {n}")
        for n in range(1, count + 1)
    ]


def proofs_people() -> QuerySet[User]:
    return User.objects.filter(email__endswith=DOMAIN)


def proofs_trainers() -> QuerySet[Trainer]:
    return Trainer.objects.filter(user__email__endswith=DOMAIN)


def sessions_of_others() -> QuerySet[TrainingSession]:
    return TrainingSession.objects.exclude(client__in=proofs_people())


def clear_away() -> None:
    """Remove all that a proof has made: this one, and one that was killed.

    The people lose their access first. A booking that is still under way holds its
    member's lock, so it is either done by then or will be refused.
    """
    proofs_people().update(is_active=False)
    sessions = TrainingSession.objects.filter(
        Q(trainer__in=proofs_trainers()) | Q(client__in=proofs_people())
    )
    with connection.cursor() as cursor:
        # The history has no other way to lose a line; this one was never a gym's.
        cursor.execute(
            "DELETE FROM booking_events WHERE session_id = ANY (%s)",
            [list(sessions.values_list("pk", flat=True))],
        )
    sessions.delete()
    proofs_trainers().delete()
    proofs_people().delete()


# --- the race ----------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """A member's request for a slot and its answer: BOOKED, TAKEN or another.

    `sent` and `answered` are seconds on one clock.
    """

    member: User
    answer: str
    session_id: int | None
    sent: float
    answered: float

    @property
    def seconds(self) -> float:
        return self.answered - self.sent


@dataclass(frozen=True)
class Round:
    """Everybody's attempt at one slot."""

    slot: DatedSlot
    attempts: Sequence[Attempt]

    @property
    def winners(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.answer == BOOKED]

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        first = min(attempt.sent for attempt in self.attempts)
        return max(attempt.answered for attempt in self.attempts) - first


class Racer:
    """A member whose connection to the site stays open from round to round."""

    def __init__(self, site: SplitResult, member: User) -> None:
        self.member = member
        self.token = ApiToken.objects.issue(member, name="proof")[1]
        self.folder = site.path.rstrip("/")
        kind = HTTPSConnection if site.scheme == "https" else HTTPConnection
        self.connection = kind(site.netloc, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.connection.close()

    def ask(self, path: str, key: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        """The answer's status and JSON. Raises OSError or HTTPException.

        A site may let go of a connection between two requests. The request is then
        repeated once on a new one: its key says that it is the same.
        """
        try:
            return self._ask(path, key, body)
        except (ConnectionError, HTTPException):
            self.connection.close()
            return self._ask(path, key, body)

    def attempt(self, trainer_id: int, slot: DatedSlot, start: Barrier) -> Attempt:
        wish = {
            "trainer_id": trainer_id,
            "session_date": f"{slot.day}",
            "start_time": f"{slot.starts:%H:%M}",
            "end_time": f"{slot.ends:%H:%M}",
            "session_type": SessionType.PERSONAL_TRAINING,
        }
        start.wait()
        sent = time.monotonic()
        try:
            status, said = self.ask(BOOK, key=f"{slot.day} {slot.starts}", **wish)
        except (OSError, HTTPException) as error:
            answer, session_id = f"with nothing ({error!r})", None
        else:
            answer = f"{status} {said.get('code', '')}".strip()
            session_id = (said.get("session") or {}).get("id")
        return Attempt(self.member, answer, session_id, sent, time.monotonic())

    def _ask(
        self, path: str, key: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        method = "POST" if body else "GET"
        text = json.dumps(body) if body else None
        self.connection.request(method, self.folder + path, text, headers)
        response = self.connection.getresponse()
        try:
            said = json.loads(response.read())
        except ValueError:
            said = None
        return response.status, said if isinstance(said, dict) else {}


def slots_ahead(
    trainer: Trainer, now: datetime, *, clients: int, rounds: int
) -> list[DatedSlot]:
    """As many of the trainer's slots as rounds, in each of which somebody can win.

    Fewer where the gym's rules for members leave no room for more: nobody may have
    won so much before that nobody is left who may book.
    """
    gym = gym_settings()
    still_free = clients - (rounds - 1) // gym.most_upcoming
    a_day = (still_free - 1) * gym.most_per_day + 1
    slots: list[DatedSlot] = []
    day = now.date() + timedelta(days=1)
    while still_free > 0 and len(slots) < rounds and not gym.is_too_far(day, now):
        of_the_day = dated_slots([trainer.pk], [day])
        bookable = [
            slot
            for slot in of_the_day
            if not gym.is_too_soon(at_gym(day, slot.starts), now)
        ]
        slots += bookable[:a_day]
        day += timedelta(days=1)
    return slots[:rounds]


def race(
    racers: Sequence[Racer], trainer_id: int, slots: Iterable[DatedSlot]
) -> Iterator[Round]:
    """For each slot, let all racers ask for it at the same moment."""
    start = Barrier(len(racers), timeout=PATIENCE_SECONDS)
    with ThreadPoolExecutor(len(racers)) as pool:
        for slot in slots:
            running = [
                pool.submit(racer.attempt, trainer_id, slot, start) for racer in racers
            ]
            yield Round(slot, [attempt.result() for attempt in running])


# --- the judgement -----------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What was answered, beside the sessions that are in the database afterwards."""

    rounds: Sequence[Round]
    stored: Sequence[TrainingSession]

    @property
    def attempts(self) -> list[Attempt]:
        return [attempt for each in self.rounds for attempt in each.attempts]

    @property
    def answers(self) -> Counter[str]:
        return Counter(attempt.answer for attempt in self.attempts)

    @property
    def errors(self) -> Counter[str]:
        expected = (BOOKED, *REFUSED)
        return Counter({k: n for k, n in self.answers.items() if k not in expected})

    @property
    def refused(self) -> int:
        return sum(self.answers[answer] for answer in REFUSED)

    @property
    def doubles(self) -> int:
        """How many slots went to more than one, by the answers or by the rows."""
        starts = Counter((row.session_date, row.start_time) for row in self.stored)
        return sum(
            max(len(each.winners), starts[each.slot.day, each.slot.starts]) > 1
            for each in self.rounds
        )

    @property
    def in_flight(self) -> int:
        """The largest number of requests that were under way at one moment."""
        begun = [(attempt.sent, 1) for attempt in self.attempts]
        ended = [(attempt.answered, -1) for attempt in self.attempts]
        return max(accumulate(step for _, step in sorted(begun + ended)))

    def seconds(self, share: float) -> float:
        """The time within which that share of all answers arrived."""
        times = sorted(attempt.seconds for attempt in self.attempts)
        return times[math.ceil(share * len(times)) - 1]

    def faults(self) -> Iterator[str]:
        wins = [len(each.winners) for each in self.rounds]
        if unwon := [str(n) for n, count in enumerate(wins, 1) if count == 0]:
            yield f"Nobody got the slot in round {', '.join(unwon)}."
        if shared := [str(n) for n, count in enumerate(wins, 1) if count > 1]:
            yield f"More than one member got the slot in round {', '.join(shared)}."
        for answer, count in self.errors.items():
            yield f"{count} requests were answered {answer}."
        answered = {
            (winner.session_id, winner.member.pk, each.slot.day, each.slot.starts)
            for each in self.rounds
            for winner in each.winners
        }
        stored = {
            (row.pk, row.client_id, row.session_date, row.start_time)
            for row in self.stored
            if row.is_active
        }
        if lost := sorted(str(pk) for pk, *_ in answered - stored):
            yield f"Answered as booked, but not stored so: session {', '.join(lost)}."
        if unknown := sorted(str(pk) for pk, *_ in stored - answered):
            yield f"Stored, but not answered so: session {', '.join(unknown)}."
