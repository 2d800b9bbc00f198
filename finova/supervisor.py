"""`make run`: the database, the demo gym and the web processes, until Ctrl-C.

Each process it starts is watched: a web process or a database that dies is started
again, and all of them stop within five seconds of Ctrl-C or SIGTERM.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from types import FrameType

WEB_PROCESSES = int(os.environ.get("WEB_PROCESSES", "2"))
PORT = int(os.environ.get("PORT", "8000"))
STOP_SECONDS = 2
# From <linux/prctl.h>.
PR_SET_CHILD_SUBREAPER = 36
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Web:
    """The web processes: they share one listening socket."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.lifeline, self._our_end = os.pipe()
        self.processes = [self._start() for _ in range(WEB_PROCESSES)]

    def _start(self) -> subprocess.Popen[bytes]:
        fds = (self.listener.fileno(), self.lifeline)
        command = [sys.executable, "-m", "finova.worker", *map(str, fds)]
        return subprocess.Popen(command, pass_fds=fds)

    def revive(self) -> None:
        for position, process in enumerate(self.processes):
            if process.poll() is not None:
                say(f"Web process {process.pid} has ended; starting another")
                self.processes[position] = self._start()

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def say(line: str) -> None:
    # Nobody may be reading any more: the terminal was closed.
    with suppress(BrokenPipeError):
        print(f"→ {line}", flush=True)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finova.settings")
    os.environ.setdefault("FINOVA_ENV", "development")
    for signum in STOP_SIGNALS:
        signal.signal(signum, interrupt)
    adopt_orphans()
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.callback(say, "Stopped")
        listener = listen(PORT)
        keep_database = hold_database(stack)
        prepare_database()
        web = Web(listener)
        stack.callback(web.stop)
        wait_until_answering()
        invite()
        while True:
            time.sleep(0.5)
            bury_the_dead()
            web.revive()
            keep_database()


def adopt_orphans() -> None:
    """PostgreSQL leaves who started it; in a container nobody may wait for its end.

    A dead one that nobody has waited for counts as running: the next refuses to start.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury_the_dead() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def interrupt(signum: int, frame: FrameType | None) -> None:
    # A second Ctrl-C must not cut the stopping short and leave half of it running.
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    raise KeyboardInterrupt


def listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        sys.exit(f"Port {port} is taken: choose another, as in `make run PORT=8001`.")
    listener.listen(512)
    return listener


def hold_database(stack: ExitStack):
    """Start PostgreSQL if it is ours to start; return what keeps it alive."""
    from django.conf import settings

    from finova import embedded_postgres

    if not settings.EMBEDDED_POSTGRES:
        return lambda: None
    say(f"Starting PostgreSQL, data in {settings.DATA_DIR}")
    stack.enter_context(embedded_postgres.held(settings.DATA_DIR))

    def keep() -> None:
        if embedded_postgres.is_running(settings.DATA_DIR):
            return
        say("PostgreSQL has ended; starting it again")
        with suppress(subprocess.CalledProcessError):
            embedded_postgres.ensure_running(settings.DATA_DIR)

    return keep


def prepare_database() -> None:
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    say("Bringing the database's tables up to date")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    say("Filling the demo gym")
    call_command("seed_demo_gym")
    connections.close_all()


def wait_until_answering() -> None:
    say("Starting the site")
    for _ in range(150):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5)
            return
        except urllib.error.HTTPError as error:
            sys.exit(f"The site answers {error.code}; what it logged is above.")
        except OSError:
            time.sleep(0.1)
    sys.exit("The site has not answered within 15 seconds; what it logged is above.")


def invite() -> None:
    from bookings.demo import ACCOUNTS, PASSWORD

    address = f"http://localhost:{PORT}"
    width = max(len(email) for email, _ in ACCOUNTS)
    print(f"\n  FinovaFitness is open: {address}\n")
    print(f"  Sign in at {address}/accounts/login/, password {PASSWORD}\n")
    for email, role in ACCOUNTS:
        print(f"    {email:<{width}}   {role}")
    print(f"\n  Staff work at {address}/admin/, programs at {address}/api/docs")
    print("  Ctrl-C stops everything; the data stays.\n", flush=True)


if __name__ == "__main__":
    main()
