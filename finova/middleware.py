from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from bookings.gym import reading_once

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def read_settings_once(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        with reading_once():
            return get_response(request)

    return middleware
