"""The site as uvicorn serves it: slow senders, large bodies, chunked ones."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack

import pytest

from tests.process import environment

THREADS = 4


@pytest.fixture(scope="module")
def port(django_db_setup):
    """A web process of its own, with four threads, on the test's empty database."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "finova.asgi:application"]
    command += ["--port", str(free), "--lifespan", "off", "--log-level", "error"]
    with subprocess.Popen(
        command, env=environment(WEB_THREADS=str(THREADS))
    ) as process:
        try:
            wait_for(free)
            yield free
        finally:
            process.terminate()
            assert process.wait(5) in (0, -15)


def wait_for(port):
    """A machine that runs other tests too takes its time."""
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        try:
            return page(port)
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the site did not start")


def page(port):
    url = f"http://127.0.0.1:{port}/accounts/login/"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def head(*headers, path="/accounts/login/"):
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def status_of(sender):
    return int(sender.recv(65536).split()[1])


def test_slow_bodies_on_more_connections_than_threads_hold_nobody_up(port):
    with ExitStack() as stack:
        for _ in range(THREADS * 3):
            sender = stack.enter_context(connect(port))
            sender.sendall(head("Content-Length: 1000") + b"a=")
        time.sleep(0.5)
        started = time.monotonic()
        for _ in range(10):
            assert page(port) == 200
        assert time.monotonic() - started < 5


def test_a_body_that_never_ends_is_told_so(port):
    with connect(port) as sender:
        sender.sendall(head("Content-Length: 1000") + b"a=")
        started = time.monotonic()
        assert status_of(sender) == 408
        assert 8 < time.monotonic() - started < 14


@pytest.mark.parametrize(
    ("size", "status"), [(1024 * 1024, 403), (1024 * 1024 + 1, 413)]
)
def test_a_body_over_a_megabyte_is_too_large(port, size, status):
    with connect(port) as sender:
        sender.sendall(head(f"Content-Length: {size}") + b"a" * size)
        # Without a CSRF token Django refuses what it does get to see.
        assert status_of(sender) == status


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/admin/trainers/trainer/1/change/", 6 * 1024 * 1024, 403),
        ("/admin/trainers/trainer/1/change/", 6 * 1024 * 1024 + 1, 413),
        ("/admin/accounts/user/1/change/", 1024 * 1024 + 1, 413),
    ],
)
def test_a_trainers_form_may_bring_a_photo(port, path, size, status):
    kind = "Content-Type: multipart/form-data; boundary=end"
    part = (
        b'--end\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    )
    body = part + b"a" * (size - len(part))
    with connect(port) as sender:
        sender.sendall(head(f"Content-Length: {size}", kind, path=path) + body)
        assert status_of(sender) == status


def test_a_program_is_told_so_in_json(port):
    size, path = 1024 * 1024 + 1, "/api/members/book-training-session"
    with connect(port) as sender:
        sender.sendall(head(f"Content-Length: {size}", path=path) + b"a" * size)
        answer = sender.makefile().read()
    assert answer.startswith("HTTP/1.1 413")
    assert json.loads(answer.splitlines()[-1])["code"] == "too_large"


@pytest.mark.parametrize("charset", ["hex", "utf-7", "undefined", '"no such"'])
def test_no_charset_but_utf_8_is_believed(port, charset):
    claim = f"Content-Type: application/x-www-form-urlencoded; charset={charset}"
    with connect(port) as sender:
        sender.sendall(head("Content-Length: 7", claim) + b"login=+")
        assert status_of(sender) == 403


def test_a_chunked_body_arrives_whole(port):
    chunks = b"5\r\nlogin\r\n3\r\n=me\r\n0\r\n\r\n"
    with connect(port) as sender:
        sender.sendall(head("Transfer-Encoding: chunked") + chunks)
        assert status_of(sender) == 403


def test_a_header_cannot_pass_for_another(port):
    with connect(port) as sender:
        sender.sendall(head("Content-Length: 0", "X_Forwarded_For: 1.2.3.4"))
        assert status_of(sender) == 403
