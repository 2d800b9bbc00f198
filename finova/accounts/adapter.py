from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from bookings.demo import PASSWORD


class AccountAdapter(DefaultAccountAdapter):
    def clean_password(self, password: str, user: Any = None) -> str:
        if password == PASSWORD:
            raise ValidationError("The demo has this password. Choose one of your own.")
        return super().clean_password(password, user)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """In production the demo's password opens nothing, whoever seeded the data."""
        if settings.PRODUCTION and credentials.get("password") == PASSWORD:
            return None
        return super().authenticate(request, **credentials)
