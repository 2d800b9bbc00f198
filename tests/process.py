"""Processes of their own on the test's database."""

import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def environment(**more):
    at = connection.settings_dict
    # A socket's folder is written as the first part of the path.
    is_folder = at["HOST"].startswith("/")
    place = f"/{at['HOST']}" if is_folder else f"{at['HOST']}:{at['PORT'] or 5432}"
    who = f"{at['USER']}:{at['PASSWORD']}" if at["PASSWORD"] else at["USER"]
    address = f"postgresql://{who}@{place}/{more.pop('database', at['NAME'])}"
    settings = {
        "FINOVA_ENV": "development",
        "WEB_THREADS": "4",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, "DATABASE_URL": address, **settings, **more}


def manage(*args, **more):
    """`manage.py` with these arguments; what it says comes out of one pipe."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
