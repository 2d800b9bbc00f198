"""Races whose order we decide: each request comes to a lock that we hold, in turn.

Our own transaction holds the lock of a trainer or of a member. One request after the
other is sent, each as soon as the one before it is seen to wait; then the lock is
let go. PostgreSQL serves who waits for a row in the order in which they came, so what
must come of it is known.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tests.stress.database import WAITING
from tests.stress.findings import DID_NOT_WAIT, OTHERWISE
from tests.stress.gym import Gym, Member, Trainer
from tests.stress.history import OK, REFUSED, UNKNOWN, Attempt
from tests.stress.races import later, times
from tests.stress.size import Size
from tests.stress.trial import Trial, trial

Act = Callable[[], Attempt]

LOCK = {
    Member: "SELECT FROM users WHERE id = %s FOR NO KEY UPDATE",
    Trainer: "SELECT FROM trainers WHERE id = %s FOR NO KEY UPDATE",
}
# Less than the three seconds for which the site itself waits for a lock.
COME_SECONDS = 2.5


@contextmanager
def held_by_us(gym: Gym, who: Member | Trainer) -> Iterator[None]:
    with gym.database.connect() as gate, gate.transaction():
        gate.execute(LOCK[type(who)], [who.id])
        yield


def in_turn(held: Trial, who: Member | Trainer, *acts: Act) -> list[Attempt]:
    """Each act comes to the lock of `who` after the one before; then they may pass."""
    with ThreadPoolExecutor(len(acts)) as pool:
        done: list[Future[Attempt]] = []
        with held_by_us(held.gym, who):
            for number, act in enumerate(acts, 1):
                done.append(pool.submit(act))
                if not comes_to_wait(held, done[-1], number):
                    held.expect(False, DID_NOT_WAIT, f"number {number} at {who}")
        return [each.result() for each in done]


def comes_to_wait(held: Trial, act: Future[Attempt], number: int) -> bool:
    """Whether so many wait now; False when the act ended without waiting."""
    deadline = time.monotonic() + COME_SECONDS
    while time.monotonic() < deadline and not act.done():
        if len(held.gym.database.backends(WAITING)) >= number:
            return True
    return False


def the_second_sees_the_first(gym: Gym, size: Size) -> Trial:
    """Both saw a free time; the second looks again when it is its turn."""
    with trial(gym) as held:
        maya, omar = held.members(2)
        for slot in times(gym, 3):
            first, second = in_turn(
                held,
                gym.people.trainers[0],
                lambda: maya.book(slot, key=f"{slot}"),
                lambda: omar.book(slot, key=f"{slot}"),
            )
            held.expect(first.outcome == OK, OTHERWISE, first)
            held.expect(second.code == "slot_taken", OTHERWISE, second)
    return held


def a_break_is_seen(gym: Gym, size: Size) -> Trial:
    """Staff shut the time after the member has seen it open."""
    trainer, slot = gym.people.trainers[0], times(gym, 1)[0]
    with trial(gym) as held:
        (maya,), desk = held.members(1), held.desk(0)
        _, late = in_turn(
            held,
            trainer,
            lambda: desk.set_slot(trainer, slot, "break"),
            lambda: maya.book(slot, key="late"),
        )
        desk.set_slot(trainer, slot, "available")
        held.expect(late.code == "slot_unavailable", OTHERWISE, late)
    return held


def a_trainer_who_leaves_is_seen(gym: Gym, size: Size) -> Trial:
    trainer, slot = gym.people.trainers[0], times(gym, 1)[0]
    with trial(gym) as held:
        (maya,), desk = held.members(1), held.desk(1)
        _, late = in_turn(
            held,
            trainer,
            lambda: desk.set_active(trainer, False),
            lambda: maya.book(slot, key="late"),
        )
        desk.set_active(trainer, True)
        held.expect(late.code == "trainer_not_found", OTHERWISE, late)
    return held


def what_took_place_is_not_cancelled(gym: Gym, size: Size) -> Trial:
    """The desk completes a session just before the member cancels it."""
    slot = times(gym, 1)[0]
    with trial(gym) as held:
        (maya,), desk = held.members(1), held.desk(0)
        window = held.browser(maya.member)
        booked = maya.book(slot, key="first").booked_id()
        completed, cancelled = in_turn(
            held,
            gym.people.trainers[0],
            lambda: desk.complete(booked, slot),
            lambda: window.cancel(booked, slot),
        )
        as_due = (completed.outcome, cancelled.outcome) == (OK, REFUSED)
        held.expect(as_due, OTHERWISE, (completed, cancelled))
    return held


def a_move_sees_the_first(gym: Gym, size: Size) -> Trial:
    """Somebody takes the time to which the desk is moving a session."""
    _, bruno, *_ = gym.people.trainers
    (old,), (new,) = times(gym, 1), times(gym, 1, trainer=1)
    with trial(gym) as held:
        maya, omar = held.members(2)
        desk = held.desk(0)
        booked = maya.book(old, key="to be moved").booked_id()
        first, move = in_turn(
            held,
            bruno,
            lambda: omar.book(new, key="first"),
            lambda: desk.move(booked, new),
        )
        as_due = (first.outcome, move.outcome) == (OK, REFUSED)
        held.expect(as_due, OTHERWISE, (first, move))
    return held


def one_member_cancels_and_books(gym: Gym, size: Size) -> Trial:
    """Both lock the member before the trainer: else each would wait for the other."""
    slot, another = times(gym, 2)
    with trial(gym) as held:
        (maya,) = held.members(1)
        window = held.browser(maya.member)
        booked = maya.book(slot, key="to cancel").booked_id()
        ended = in_turn(
            held,
            gym.people.trainers[0],
            lambda: window.cancel(booked, slot),
            lambda: maya.book(another, key="instead"),
        )
        held.expect(all(each.outcome == OK for each in ended), OTHERWISE, ended)
    return held


def two_moves_cross(gym: Gym, size: Size) -> Trial:
    """One session goes to the other's trainer, and back: both lock in one order."""
    ana, bruno, *_ = gym.people.trainers
    with trial(gym) as held:
        maya, omar = held.members(2)
        desks = held.desk(0), held.desk(1)
        at_anas, at_brunos = times(gym, 2), times(gym, 2, trainer=1)
        for here, there, who in zip(at_anas, at_brunos, (ana, bruno), strict=True):
            mine = maya.book(here, key=f"{here}").booked_id()
            yours = omar.book(there, key=f"{there}").booked_id()
            ended = in_turn(
                held,
                who,
                lambda: desks[0].move(mine, later(there)),
                lambda: desks[1].move(yours, later(here)),
            )
            held.expect(all(each.outcome == OK for each in ended), OTHERWISE, ended)
    return held


def everybody_waits(gym: Gym, size: Size) -> Trial:
    """Each write for the lock of each person whom it concerns."""
    ana, bruno, *_ = gym.people.trainers
    with trial(gym) as held:
        (maya,), desk = held.members(1), held.desk(0)
        window = held.browser(maya.member)
        here, there = times(gym, 10), times(gym, 10, trainer=1)
        for who in (ana, maya.member):
            in_turn(held, who, lambda: maya.book(here.pop(), key=f"at {who}"))
        for who in (ana, maya.member):
            slot = here.pop()
            booked = maya.book(slot, key=f"to cancel at {who}").booked_id()
            in_turn(held, who, lambda: window.cancel(booked, slot))
        for who in (ana, bruno, maya.member):
            booked = maya.book(here.pop(), key=f"to move at {who}").booked_id()
            in_turn(held, who, lambda: desk.move(booked, later(there.pop())))
    return held


def cut_off_while_it_waits(gym: Gym, size: Size) -> Trial:
    """The connection of a request breaks. Nobody says "taken" of a free time then."""
    slot, database = times(gym, 1)[0], gym.database
    with trial(gym) as held, ThreadPoolExecutor(1) as pool:
        (maya,) = held.members(1)
        with held.breaking(lasting=True), held_by_us(gym, gym.people.trainers[0]):
            asked = pool.submit(maya.book, slot, "cut off")
            held.expect(comes_to_wait(held, asked, 1), DID_NOT_WAIT)
            for pid in database.backends(WAITING):
                database.terminate(pid)
            cut_off = asked.result()
        again = maya.book(slot, key="cut off")
        as_due = (cut_off.outcome, again.outcome) == (UNKNOWN, OK)
        held.expect(as_due, OTHERWISE, (cut_off, again))
    return held
