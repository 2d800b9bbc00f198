"""The product as it really runs, in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from finova import embedded_postgres
from tests.stress.gym import ROOT

START_SECONDS = 90


def environment_of(data_dir: Path, port: int = 0, fault: str = "") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DJANGO_SETTINGS_MODULE": "tests.stress.settings",
        "FINOVA_ENV": "development",
        "FINOVA_DATA_DIR": str(data_dir),
        "FINOVA_PLANTED_FAULT": fault,
        "LOG_LEVEL": "WARNING",
        "PORT": str(port),
    }


class Site:
    """What `make run` starts: two web processes and PostgreSQL under a supervisor."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.log = folder / "site.log"
        self.port = free_port()

    @contextmanager
    def running(self) -> Iterator["Site"]:
        with self.log.open("w") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "finova.supervisor"],
                cwd=ROOT,
                env=environment_of(self.data_dir, self.port),
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: "Ctrl-C" in self.said(), START_SECONDS, self.said)
            yield self
            self.supervisor.send_signal(signal.SIGTERM)
            assert self.supervisor.wait(10) == 0, self.said()[-3000:]
        finally:
            self.supervisor.kill()
            self.supervisor.wait()
            embedded_postgres.stop(self.data_dir)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.supervisor.pid).children()
        return [child for child in children if is_worker(child)]

    def serving(self) -> list[psutil.Process]:
        """The web processes that callers are connected to at this moment."""
        return [worker for worker in self.workers() if has_callers(worker)]


@contextmanager
def web_processes(data_dir: Path, fault: str, log: Path) -> Iterator[int]:
    """Two more web processes on a running database, with a fault planted in them.

    Yields their port. Nobody revives them.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    lifeline, our_end = os.pipe()
    fds = (listener.fileno(), lifeline)
    port = listener.getsockname()[1]
    with log.open("a") as lines:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "finova.worker", *map(str, fds)],
                cwd=ROOT,
                env=environment_of(data_dir, port, fault),
                pass_fds=fds,
                stdout=lines,
                stderr=lines,
            )
            for _ in range(2)
        ]
    try:
        wait_until(lambda: answers(port) or died(processes), START_SECONDS)
        assert not died(processes), log.read_text()
        yield port
    finally:
        for process in processes:
            process.kill()
            process.wait()
        listener.close()
        os.close(lifeline)
        os.close(our_end)


def died(processes: list[subprocess.Popen[bytes]]) -> bool:
    return any(process.poll() is not None for process in processes)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def is_worker(process: psutil.Process) -> bool:
    try:
        return "finova.worker" in process.cmdline()
    except psutil.Error:
        return False


def has_callers(process: psutil.Process) -> bool:
    try:
        connections = process.net_connections("tcp4")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_ESTABLISHED for each in connections)


def answers(port: int) -> bool:
    with suppress(OSError):
        url = f"http://127.0.0.1:{port}/trainers/"
        with urllib.request.urlopen(url, timeout=5) as page:
            return page.status == 200
    return False


def wait_until(
    condition: Callable[[], bool], seconds: float, told: Callable[[], str] = str
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()[-3000:]
        time.sleep(0.02)
