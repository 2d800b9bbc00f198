from django.conf import settings
from django.http import HttpRequest


def gym(request: HttpRequest) -> dict[str, str]:
    return {"gym_name": settings.GYM_NAME}
