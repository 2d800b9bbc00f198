from typing import Any

from django.conf import settings
from django.http import HttpRequest


def gym(request: HttpRequest) -> dict[str, Any]:
    return {
        "gym_name": settings.GYM_NAME,
        "mail_is_printed": settings.EMAIL_BACKEND.endswith("console.EmailBackend"),
    }
