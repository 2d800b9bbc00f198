"""Each log record is one line of JSON that names the request it belongs to."""

import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from bookings.transactions import refusal_behind

logger = logging.getLogger("finova.requests")

# Short enough to be read out on the telephone.
ID_BYTES = 5

# Some addresses are keys themselves: the links in our mails, and calendar feeds.
KEYS = re.compile(
    r"(/accounts/(?:password/reset/key|confirm-email)/|(?<!/sessions)/calendar/"
    r"|/offers/)"
    r"[^\s/?\"\\]+"
)

request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonLine(logging.Formatter):
    """What happened, when (UTC), in which request; facts given as `extra={"facts"}`.

    The keys that are part of an address are left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.told(record.exc_info)
        text = json.dumps({name: fact for name, fact in line.items() if fact != ""})
        return KEYS.sub(r"\1***", text)

    def told(self, exc_info: Any) -> str:
        """A bug's traceback; of what is understood, such as an outage, its last line.

        An outage is logged at each request, and its traceback says nothing new.
        """
        if refusal_behind(exc_info[1]) is None:
            return self.formatException(exc_info)
        return f"{exc_info[0].__name__}: {exc_info[1]}".strip()


def log_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give each request an id, log how it was answered, and tell the caller the id.

    Logged are path and status; never a query, a body or a header, where secrets are.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        # It stays until the thread's next request: Django logs answers of 500 and
        # more after all middleware.
        request_id.set(secrets.token_hex(ID_BYTES))
        response = get_response(request)
        facts = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - started) * 1000, 1),
        }
        logger.info("%(method)s %(path)s", facts, extra={"facts": facts})
        response["X-Request-ID"] = request_id.get()
        return response

    return middleware
