from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from bookings.management.sheets import understand
from finova.accounts.importing import COLUMNS, Brought, OneByOne, bring_members
from finova.accounts.joining import invite


class Command(BaseCommand):
    help = (
        "Add the people of a CSV file as members: all of them, or, where a line has "
        "an error, nobody. The first line names the columns: name, and of email, "
        "phone, language and staff_notes what there is; each person needs an email or "
        "a phone. Who is here already, by the email or by name and phone, stays as "
        "they are, so the same file can be brought again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV in UTF-8; semicolon, comma or tab")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done, do nothing"
        )
        parser.add_argument(
            "--invite",
            metavar="SITE",
            help="send each new person with an email a link to choose a password; "
            "SITE is where the site is: https://gym.example",
        )

    def handle(
        self,
        *args: Any,
        file: str,
        dry_run: bool,
        invite: str | None,
        **options: Any,
    ) -> None:
        site = site_named(invite) if invite is not None else None
        newcomers = understand(file, COLUMNS, OneByOne().read, self.stderr)
        try:
            brought = bring_members(newcomers, keep=not dry_run)
        except IntegrityError:
            raise CommandError(
                "Somebody of the file was added at the same moment: nothing was "
                "imported. Run it again."
            ) from None
        would = " (dry run: nothing was changed)" if dry_run else ""
        self.stdout.write(f"{people(len(brought.new))} added, {known(brought)}{would}")
        if site and not dry_run:
            self.send_invitations(brought, site)

    def send_invitations(self, brought: Brought, site: str) -> None:
        letters = invite(brought.new, site=site)
        count = len(letters.sent)
        self.stdout.write(
            f"{count} {'invitation' if count == 1 else 'invitations'} sent"
        )
        for person in letters.not_sent:
            self.stderr.write(f"{person.email}: the invitation could not be sent")
        if letters.not_sent:
            raise CommandError(
                "All people are added. Invite those named above in the admin, under "
                "People: choose them, then “Send an invitation (again)”."
            )


def site_named(address: str) -> str:
    if not address.startswith(("https://", "http://")):
        raise CommandError(f"--invite {address}: say it like https://gym.example.")
    return address.rstrip("/")


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def known(brought: Brought) -> str:
    return f"{brought.known} known already"
