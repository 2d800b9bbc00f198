from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finova.accounts import addresses
from finova.accounts.models import ApiToken, User


class Command(BaseCommand):
    help = "Print a new bearer token for the API. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whom the token books for")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        try:
            user = User.objects.get(email=email.lower())
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the email {email}.") from None
        if addresses.awaits_confirmation(user):
            raise CommandError(
                f"{email} has not confirmed the address yet: the link is in the mail."
            )
        _, secret = ApiToken.objects.issue(user, name=name)
        self.stdout.write(secret)
