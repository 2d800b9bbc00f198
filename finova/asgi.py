"""What uvicorn runs: a router in front of Django's WSGI handler.

Pages are answered by Django's WSGI handler in threads, each with its own lasting
database connection; that serves three to four times the requests of Django's own
ASGI handler. A thread is precious, so a request gets one only when its body is
complete: otherwise as many slow senders as there are threads would hold the site.
"""

import asyncio
import json
import os

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import ASGIApp, HTTPScope, Receive, Scope, Send

from finova.wsgi import application as pages

THREADS = int(os.environ.get("WEB_THREADS", "8"))
BODY_BYTES = 1024 * 1024
# Staff send trainers' photos of up to 5 MB, in the trainer's form.
PHOTO_FORM, PHOTO_FORM_BYTES = "/admin/trainers/trainer/", 6 * 1024 * 1024
BODY_SECONDS = 10

TOO_LARGE = "too_large", "The body is too large: 1 MB at most. Nothing was changed."
TOO_SLOW = "too_slow", "The request took too long to arrive. Please try again."


class BodyTooLarge(Exception):
    pass


class SenderGone(Exception):
    pass


class BodyFirst:
    """Read each request's body to its end before passing the request on.

    Answers 413 to a body over BODY_BYTES (in PHOTO_FORM over PHOTO_FORM_BYTES), 408
    to one that takes longer than BODY_SECONDS, and nothing to a sender who has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(receive, most_bytes(scope["path"]))
        except BodyTooLarge:
            await refuse(scope, send, 413, *TOO_LARGE)
        except TimeoutError:
            await refuse(scope, send, 408, *TOO_SLOW)
        except SenderGone:
            return
        else:
            await self.app(with_length(scope, len(body)), replay(body), send)


def most_bytes(path: str) -> int:
    return PHOTO_FORM_BYTES if path.startswith(PHOTO_FORM) else BODY_BYTES


async def read_body(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        body += message.get("body", b"")
        if len(body) > most:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def with_length(scope: HTTPScope, length: int) -> HTTPScope:
    """WSGI reads no further than Content-Length, which a chunked body has not.

    Names with an underscore go: in WSGI they would pass for the hyphenated header.
    """
    dropped = (b"content-length", b"transfer-encoding")
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in dropped and b"_" not in name
    ]
    return {**scope, "headers": [*headers, (b"content-length", b"%d" % length)]}


def replay(body: bytes) -> Receive:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def refuse(
    scope: HTTPScope, send: Send, status: int, code: str, sentence: str
) -> None:
    """In JSON to a program, in the API's envelope; else as a plain sentence."""
    content_type, body = b"text/plain; charset=utf-8", sentence.encode()
    if scope["path"].startswith("/api/"):
        envelope = {"success": False, "error": sentence, "code": code}
        content_type, body = b"application/json", json.dumps(envelope).encode()
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


application = BodyFirst(WSGIMiddleware(pages, workers=THREADS))
