"""The races: members and staff who want the same thing at the same moment."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from tests.stress.client import Program
from tests.stress.gym import Gym, times_of
from tests.stress.history import Slot
from tests.stress.size import Size
from tests.stress.trial import NO_CONTENTION, Trial, trial


def at_once(*acts: Callable[[], object]) -> None:
    """Let all begin together, and wait for all."""
    barrier = threading.Barrier(len(acts))

    def begin(act: Callable[[], object]) -> None:
        barrier.wait(timeout=30)
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(begin, act) for act in acts]:
            done.result()


def one_slot_many_members(gym: Gym, size: Size) -> Trial:
    """N members ask for one time at the same moment, time after time."""
    slots = list(islice(times_of(gym.people.trainers[0]), size.rounds))
    with trial(gym) as held:
        members = held.members(size.racers)
        start_together = threading.Barrier(len(members))

        def race(member: Program) -> None:
            for number, slot in enumerate(slots):
                start_together.wait(timeout=60)
                member.book(slot, key=f"round {number}")

        with ThreadPoolExecutor(len(members)) as pool:
            list(pool.map(race, members))
    figures = held.figures
    expected = (len(members) - 1) * len(slots)
    held.expect(figures["refused"] >= expected, NO_CONTENTION, figures)
    held.expect(figures["at_once"] >= 2, NO_CONTENTION, figures)
    held.expect(figures["lock_waits"] > 0, NO_CONTENTION, figures)
    return held
