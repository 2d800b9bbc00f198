"""The embedded PostgreSQL, seen from its server room: looked into, and mistreated."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from bookings.domain.invariants import INVARIANTS
from finova import embedded_postgres
from tests.stress.history import Records, Row, Slot

OURS = "stress"
BUSY = "state <> 'idle'"
WAITING = "wait_event_type = 'Lock'"

# The book is empty again, and the slots say so; people and sign-ins stay.
WIPE = """
    DELETE FROM booking_events;
    DELETE FROM idempotency_keys;
    DELETE FROM training_sessions;
    UPDATE trainers SET is_active = true;
    UPDATE trainer_schedules SET
        status = 'available', booking_id = NULL, client_id = NULL, session_date = NULL
    WHERE status <> 'available' OR booking_id IS NOT NULL;
"""
ROWS = """
    SELECT id, client_id, trainer_id, session_date::text,
           to_char(start_time, 'HH24:MI'), status
    FROM training_sessions
"""
KEYS = "SELECT client_id, key, session_id FROM idempotency_keys"
THE_SITES = f"""
    backend_type = 'client backend' AND datname = current_database()
    AND application_name <> '{OURS}'
"""


class Database:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = embedded_postgres.cluster_dir(data_dir) / "server.log"
        address = embedded_postgres.address(data_dir)
        self.where = {
            "host": address["HOST"],
            "user": address["USER"],
            "dbname": address["NAME"],
            "application_name": OURS,
        }

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.where, autocommit=True, **options)

    def do(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """On a connection of its own: one that lasted would not survive the faults."""
        with self.connect() as connection:
            done = connection.execute(statement, parameters or None)
            return done.fetchall() if done.description else []

    def wipe(self) -> None:
        self.do(WIPE)

    def records(self) -> Records:
        rows = {
            pk: Row(pk, client, Slot(*where), status)
            for pk, client, *where, status in self.do(ROWS)
        }
        keys = {(client, key): session for client, key, session in self.do(KEYS)}
        return Records(rows, keys)

    # --- what it tells about itself ---

    def broken_promises(self) -> list[str]:
        return [
            f"{invariant.promise} Broken by {ids}"
            for invariant in INVARIANTS
            if (ids := self.do(invariant.sql))
        ]

    def deadlocks(self) -> int:
        """As PostgreSQL counts them; a crash sets the count back to nothing."""
        asked = (
            "SELECT pg_stat_force_next_flush(), sum(deadlocks) FROM pg_stat_database"
        )
        return int(self.do(asked)[0][1])

    # --- what is done to it ---

    def postmaster(self) -> int:
        pid_file = embedded_postgres.cluster_dir(self.data_dir) / "postmaster.pid"
        return int(pid_file.read_text().splitlines()[0])

    def is_up(self) -> bool:
        try:
            return self.do("SELECT 1") == [(1,)]
        except psycopg.Error:
            return False

    def wait_until_up(self, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_up():
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.02)

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: no shutdown, as after a power cut."""
        os.kill(self.postmaster(), signal.SIGQUIT)

    def kill_postmaster(self) -> None:
        os.kill(self.postmaster(), signal.SIGKILL)

    def kill_a_backend(self) -> None:
        """PostgreSQL then throws all others out too, and recovers by itself."""
        os.kill(self.backends()[0], signal.SIGKILL)

    def crash(self, how: Callable[[], None]) -> None:
        """In one of these ways; returns when a connection has felt it."""
        with self.connect() as canary:
            how()
            with suppress(psycopg.OperationalError):
                while True:
                    canary.execute("SELECT 1")

    def terminate(self, pid: int) -> None:
        self.do("SELECT pg_terminate_backend(%s)", pid)

    def backends(self, which: str = "true") -> list[int]:
        """The process ids of those that work for the site; of those where `which`."""
        asked = f"SELECT pid FROM pg_stat_activity WHERE {THE_SITES} AND {which}"
        return [pid for (pid,) in self.do(asked)]

    @contextmanager
    def set_to(self, setting: str) -> Iterator[None]:
        """One setting is another, for new and lasting connections; none if empty."""
        if not setting:
            yield
            return
        self.do(f"ALTER SYSTEM SET {setting}")
        self.do("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self.wait_until_up()
            self.do(f"ALTER SYSTEM RESET {setting.partition(' ')[0]}")
            self.do("SELECT pg_reload_conf()")

    @contextmanager
    def without(self, constraint: str) -> Iterator[None]:
        """On the sessions; none if empty. Whatever came of it is wiped out again."""
        if not constraint:
            yield
            return
        asked = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s"
        ((definition,),) = self.do(asked, constraint)
        self.do(f"ALTER TABLE training_sessions DROP CONSTRAINT {constraint}")
        try:
            yield
        finally:
            self.wait_until_up()
            self.wipe()
            add = f"ADD CONSTRAINT {constraint} {definition}"
            self.do(f"ALTER TABLE training_sessions {add}")

    @contextmanager
    def no_connection_left(self) -> Iterator[None]:
        """All connections are ours, and the site's threads have lost theirs."""
        hoard: list[psycopg.Connection[Any]] = []
        warden = self.connect()
        try:
            while True:
                with suppress(psycopg.OperationalError):
                    while True:
                        hoard.append(self.connect())
                asked = f"SELECT pid FROM pg_stat_activity WHERE {THE_SITES}"
                found = warden.execute(asked).fetchall()
                if not found:
                    break
                for (pid,) in found:
                    warden.execute("SELECT pg_terminate_backend(%s)", [pid])
            yield
        finally:
            for connection in (*hoard, warden):
                connection.close()


def count_lines(log: str, *patterns: str) -> int:
    return sum(len(re.findall(pattern, log)) for pattern in patterns)
