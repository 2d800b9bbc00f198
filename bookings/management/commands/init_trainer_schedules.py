from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.translation import ngettext

from bookings.domain.projection import refresh_schedule
from trainers.models import Trainer


class DryRun(Exception):
    """Ends a dry run's transaction, so that nothing of it stays."""


class Command(BaseCommand):
    help = (
        "Create every trainer's missing weekly slots, mark the booked ones from the "
        "sessions and repair what drifted. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--trainer", metavar="ID_OR_SLUG", help="only this trainer")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done, do nothing"
        )

    def handle(
        self, *args: Any, trainer: str | None, dry_run: bool, **options: Any
    ) -> None:
        done = failed = added = corrected = 0
        for pk, name in self.chosen(trainer):
            try:
                result = self.refresh(pk, dry_run=dry_run)
            except (DatabaseError, Trainer.DoesNotExist) as error:
                failed += 1
                self.stderr.write(f"{name}: failed, nothing changed: {error}")
                continue
            done, added = done + 1, added + result.added
            corrected += result.corrected
            self.stdout.write(
                f"{name}: {result.added} slots added, {result.removed} removed, "
                f"{result.corrected} corrected, {result.booked} booked"
            )
        would = " (dry run: nothing was changed)" if dry_run else ""
        self.stdout.write(
            f"{done} {ngettext('trainer', 'trainers', done)}, {added} slots added, "
            f"{corrected} corrected{would}"
        )
        if failed:
            raise CommandError(f"{failed} trainers failed; the others are done.")

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

    def refresh(self, pk: int, *, dry_run: bool) -> Any:
        try:
            with transaction.atomic():
                result = refresh_schedule(pk)
                if dry_run:
                    raise DryRun
        except DryRun:
            pass
        return result
