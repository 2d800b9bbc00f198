"""What a load balancer asks: does the process live, and can it serve?"""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives. Asks the database for nothing, unless a cookie comes along."""
    return plain("alive")


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """The database takes writes and has every table; 503 says what is missing.

    Nobody could sign in without writing to the cache's table.
    """
    try:
        missing = migrations_on_disk() - applied_migrations()
        read_only, has_cache = look_at_database()
    except Error:
        return plain("The database cannot be reached.", status=503)
    if read_only:
        return plain("The database is read-only.", status=503)
    if not has_cache:
        return plain("Run `manage.py createcachetable`.", status=503)
    if missing:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in missing))
        return plain(f"Run `manage.py migrate`: it lacks {names}.", status=503)
    return plain("ready")


@cache
def migrations_on_disk() -> set[tuple[str, str]]:
    """Read once: they change with the code, and then the process is another one."""
    return set(MigrationLoader(None).disk_migrations)


def applied_migrations() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def look_at_database() -> tuple[bool, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('transaction_read_only')::bool, "
            "to_regclass('cache') IS NOT NULL"
        )
        return cursor.fetchone()


def plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)
