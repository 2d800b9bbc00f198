#!/usr/bin/env python
import os
import sys
from contextlib import nullcontext


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finova.settings")
    # Whoever types a command at a prompt is developing, unless told otherwise;
    # a server started without FINOVA_ENV is in production (asgi.py, wsgi.py).
    os.environ.setdefault("FINOVA_ENV", "development")

    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from finova import embedded_postgres

    database = (
        embedded_postgres.held(settings.DATA_DIR)
        if settings.EMBEDDED_POSTGRES
        else nullcontext()
    )
    with database:
        try:
            execute_from_command_line(sys.argv)
        except OperationalError as error:
            if "--traceback" in sys.argv:
                raise
            sys.exit(f"The database cannot be used: {error}\nSee DATABASE_URL.")


if __name__ == "__main__":
    main()
