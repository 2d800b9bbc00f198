"""One web process of `make run`: uvicorn on a socket that the supervisor opened.

    python -m finova.worker SOCKET_FD LIFELINE_FD

The lifeline is a pipe that the supervisor holds open. When it closes, the
supervisor is gone, and the worker goes too instead of keeping the port.
"""

import os
import signal
import socket
import sys
import threading

import uvicorn

GRACE_SECONDS = 1


def follow(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main(socket_fd: int, lifeline_fd: int) -> None:
    threading.Thread(target=follow, args=(lifeline_fd,), daemon=True).start()
    config = uvicorn.Config(
        "finova.asgi:application",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        # There is no proxy in front; whoever says so is not believed.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=socket_fd)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
