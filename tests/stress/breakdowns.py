"""What breaks while a crowd is booking: web processes, the database, connections."""

import time
from contextlib import AbstractContextManager
from itertools import cycle, islice

from tests.stress.crowd import crowd
from tests.stress.database import BUSY
from tests.stress.findings import NO_CONTENTION
from tests.stress.gym import Gym
from tests.stress.site import Site, wait_until
from tests.stress.size import Size, luck
from tests.stress.trial import Trial, trial

CROWD = 12
REVIVE_SECONDS = 60


def web_processes_are_killed(gym: Gym, site: Site, size: Size) -> Trial:
    """kill -9, one at a time, and now and then both at once."""
    chance, killed = luck("kill"), 0
    with trial(gym) as held, crowd(held, CROWD, pause_seconds=0.15):
        while killed < size.kills:
            wait_until(lambda: len(site.serving()) == 2, REVIVE_SECONDS, site.said)
            time.sleep(chance.uniform(0, 0.2))
            serving = site.serving()
            victims = serving if killed % 10 == 4 else [chance.choice(serving)]
            with held.breaking():
                for victim in victims:
                    victim.kill()
            killed += len(victims)
            held.wait_for_a_booking()
    held.figures["kills"] = killed
    return held


def the_database_crashes(gym: Gym, size: Size) -> Trial:
    """Stopped without a shutdown, killed, and with one of its own processes killed."""
    database, chance = gym.database, luck("crash")
    ways = [database.stop_at_once, database.kill_postmaster, database.kill_a_backend]
    with trial(gym) as held, crowd(held, CROWD):
        for way in islice(cycle(ways), size.crashes):
            time.sleep(chance.uniform(0.2, 0.5))
            with held.breaking():
                database.crash(way)
            held.wait_for_a_booking()
    held.figures["crashes"] = size.crashes
    return held


def backends_are_terminated(gym: Gym, size: Size) -> Trial:
    """The connections of requests that are under way, chosen by chance."""
    chance = luck("terminate")
    with trial(gym) as held, crowd(held, CROWD):
        for _ in range(size.terminations):
            time.sleep(chance.uniform(0.02, 0.1))
            found = gym.database.backends(BUSY) or gym.database.backends()
            with held.breaking():
                gym.database.terminate(chance.choice(found))
            held.wait_for_a_booking()
    held.figures["terminations"] = size.terminations
    return held


def no_connection_is_left(gym: Gym, size: Size) -> Trial:
    with trial(gym) as held, crowd(held, CROWD):
        time.sleep(0.2)
        with held.breaking(lasting=True), gym.database.no_connection_left():
            time.sleep(size.outage_seconds)
        held.wait_for_a_booking()
    expect_that_it_was_felt(held)
    return held


def the_database_is_read_only(gym: Gym, size: Size) -> Trial:
    with trial(gym) as held, crowd(held, CROWD):
        time.sleep(0.2)
        with held.breaking(lasting=True), read_only(gym):
            time.sleep(size.outage_seconds)
        held.wait_for_a_booking()
    expect_that_it_was_felt(held)
    return held


def read_only(gym: Gym) -> AbstractContextManager[None]:
    return gym.database.set_to("default_transaction_read_only = on")


def expect_that_it_was_felt(held: Trial) -> None:
    turned_away = [a for a in held.history if a.status == 503]
    held.expect(bool(turned_away), NO_CONTENTION, "nobody was turned away")
