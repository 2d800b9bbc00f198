"""The mark, where a browser or a telephone's home screen asks for it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from bookings.gym import gym_name

BRAND = "#1e1b52"
PAGE = "#f6f5f0"


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it on pages that name no icon: the admin's and the API's."""
    return redirect(static("img/favicon.ico"))


@require_safe
@login_not_required
def manifest(request: HttpRequest) -> HttpResponse:
    """What a telephone needs to keep the site among its applications."""
    described = {
        "name": gym_name(),
        "short_name": gym_name(),
        "start_url": reverse("home"),
        "display": "minimal-ui",
        "theme_color": BRAND,
        "background_color": PAGE,
        "icons": [
            icon("img/logo.svg", "image/svg+xml", sizes="any"),
            icon("img/icon-512.png", "image/png", sizes="512x512", purpose="maskable"),
        ],
    }
    return JsonResponse(described, content_type="application/manifest+json")


def icon(file: str, kind: str, **said: str) -> dict[str, str]:
    return {"src": static(file), "type": kind, **said}
