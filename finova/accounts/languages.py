"""Which language a person is spoken to in: their own choice, or the browser's."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from finova.accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def speak_as_wished(get_response: GetResponse) -> GetResponse:
    """What a member has chosen counts on every device, whatever the browser says."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if chosen := chosen_by(request.user):
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()
        return get_response(request)

    return middleware


def chosen_by(person: Any) -> str:
    """Empty for visitors, for who leaves it to the browser, and for nobody."""
    language: str = getattr(person, "language", "")
    return language


def speaking_to(person: Any) -> AbstractContextManager[None]:
    """Within it, texts are in the language that this person has chosen, if any."""
    chosen = chosen_by(person)
    return translation.override(chosen) if chosen else nullcontext()


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Remembered by the browser, and for members on every device."""
    language = request.POST.get("language")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        mine = User.objects.filter(pk=request.user.pk, is_active=True)
        mine.update(language=language)
    return set_language(request)
