from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

WORDS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


class CompressWordsMiddleware(GZipMiddleware):
    """Compress what is text, also the style sheets of `make run`.

    Pictures are compressed already, and in production WhiteNoise has every file ready.
    Django adds a hundred random bytes at most to each answer, and masks its CSRF
    token, so that an answer's length tells nobody what is in it (BREACH).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(WORDS):
            return response
        return super().process_response(request, response)
