"""A crowd that never stops asking: the load under which things are broken."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.stress.client import Program, Visitor
from tests.stress.gym import Trainer, times_of
from tests.stress.history import UNKNOWN, Slot
from tests.stress.size import luck
from tests.stress.trial import Trial

# Less than the site asks for with Retry-After, so that its return is seen soon.
TURNED_AWAY_SECONDS = 0.1
LOOK_EVERY_SECONDS = 0.2


@dataclass
class Queue:
    """One time after the other, all for the one that nobody has been seen to have."""

    slots: list[Slot]
    front: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, member: Program, pause_seconds: float) -> None:
        """Until it is over. Who gets no answer asks again, with the same key."""
        chance = luck("crowd", member.member.id)
        while not self.over.wait(chance.uniform(0, pause_seconds)):
            number = self.front
            attempt = member.book(self.slots[number], key=f"place {number}")
            if attempt.outcome == UNKNOWN:
                self.over.wait(TURNED_AWAY_SECONDS)
                continue
            with self.turn:
                self.front = max(self.front, number + 1)

    def look_on(self, visitor: Visitor, trainer: Trainer) -> None:
        while not self.over.wait(LOOK_EVERY_SECONDS):
            visitor.look_at(trainer)


@contextmanager
def crowd(held: Trial, count: int, pause_seconds: float = 0.03) -> Iterator[None]:
    """So many members ask for one time after the other while the block runs.

    And a visitor reads the page on which it is seen.
    """
    members, trainers = held.members(count), held.gym.people.trainers
    queue = Queue([slot for trainer in trainers for slot in times_of(trainer)])
    with ThreadPoolExecutor(len(members) + 1) as pool:
        asking = [pool.submit(queue.ask, member, pause_seconds) for member in members]
        asking.append(pool.submit(queue.look_on, held.visitor(), trainers[0]))
        try:
            yield
            # The last word is an answer given while nothing is broken.
            time.sleep(0.2)
        finally:
            queue.over.set()
        for each in asking:
            each.result()
