"""Each page's picture, wide, on a phone and dark, from a demo gym made for the purpose.

make screenshots
"""

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import pages
from tests.browser.chromium import executable

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
WIDE, PHONE = {"width": 1240, "height": 900}, {"width": 390, "height": 844}
MODES = {"wide": (WIDE, "light"), "phone": (PHONE, "light"), "dark": (WIDE, "dark")}

# What the demo gym is not in, or what another picture shows better.
NOT_HERE = {"cancel-late", "day-filtered", "refusal", "booking-refused", "sign-out"}
NOT_HERE |= {"coach-earlier", "coach-marked", "coach-slot-set", "coach-nobody"}
NOT_HERE |= {"coach-today", "coach-time-off-refused", "coach-calendar-address"}
NOT_HERE |= {"offer", "offer-times", "offer-declined"}
NOT_HERE |= {"moving-refused", "booking-unread", "undo", "sign-in-refused", "week"}


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
    from bookings import demo

    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=args)
        visitor = browser.new_context(base_url=site).new_page()
        member = sign_in(browser, site, demo.MEMBER)
        trainer = sign_in(browser, site, demo.TRAINER)
        places = look_around(member)
        for tab, listed in (
            (visitor, pages.VISITOR),
            (member, pages.MEMBER),
            (trainer, pages.TRAINER),
        ):
            pages.show_refusals(tab)
            for page in listed:
                if page.name not in NOT_HERE:
                    photograph(tab, page, places)
        browser.close()


def sign_in(browser: Browser, site: str, email: str) -> Page:
    from bookings.demo import PASSWORD

    tab = browser.new_context(base_url=site).new_page()
    tab.goto("/accounts/login/")
    tab.get_by_label("Email").fill(email)
    tab.get_by_label("Password").first.fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.get_by_role("button", name="Sign out").wait_for()
    return tab


def look_around(tab: Page) -> dict[str, str]:
    """A free time of next week, and a session that is ahead."""
    tab.goto("/trainers/ana-ruiz/")
    tab.get_by_role("link", name="Next week →").click()
    tab.wait_for_url("**week=**")
    tab.wait_for_load_state("networkidle")
    at = tab.locator(".grid button:enabled").nth(9).get_attribute("value") or ""
    tab.goto("/sessions/")
    session = tab.locator("a[href$='/cancel/']").first.get_attribute("href") or ""
    return {"at": at, "day": at.split("T")[0], "session": session.split("/")[2]}


def photograph(tab: Page, page: pages.Page, places: dict[str, str]) -> None:
    from bookings.demo import PASSWORD

    path = page.path.replace("{day}T11:00", "{at}").format(**places)
    tab.set_viewport_size(WIDE)  # type: ignore[arg-type]
    tab.goto(path)
    pages.prove(tab, PASSWORD)
    if page.then is not None:
        page.then(tab)
    tab.wait_for_load_state("networkidle")
    for mode, (size, scheme) in MODES.items():
        tab.set_viewport_size(size)  # type: ignore[arg-type]
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        file = PICTURES / f"{page.name}-{mode}.png"
        image = Image.open(io.BytesIO(tab.screenshot(animations="disabled")))
        # A hundred colours show all that the pages have, at a fifth of the bytes.
        image.convert("RGB").quantize(128).save(file, optimize=True)
    print(f"→ docs/screenshots/{page.name}-{{{','.join(MODES)}}}.png", flush=True)


if __name__ == "__main__":
    main()
