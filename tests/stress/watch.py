"""Whether there was contention at all, seen on the server while it happens."""

import threading
import time
from types import TracebackType
from typing import Self

import psycopg

from tests.stress.database import BUSY, THE_SITES, WAITING, Database

LOOK_EVERY_SECONDS = 0.02
LOOK = f"""
    SELECT count(*) FILTER (WHERE {BUSY}), count(*) FILTER (WHERE {WAITING})
    FROM pg_stat_activity WHERE {THE_SITES}
"""


class Watch(threading.Thread):
    """Looks at the site's backends fifty times a second."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.most_at_once = 0
        self.lock_waits = 0
        self.over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.look_on()
            except psycopg.Error:
                # The database is away, and so is this connection: make a new one.
                time.sleep(LOOK_EVERY_SECONDS)

    def look_on(self) -> None:
        with self.database.connect() as connection:
            while not self.over.wait(LOOK_EVERY_SECONDS):
                found = connection.execute(LOOK).fetchone()
                busy, waiting = found or (0, 0)
                self.most_at_once = max(self.most_at_once, busy)
                self.lock_waits += waiting
