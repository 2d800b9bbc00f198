"""`make run` as its user meets it, in a data folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.xdist_group("run")


def is_worker(process):
    try:
        return "finova.worker" in process.cmdline()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False


class Run:
    def __init__(self, data_dir, port):
        self.port, self.log = port, data_dir.parent / f"run-{time.monotonic()}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PORT": str(port),
            "FINOVA_DATA_DIR": str(data_dir),
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "finova.supervisor"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.data_dir = data_dir

    def output(self):
        return self.log.read_text()

    def wait_until(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output()
            assert self.process.poll() is None, self.output()
            time.sleep(0.1)

    def answers(self):
        try:
            return self.page().status == 200
        except OSError:
            return False

    def page(self):
        url = f"http://127.0.0.1:{self.port}/trainers/ana-ruiz/"
        return urllib.request.urlopen(url, timeout=5)

    def workers(self):
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if is_worker(child)]

    def everything(self):
        """All processes it started, PostgreSQL's included."""
        postmaster = psutil.Process(self.postmaster())
        return [*self.workers(), postmaster, *postmaster.children()]

    def postmaster(self):
        pid_file = self.data_dir / "postgres" / "postmaster.pid"
        return int(pid_file.read_text().splitlines()[0])

    def stop(self, signum):
        """Whether all ended within five seconds."""
        started_by_it = self.everything()
        self.process.send_signal(signum)
        assert self.process.wait(5) == 0, self.output()
        _, alive = psutil.wait_procs(started_by_it, timeout=0.5)
        return [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("run") / "data"


@pytest.fixture
def run(data_dir):
    started = []

    def start():
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        started.append(Run(data_dir, port))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
    from finova import embedded_postgres

    embedded_postgres.stop(data_dir)


@pytest.mark.timeout(300)
def test_make_run_from_nothing_to_ctrl_c_and_again(run, data_dir):
    first = run()
    first.wait_until(lambda: "Ctrl-C" in first.output(), 120)
    assert first.page().status == 200
    said = first.output()
    assert f"http://localhost:{first.port}" in said
    for account in ("member", "other", "trainer", "frontdesk", "manager", "admin"):
        assert f"{account}@example.com" in said
    assert "finova-demo" in said
    assert re.search(r"7 trainers, 40 members, [1-9]\d+ sessions added", said)
    assert first.stop(signal.SIGINT)

    started = time.monotonic()
    again = run()
    again.wait_until(lambda: "Ctrl-C" in again.output(), 30)
    assert time.monotonic() - started < 10
    assert "7 trainers, 40 members, 0 sessions added" in again.output()

    # A web process dies: another takes its place, and the pages go on.
    victim = again.workers()[0]
    victim.send_signal(signal.SIGKILL)
    again.wait_until(
        lambda: len(again.workers()) == 2 and victim not in again.workers(), 5
    )
    assert again.answers()

    # The database dies: it comes back, and so do the pages.
    postmaster = again.postmaster()
    os.kill(postmaster, signal.SIGKILL)
    again.wait_until(lambda: again.postmaster() != postmaster, 20)
    again.wait_until(again.answers, 20)

    # A second terminal's command dies while it holds the database.
    shell = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-c", "import time; time.sleep(60)"],
        cwd=ROOT,
        env={**os.environ, "FINOVA_DATA_DIR": str(data_dir)},
    )
    time.sleep(2)
    shell.kill()
    shell.wait()

    assert again.stop(signal.SIGTERM)


@pytest.mark.timeout(120)
def test_when_the_supervisor_is_killed_its_web_processes_go_too(run):
    lost = run()
    lost.wait_until(lambda: "Ctrl-C" in lost.output(), 60)
    workers = lost.workers()
    lost.process.kill()
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert alive == []

    again = run()
    again.wait_until(lambda: "Ctrl-C" in again.output(), 30)
    assert again.stop(signal.SIGTERM)


def test_a_taken_port_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "finova.supervisor"],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        f"Port {port} is taken: choose another, as in `make run PORT=8001`."
    )
