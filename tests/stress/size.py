"""How long the stress tests are: short inside `make test`, long in `make stress`.

STRESS=1 makes them long. STRESS_SEED repeats what chance did in an earlier run.
"""

import os
import random
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    racers: int
    """Members who want the same time at once."""
    rounds: int
    """Times they race for, in the plainest race."""
    few_rounds: int
    """The same for each of the other races."""
    kills: int
    crashes: int
    terminations: int
    outage_seconds: float
    recovery_seconds: float
    """From a fault to the next booking. The short run shares its machine."""


SHORT = Size(
    racers=8,
    rounds=25,
    few_rounds=8,
    kills=6,
    crashes=3,
    terminations=6,
    outage_seconds=1,
    recovery_seconds=20,
)
LONG = Size(
    racers=32,
    rounds=250,
    few_rounds=30,
    kills=100,
    crashes=21,
    terminations=60,
    outage_seconds=5,
    recovery_seconds=5,
)

IS_LONG = bool(os.environ.get("STRESS"))
SIZE = LONG if IS_LONG else SHORT
SEED = int(os.environ.get("STRESS_SEED") or time.time())


def luck(*names: object) -> random.Random:
    """Chance of one's own, the same in each run with the same seed."""
    return random.Random(":".join(map(str, (SEED, *names))))
