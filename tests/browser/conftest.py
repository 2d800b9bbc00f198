import os
import socket
import threading
from datetime import timedelta

import pytest
import uvicorn
from django.core.cache import cache
from playwright.sync_api import expect

from tests.browser.chromium import MISSING, executable
from tests.factories import PASSWORD
from trainers.clock import gym_now

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def playwrights_loop_beside_the_orm():
    """Playwright's event loop runs in the test's thread, and Django would object."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = executable()
    assert path, MISSING
    return {
        **browser_type_launch_args,
        "executable_path": path,
        "args": ["--no-sandbox"] if os.geteuid() == 0 else [],
    }


@pytest.fixture(scope="session")
def server(django_db_setup):
    """The site as it is served: uvicorn, the router, Django in threads."""
    from finova.asgi import application

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        lifespan="off",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(
        target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True
    )
    thread.start()
    yield f"http://localhost:{listener.getsockname()[1]}"
    uvicorn_server.should_exit = True
    thread.join(5)


@pytest.fixture
def base_url(server, transactional_db):
    # Flushing the tables leaves the cache, and with it the count of sign-ins.
    cache.clear()
    return server


@pytest.fixture
def next_thursday():
    """In the week after this one, so that every slot of that week is ahead."""
    today = gym_now().date()
    return today + timedelta(days=7 - today.weekday() + 3)


class Watch:
    """What a page complained of, and whom it talked to."""

    def __init__(self, host):
        self.host = host
        self.complaints = []
        # A refusal has its true status, and Chromium notes each of them.
        self.forgiven = ["status of 409", "status of 422"]

    def over(self, page):
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.asked)
        return page

    def heard(self, message):
        forgiven = any(known in message.text for known in self.forgiven)
        if message.type in ("error", "warning") and not forgiven:
            self.complaints.append(message.text)

    def asked(self, request):
        if not request.url.startswith((self.host, "data:", "blob:")):
            self.complaints.append(f"asked another host: {request.url}")


@pytest.fixture
def visit(browser, base_url):
    """Open a browser window of one's own; no page in it may complain of anything."""
    watch = Watch(base_url)
    contexts = []

    def open_window(who=None, *, width=1280, height=900, **options):
        context = browser.new_context(
            base_url=base_url, viewport={"width": width, "height": height}, **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = watch.over(context.new_page())
        if who is not None:
            page.goto("/accounts/login/")
            page.get_by_label("Email").fill(who.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/")
        return page

    open_window.forgiven = watch.forgiven
    yield open_window
    for context in contexts:
        context.close()
    assert watch.complaints == []
