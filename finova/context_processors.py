from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bookings.gym import gym_name, gym_settings


def gym(request: HttpRequest) -> dict[str, Any]:
    return {
        # Lazy: a fragment that says neither asks for neither.
        "gym_name": SimpleLazyObject(gym_name),
        "gym": SimpleLazyObject(gym_settings),
        "mail_is_printed": settings.EMAIL_BACKEND.endswith("console.EmailBackend"),
    }
