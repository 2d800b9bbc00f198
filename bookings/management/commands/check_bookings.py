from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import ngettext

from bookings.domain.invariants import INVARIANTS, Broken, check
from bookings.domain.projection import project_schedule
from trainers.models import Trainer

# Enough to start looking; the SQL in `bookings.domain.invariants` finds the others.
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Check every promise about trainers, sessions, slots and keys in the database. "
        "It changes nothing, and the site may stay open. The exit status is 1 when a "
        "promise is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="first bring the slots in step with the sessions, as signals do; "
            "sessions, keys and history are never touched",
        )

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        if repair:
            self.repair()
        with unhurried():
            broken = sum(self.is_broken(check(invariant)) for invariant in INVARIANTS)
        if broken:
            promises = ngettext("promise is", "promises are", broken)
            raise CommandError(
                f"{broken} {promises} broken. `--repair` brings slots back in step "
                "with the sessions; at all else a person has to look."
            )
        self.stdout.write(f"All {len(INVARIANTS)} promises hold.")

    def repair(self) -> None:
        trainers = Trainer.objects.values_list("pk", flat=True)
        corrected = sum(project_schedule(pk) for pk in trainers)
        slots = ngettext("slot", "slots", corrected)
        self.stdout.write(f"{corrected} {slots} corrected.")

    def is_broken(self, answer: Broken) -> bool:
        promise = answer.invariant.promise
        if not answer.ids:
            self.stdout.write(f"ok      {promise}")
            return False
        ids = ", ".join(map(str, answer.ids[:SHOWN]))
        more = len(answer.ids) - SHOWN
        self.stdout.write(f"BROKEN  {promise}")
        self.stdout.write(f"        {answer.invariant.name}: {ids}")
        if more > 0:
            self.stdout.write(f"        and {more} more")
        for note in answer.notes:
            self.stdout.write(f"        {note}")
        return True


@contextmanager
def unhurried() -> Iterator[None]:
    """A request may not take as long as a look at all that a large gym ever booked."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET statement_timeout")
