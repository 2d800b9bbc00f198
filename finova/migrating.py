"""A migration may take as long as its tables are large; only a request is hurried.

Waiting for a lock stays limited: a migration that waits holds up everybody behind it.
"""

from typing import Any

from django.db import connections

LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")


def take_your_time(using: str, **signal: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("; ".join(f"SET {limit} = 0" for limit in LIMITS))


def hurry_again(using: str, **signal: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("; ".join(f"RESET {limit}" for limit in LIMITS))
