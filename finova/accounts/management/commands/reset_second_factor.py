import logging
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from finova.accounts.models import User

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Take away somebody's app, passkeys and recovery codes: of who has lost them "
        "all and knows nobody who could do so in the admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose second factor is lost")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            user = User.objects.get(email=email.lower())
        except User.DoesNotExist:
            raise CommandError(f"Nobody has the email {email}.") from None
        count, _ = Authenticator.objects.filter(user=user).delete()
        if not count:
            raise CommandError(f"{email} has no second factor.")
        logger.warning("The second factor of person %s was reset", user.pk)
        self.stdout.write(
            f"{email} signs in with the password alone, and sets up a new second "
            "factor before the admin opens."
        )
