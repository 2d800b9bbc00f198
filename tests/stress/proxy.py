"""A network that loses answers: the request arrives, the answer never does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class LosingProxy:
    """Passes requests on to the site, waits for the answer and hangs up instead."""

    def __init__(self, site_port: int) -> None:
        self.site_port = site_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.swallowed: list[bytes] = []
        self.threads: list[threading.Thread] = []

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self.listener.accept()
                thread = threading.Thread(target=self.lose_answer, args=(caller,))
                thread.start()
                self.threads.append(thread)

    def lose_answer(self, caller: socket.socket) -> None:
        """One request, which asks the site to close the connection afterwards."""
        site = socket.create_connection(("127.0.0.1", self.site_port), timeout=20)
        with caller, site:
            caller.settimeout(20)
            site.sendall(whole_request(caller))
            answer = b""
            while not (answer and is_whole(answer)):
                answer += site.recv(65536)
            self.swallowed.append(answer.partition(b"\r\n\r\n")[2])


def whole_request(caller: socket.socket) -> bytes:
    request = b""
    while not (request and is_whole(request)):
        request += caller.recv(65536)
    return request


def is_whole(message: bytes) -> bool:
    """Head and body are there, as long as Content-Length says."""
    head, _, body = message.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


@contextmanager
def losing_proxy(site_port: int) -> Iterator[LosingProxy]:
    proxy = LosingProxy(site_port)
    accepting = threading.Thread(target=proxy.serve)
    accepting.start()
    try:
        yield proxy
    finally:
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()
        accepting.join()
        for thread in proxy.threads:
            thread.join()
