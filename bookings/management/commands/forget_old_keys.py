from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import ngettext

from bookings.domain.idempotency import forget_keys
from trainers.clock import gym_now

# No client waits this long before it repeats a request.
DAYS = 30


class Command(BaseCommand):
    help = (
        "Delete idempotency keys that nobody will repeat any more. The sessions they "
        "booked stand. For a nightly job; it may run while the site is open."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, default=DAYS, help=f"older than this (default: {DAYS})"
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if not 1 <= days <= 36500:
            raise CommandError("Give a number of days from 1 to 36500.")
        count = forget_keys(before=gym_now() - timedelta(days=days))
        keys = ngettext("key", "keys", count)
        self.stdout.write(f"{count} {keys} older than {days} days forgotten.")
