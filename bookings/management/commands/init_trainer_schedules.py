from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.models import Q
from django.utils.translation import ngettext

from bookings.domain.plan import Plan, plan_hours
from bookings.domain.projection import refresh_schedule
from bookings.exceptions import BookingRefused
from trainers.clock import gym_now
from trainers.models import Trainer
from trainers.wording import span


class Command(BaseCommand):
    help = (
        "Create every trainer's missing weekly slots, mark the booked ones from the "
        "sessions and repair what drifted. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--trainer", metavar="ID_OR_SLUG", help="only this trainer")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would be done, and which sessions ahead would lose their "
            "time; do nothing",
        )

    def handle(
        self, *args: Any, trainer: str | None, dry_run: bool, **options: Any
    ) -> None:
        done = failed = added = corrected = 0
        for pk, name in self.chosen(trainer):
            try:
                plan = plan_hours(pk, now=gym_now()) if dry_run else None
                result = plan.refreshed if plan else refresh_schedule(pk)
            except (DatabaseError, BookingRefused, Trainer.DoesNotExist) as error:
                failed += 1
                self.stderr.write(f"{name}: failed, nothing changed: {error}")
                continue
            done, added = done + 1, added + result.added
            corrected += result.corrected
            self.stdout.write(
                f"{name}: {result.added} slots added, {result.removed} removed, "
                f"{result.corrected} corrected, {result.booked} booked"
            )
            if plan:
                self.print_plan(plan)
        would = " (dry run: nothing was changed)" if dry_run else ""
        self.stdout.write(
            f"{done} {ngettext('trainer', 'trainers', done)}, {added} slots added, "
            f"{corrected} corrected{would}"
        )
        if failed:
            raise CommandError(f"{failed} trainers failed; the others are done.")

    def print_plan(self, plan: Plan) -> None:
        """The days that change, and by name whose session loses its time."""
        for change in plan.by_day():
            self.stdout.write(
                f"  {change.day.label}: {change.added} slots added, "
                f"{change.removed} removed"
            )
        removed = sum(change.removed for change in plan.by_day())
        if kept := removed - plan.refreshed.removed:
            self.stdout.write(f"  {kept} of them are kept, closed, for their sessions")
        for entry in plan.stranded:
            session = entry.session
            times = span(session.start_time, session.end_time)
            who = session.client.name or f"member {session.client_id}"
            self.stdout.write(f"  stranded: {session.session_date} {times}, {who}")

    def chosen(self, trainer: str | None) -> list[tuple[int, str]]:
        trainers = Trainer.objects.all()
        if trainer is not None:
            named = Q(slug=trainer)
            if trainer.isdecimal():
                named |= Q(pk=int(trainer))
            trainers = trainers.filter(named)
            if not trainers.exists():
                raise CommandError(f"There is no trainer {trainer}.")
        return list(trainers.values_list("pk", "name"))
