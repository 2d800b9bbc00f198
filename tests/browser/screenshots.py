"""Each page's picture, wide, on a phone and dark, from a demo gym made for the purpose.

make screenshots
python -m tests.browser.screenshots desk    only those whose names begin so
"""

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
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


def check_in(tab: Page) -> None:
    tab.locator(".visits").get_by_role("button", name="Check in").first.click()
    tab.get_by_text("is checked in").wait_for()


def book_by_phone(tab: Page) -> None:
    tab.get_by_label("Who is calling?").fill("may")
    tab.get_by_role("button", name="Search").click()
    tab.get_by_label("Trainer").select_option("Ana Ruiz")
    tab.get_by_role("button", name="Show").click()
    tab.get_by_role("heading", name="Ana Ruiz").wait_for()
    tab.locator("button.slot--available").nth(3).click()
    tab.get_by_text("Booked:").wait_for()


def open_its_session(tab: Page) -> None:
    book_by_phone(tab)
    tab.get_by_role("link", name="See the session").click()
    tab.get_by_text("Cancel…").click()


def call_in_sick(tab: Page) -> None:
    tab.get_by_role("link", name="Ana Ruiz").click()
    tab.get_by_role("link", name="Add time off").click()
    for day in ("first_day", "last_day"):
        tab.locator(f".field-{day}").get_by_role("link", name="Today").click()
    tab.get_by_label("Reason:", exact=True).fill("Called at eight")
    tab.get_by_label("Reason for members").fill("Ana cannot come today.")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_role("link", name="Put other trainers in today").click()


def offer_other_times(tab: Page) -> None:
    tab.get_by_role("link", name="See the sessions").first.click()
    tab.get_by_role("button", name="Offer everyone another time").click()
    for answer in ("Takes it", "Cancels"):
        tab.get_by_role("button", name=answer).first.click()
        tab.wait_for_load_state()


# The front desk's day, in order and by the words on the buttons: docs/front-desk.md.
SESSIONS = "/admin/bookings/trainingsession/"
DESK = [
    pages.Page("desk-today", "/admin/", "Late: call them"),
    pages.Page("desk-list", "/admin/", "is checked in", check_in),
    pages.Page("desk-booked", f"{SESSIONS}phone/", "Booked:", book_by_phone),
    pages.Page("desk-session", f"{SESSIONS}phone/", "Cancel…", open_its_session),
    pages.Page("desk-ill", "/admin/trainers/trainer/", "To call", call_in_sick),
    pages.Page("desk-offers", "/admin/trainers/timeoff/", "Taken", offer_other_times),
]


def modes_of(page: pages.Page) -> list[str]:
    """One of each of the desk's: its guide is one page. The list is for any pocket."""
    if page not in DESK:
        return list(MODES)
    return ["phone"] if page.name == "desk-list" else ["wide"]


def zone_of_a_morning(now: datetime) -> str:
    """Where it is past nine now: the pictures show a desk that is busy."""
    east = (9 - now.hour + 9) % 24 - 9
    return f"Etc/GMT{-east:+d}"


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
            "TIME_ZONE": zone_of_a_morning(datetime.now(UTC)),
        }
        command = [sys.executable, "-m", "finova.supervisor"]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as site:
            for line in site.stdout or ():
                if "Ctrl-C" in line:
                    break
            try:
                take_pictures(f"http://localhost:{port}", tuple(sys.argv[1:]) or ("",))
            finally:
                site.send_signal(signal.SIGTERM)
                site.communicate()


def take_pictures(site: str, wanted: tuple[str, ...]) -> None:
    from bookings import demo

    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=args)
        visitor = browser.new_context(base_url=site).new_page()
        member = sign_in(browser, site, demo.MEMBER)
        trainer = sign_in(browser, site, demo.TRAINER)
        desk = sign_in(browser, site, demo.FRONT_DESK)
        places = look_around(member)
        for tab, listed in (
            (visitor, pages.VISITOR),
            (member, pages.MEMBER),
            (trainer, pages.TRAINER),
            (desk, DESK),
        ):
            pages.show_refusals(tab)
            for page in listed:
                if page.name not in NOT_HERE and page.name.startswith(wanted):
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
    modes = modes_of(page)
    tab.set_viewport_size(MODES[modes[0]][0])  # type: ignore[arg-type]
    tab.goto(path)
    pages.prove(tab, PASSWORD)
    if page.then is not None:
        page.then(tab)
    tab.wait_for_load_state("networkidle")
    for mode in modes:
        size, scheme = MODES[mode]
        tab.set_viewport_size(size)  # type: ignore[arg-type]
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        file = PICTURES / f"{page.name}-{mode}.png"
        image = Image.open(io.BytesIO(tab.screenshot(animations="disabled")))
        # A hundred colours show all that the pages have, at a fifth of the bytes.
        image.convert("RGB").quantize(128).save(file, optimize=True)
    print(f"→ docs/screenshots/{page.name}-{{{','.join(modes)}}}.png", flush=True)


if __name__ == "__main__":
    main()
