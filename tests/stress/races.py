"""The races: members and staff who want the same thing at the same moment."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice

from tests.stress.client import Program
from tests.stress.findings import NO_CONTENTION, OTHERWISE
from tests.stress.gym import Gym, times_of
from tests.stress.history import OK, REFUSED, UNKNOWN, Attempt, Slot
from tests.stress.proxy import losing_proxy
from tests.stress.size import Size, luck
from tests.stress.trial import Trial, trial

# Twice as many as both web processes have threads.
SLOW_SENDERS = 32
# A form of the admin takes about that long, so that either may come first.
A_MOMENT = 0.3

chance = luck("races")


def at_once(*acts: Callable[[], Attempt], within: float = 0) -> list[Attempt]:
    """Let all begin together, or the others within so many seconds of the first.

    Their attempts, in the order of the acts.
    """
    barrier = threading.Barrier(len(acts))

    def begin(act: Callable[[], Attempt], pause: float) -> Attempt:
        barrier.wait(timeout=30)
        time.sleep(pause)
        return act()

    pauses = [0.0, *(chance.uniform(0, within) for _ in acts[1:])]
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts, pauses))


def outcomes(attempts: list[Attempt]) -> list[str]:
    return sorted(attempt.outcome for attempt in attempts)


def times(gym: Gym, count: int, trainer: int = 0) -> list[Slot]:
    return list(islice(times_of(gym.people.trainers[trainer]), count))


def all_book(members: list[Program], slot: Slot) -> list[Callable[[], Attempt]]:
    return [lambda m=m: m.book(slot, key=f"{slot}") for m in members]


def one_slot_many_members(gym: Gym, size: Size) -> Trial:
    """N members ask for one time at the same moment, time after time."""
    slots = times(gym, size.rounds)
    with trial(gym) as held:
        members = held.members(size.racers)
        start_together = threading.Barrier(len(members))

        def race(member: Program) -> None:
            for number, slot in enumerate(slots):
                start_together.wait(timeout=60)
                member.book(slot, key=f"round {number}")

        with ThreadPoolExecutor(len(members)) as pool:
            list(pool.map(race, members))
    refusals = (len(members) - 1) * len(slots)
    held.expect(held.figures["refused"] >= refusals, NO_CONTENTION, held.figures)
    held.expect(held.figures["at_once"] >= 2, NO_CONTENTION, held.figures)
    held.expect(held.figures["lock_waits"] > 0, NO_CONTENTION, held.figures)
    return held


def booking_against_cancelling(gym: Gym, size: Size) -> Trial:
    """One gives a time back on the page and takes another, while all want the first."""
    with trial(gym) as held:
        maya, *others = held.members(size.racers)
        window = held.browser(maya.member)
        other_times = times_of(gym.people.trainers[0])
        for slot in times(gym, size.few_rounds, trainer=1):
            booked = maya.book(slot, key=f"first {slot}").booked_id()
            elsewhere = next(other_times)._replace(trainer=slot.trainer, start="15:00")
            at_once(
                lambda: window.cancel(booked, slot),
                lambda: maya.book(elsewhere, key=f"{elsewhere}"),
                *all_book(others, slot),
                within=A_MOMENT,
            )
    return held


def booking_against_moving(gym: Gym, size: Size) -> Trial:
    """The desk moves a session while members want its old time, and others its new."""
    with trial(gym) as held:
        maya, *others = held.members(size.racers)
        desk, half = held.desk(0), len(others) // 2
        for old, new in zip(
            times(gym, size.few_rounds), times(gym, size.few_rounds, 1), strict=True
        ):
            new = new._replace(start="12:00")
            booked = maya.book(old, key=f"first {old}").booked_id()
            at_once(
                lambda: desk.move(booked, new),
                *all_book(others[:half], old),
                *all_book(others[half:], new),
                within=A_MOMENT,
            )
    return held


def sessions_that_change_places(gym: Gym, size: Size) -> Trial:
    """Two sessions of two trainers are moved to the other trainer, in opposite order.

    Into each other's place neither can go; to another time of the other trainer both
    must. Either way both trainers are locked, in one order.
    """
    with trial(gym) as held:
        maya, omar = held.members(2)
        desks = held.desk(0), held.desk(1)
        ours, theirs = times(gym, size.few_rounds), times(gym, size.few_rounds, 1)
        for number, (here, there) in enumerate(zip(ours, theirs, strict=True)):
            mine = maya.book(here, key=f"{here}").booked_id()
            yours = omar.book(there, key=f"{there}").booked_id()
            to, back = (there, here) if number % 4 == 0 else (later(there), later(here))
            ended = at_once(
                lambda: desks[0].move(mine, to), lambda: desks[1].move(yours, back)
            )
            as_due = [REFUSED, REFUSED] if number % 4 == 0 else [OK, OK]
            held.expect(outcomes(ended) == as_due, OTHERWISE, ended)
    return held


def later(slot: Slot) -> Slot:
    return slot._replace(start="14:00")


def booking_while_staff_shut_the_time(gym: Gym, size: Size) -> Trial:
    """A break in the trainer's weekly grid, while all want just this time."""
    with trial(gym) as held:
        members, desk = held.members(size.racers), held.desk(0)
        trainer = gym.people.trainers[0]
        for slot in times(gym, size.few_rounds):
            shut, *_ = at_once(
                lambda: desk.set_slot(trainer, slot, "break"),
                *all_book(members, slot),
                within=A_MOMENT,
            )
            opened = desk.set_slot(trainer, slot, "available")
            held.expect(shut.outcome == opened.outcome == OK, OTHERWISE, shut)
    return held


def booking_while_the_trainer_leaves(gym: Gym, size: Size) -> Trial:
    with trial(gym) as held:
        members, desk = held.members(size.racers), held.desk(1)
        trainer = gym.people.trainers[0]
        for slot in times(gym, size.few_rounds):
            left, *_ = at_once(
                lambda: desk.set_active(trainer, False),
                *all_book(members, slot),
                within=A_MOMENT,
            )
            back = desk.set_active(trainer, True)
            held.expect(left.outcome == back.outcome == OK, OTHERWISE, left)
    return held


def one_member_many_trainers(gym: Gym, size: Size) -> Trial:
    """One member asks every trainer for the same hour."""
    with trial(gym) as held:
        member = gym.people.members[0]
        windows = [held.members(1)[0] for _ in gym.people.trainers]
        for slot in times(gym, size.few_rounds):
            ended = at_once(
                *(
                    lambda w=w, t=t: w.book(
                        slot._replace(trainer=t.id), key=f"{t} {slot}"
                    )
                    for w, t in zip(windows, gym.people.trainers, strict=True)
                )
            )
            refused = sum(attempt.code == "client_busy" for attempt in ended)
            held.expect(refused == len(windows) - 1, OTHERWISE, (member, ended))
    return held


def double_clicks(gym: Gym, size: Size) -> Trial:
    """The same request several times at once: with a key, on the page, without one."""
    with trial(gym) as held:
        maya = gym.people.members[0]
        trainer = gym.people.trainers[0]
        programs = [held.members(1)[0] for _ in range(4)]
        windows = [held.browser(maya) for _ in range(4)]
        for number, slot in enumerate(times(gym, size.few_rounds * 3)):
            if number % 3 == 0:
                ended = at_once(
                    *(lambda p=p: p.book(slot, f"{slot}") for p in programs)
                )
                held.expect(outcomes(ended) == [OK] * 4, OTHERWISE, ended)
            elif number % 3 == 1:
                ended = at_once(
                    *(lambda w=w: w.book(trainer, slot, f"{slot}") for w in windows)
                )
                held.expect(outcomes(ended) == [OK] * 4, OTHERWISE, ended)
            else:
                ended = at_once(*(lambda p=p: p.book(slot) for p in programs))
                held.expect(outcomes(ended) == [OK] + [REFUSED] * 3, OTHERWISE, ended)
    return held


def lost_answers(gym: Gym, size: Size) -> Trial:
    """The site books, its answer is lost on the way, and the program asks again."""
    with trial(gym) as held, losing_proxy(gym.port) as proxy:
        maya, omar = held.members(2)
        far_away = Program(maya.member, held.line(proxy.port), held.history)
        for slot in times(gym, size.few_rounds):
            with held.breaking(lasting=True):
                lost = far_away.book(slot, key=f"{slot}")
            between = omar.book(slot, key=f"{slot}")
            again = maya.book(slot, key=f"{slot}")
            as_due = [lost.outcome, between.outcome] == [UNKNOWN, REFUSED]
            held.expect(as_due, OTHERWISE, (lost, between))
            the_first = proxy.swallowed[-1]
            held.expect(again.replayed and again.body == the_first, OTHERWISE, again)
    # What was broken is the network, and only for one request at a time.
    held.figures["recoveries"] = []
    return held


def keys(gym: Gym, size: Size) -> Trial:
    """A key is its member's own, stands for one request, and has one answer."""
    with trial(gym) as held:
        maya, omar = held.members(2)
        window = held.browser(maya.member)
        for slot in times(gym, size.few_rounds):
            first = maya.book(slot, key=f"{slot}")
            others = omar.book(later(slot), key=f"{slot}")
            another = maya.book(later(slot), key=f"{slot}")
            window.cancel(first.booked_id(), slot)
            again = maya.book(slot, key=f"{slot}")
            held.expect(others.outcome == OK and not others.replayed, OTHERWISE, others)
            held.expect(another.code == "key_reused", OTHERWISE, another)
            held.expect(again.replayed and again.body == first.body, OTHERWISE, again)
    return held


def slow_senders(gym: Gym, size: Size) -> Trial:
    """More requests than there are threads never end, and the others are served."""
    with trial(gym) as held, bodies_that_do_not_end(gym.port, SLOW_SENDERS):
        members = held.members(size.racers)
        for slot in times(gym, size.few_rounds):
            at_once(*all_book(members, slot))
    return held


@contextmanager
def bodies_that_do_not_end(port: int, count: int) -> Iterator[None]:
    head = (
        "POST /api/members/book-training-session HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    with ExitStack() as senders:
        for _ in range(count):
            sender = senders.enter_context(
                socket.create_connection(("127.0.0.1", port))
            )
            sender.sendall(head.encode())
        yield
