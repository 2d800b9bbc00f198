"""The gym that is put under stress: who is in it, and which times are still free."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.stress.database import Database
from tests.stress.history import Slot

ROOT = Path(__file__).resolve().parent.parent.parent

# Every trainer of ours works at these hours, on each day of the week.
HOURS = range(8, 16)
DAYS_AHEAD = range(3, 300)


class Member(NamedTuple):
    id: int
    email: str
    token: str


class Trainer(NamedTuple):
    id: int
    name: str
    slug: str


@dataclass(frozen=True)
class People:
    members: list[Member]
    trainers: list[Trainer]


@dataclass(frozen=True)
class Gym:
    """A running site, its database and its people."""

    port: int
    database: Database
    people: People
    log: Path
    """What the site's processes said."""


def move_in(environment: dict[str, str], *, members: int, trainers: int) -> People:
    """New people, made by the product's own code in a process of its own."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.stress.gym", str(members), str(trainers)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    told = json.loads(made.stdout)
    return People(
        [Member(*member) for member in told["members"]],
        [Trainer(*trainer) for trainer in told["trainers"]],
    )


def times_of(trainer: Trainer) -> Iterator[Slot]:
    """Times of the trainer that nobody has yet, from soon to late in the year."""
    for days in DAYS_AHEAD:
        # The server's own day and the gym's are close enough together for this.
        day = date.today() + timedelta(days=days)  # noqa: DTZ011
        for hour in HOURS:
            yield Slot(trainer.id, str(day), f"{hour:02}:00")


def make_people(members: int, trainers: int) -> dict[str, list[object]]:
    from finova.accounts.models import ApiToken
    from tests.factories import MemberFactory, TrainerFactory

    people = MemberFactory.create_batch(members)
    return {
        "members": [
            (person.pk, person.email, ApiToken.objects.issue(person, name="stress")[1])
            for person in people
        ],
        "trainers": [
            (trainer.pk, trainer.name, trainer.slug)
            for trainer in TrainerFactory.create_batch(trainers)
        ],
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(make_people(*map(int, sys.argv[1:]))))
