"""The pages as plain WSGI, for who wants gunicorn or granian instead of asgi.py."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finova.settings")
os.environ.setdefault("FINOVA_ENV", "production")

pages = get_wsgi_application()

CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Django's handler. Every request is read as UTF-8, whatever charset it claims.

    Python knows charsets that are none (`hex`), at which Django fails before it can
    answer, and some that smuggle in what no UTF-8 can hold (`utf-7`).
    """
    content_type = environ.get("CONTENT_TYPE", "")
    return pages(
        {**environ, "CONTENT_TYPE": CHARSET.sub("", content_type)}, start_response
    )
