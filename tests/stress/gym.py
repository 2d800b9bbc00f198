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
    staff: list[int]


@dataclass(frozen=True)
class Gym:
    """A running site, its database and its people."""

    port: int
    database: Database
    people: People
    log: Path
    """What the site's processes said."""
    cookies: dict[int, dict[str, str]]
    """Of those who are signed in: the first members and the staff."""


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
        told["staff"],
    )


def times_of(trainer: Trainer) -> Iterator[Slot]:
    """The trainer's times: first one hour of each day, then the next hour of each."""
    # The server's own day and the gym's are close enough together for this.
    today = date.today()  # noqa: DTZ011
    for hour in HOURS:
        for days in DAYS_AHEAD:
            day = today + timedelta(days=days)
            yield Slot(trainer.id, str(day), f"{hour:02}:00")


def make_people(members: int, trainers: int) -> dict[str, list[object]]:
    from bookings import demo
    from finova.accounts.models import ApiToken, User
    from tests.factories import MemberFactory, TrainerFactory, be_easy_going

    be_easy_going()
    people = MemberFactory.create_batch(members)
    demo_staff = (demo.FRONT_DESK, demo.ADMINISTRATOR)
    return {
        "members": [
            (person.pk, person.email, ApiToken.objects.issue(person, name="stress")[1])
            for person in people
        ],
        "trainers": [
            (trainer.pk, trainer.name, trainer.slug)
            for trainer in TrainerFactory.create_batch(trainers)
        ],
        "staff": [User.objects.get(email=email).pk for email in demo_staff],
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(make_people(*map(int, sys.argv[1:]))))
