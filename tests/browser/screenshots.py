"""The README's pictures, taken from a demo gym made for the purpose.

make screenshots
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import executable

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "PORT": str(port),
            "FINOVA_DATA_DIR": f"{folder}/data",
        }
        command = [sys.executable, "-m", "finova.supervisor"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as site:
            for line in site.stdout or ():
                if "Ctrl-C" in line:
                    break
            try:
                take_pictures(f"http://localhost:{port}")
            finally:
                site.send_signal(signal.SIGTERM)
                site.communicate()


def take_pictures(site: str) -> None:
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=args)
        wide = sign_in(browser, site, width=1240, height=980)
        book_one(wide)
        save(wide, "week.png")
        save(sign_in(browser, site, width=1240, height=980, dark=True), "week-dark.png")
        save(sign_in(browser, site, width=390, height=844), "week-phone.png")
        browser.close()


def sign_in(
    browser: Browser, site: str, *, width: int, height: int, dark: bool = False
) -> Page:
    from bookings.demo import MEMBER, PASSWORD

    context = browser.new_context(
        base_url=site,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.goto("/accounts/login/?next=/trainers/ana-ruiz/")
    page.get_by_label("Email").fill(MEMBER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Next week →").click()
    page.wait_for_url("**week=**")
    return page


def book_one(page: Page) -> None:
    free = page.locator(".grid button:enabled")
    free.nth(1).click()
    page.get_by_role("button", name="Book this session").click()
    page.get_by_text("Booked:").wait_for()
    page.reload()
    free.nth(3).click()
    page.locator("#panel").wait_for()


def save(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / name)
    print(f"→ docs/screenshots/{name}")


if __name__ == "__main__":
    main()
