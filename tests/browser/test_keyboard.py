"""The whole way with a keyboard alone: no mouse, no finger."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from finova.accounts.models import User
from tests.factories import PASSWORD

NAME = """() => {
  const here = document.activeElement;
  const label = here.getAttribute("aria-label") ?? here.labels?.[0]?.textContent;
  return (label ?? here.textContent).replace(/\\s+/g, " ").trim();
}"""


class Keyboard:
    """Someone who presses keys and hears where they are."""

    def __init__(self, page):
        self.page = page

    @property
    def here(self):
        return self.page.evaluate(NAME)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, name):
        """Tab on until something of that name has the focus; it must be shown."""
        passed = []
        for _ in range(60):
            self.press("Tab")
            passed.append(self.here)
            if passed[-1].startswith(name):
                assert self.page.evaluate(
                    "document.activeElement.matches(':focus-visible')"
                )
                return
        pytest.fail(f"Tab never reached {name!r}, but {passed}")

    def go(self, name):
        self.tab_to(name)
        self.press("Enter")

    def type(self, field, text):
        self.tab_to(field)
        self.page.keyboard.type(text)


@pytest.fixture
def keyboard(visit):
    page = visit()
    page.goto("/")
    return Keyboard(page)


def sign_up(keyboard):
    page = keyboard.page
    keyboard.go("Join")
    page.wait_for_url("**/signup/**")
    keyboard.type("Your name", "Nora Novak")
    keyboard.type("Email", "nora@example.com")
    keyboard.type("Password", PASSWORD)
    keyboard.press("Enter")
    page.wait_for_url("**/confirm-email/")
    (link,) = re.findall(r"http://\S+/accounts/confirm-email/\S+", mail.outbox[0].body)
    page.goto(link)
    keyboard.go("Yes, it is mine")
    page.wait_for_url(lambda url: "confirm-email" not in url)
    return User.objects.get(email="nora@example.com")


def book_on_thursday_at_nine(keyboard):
    page = keyboard.page
    keyboard.go("Trainers")
    page.wait_for_url("**/trainers/")
    keyboard.go("Ana Ruiz")
    page.wait_for_url("**/trainers/ana-ruiz/**")
    keyboard.go("Next week →")
    page.wait_for_url("**?week=*")
    expect(page.get_by_role("link", name="Next week →")).to_be_focused()
    keyboard.tab_to("Monday")
    keyboard.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown")
    assert re.fullmatch(r"Thursday .*, 09:00 with Ana Ruiz: open", keyboard.here)
    keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    keyboard.tab_to("Until")
    keyboard.press("ArrowDown")
    keyboard.go("Book this session")
    expect(page.get_by_role("status")).to_contain_text("Booked:")
    expect(page.locator(".grid a:focus")).to_have_text("Yours")
    assert re.fullmatch(r"Thursday .*, 09:00 with Ana Ruiz: yours", keyboard.here)


def move_to_friday(keyboard):
    page = keyboard.page
    keyboard.go("Reschedule")
    page.wait_for_url("**/reschedule/")
    keyboard.tab_to("Monday")
    keyboard.press(*["ArrowRight"] * 4, "ArrowDown", "ArrowDown")
    assert re.fullmatch(r"Friday .*, 09:00 with Ana Ruiz: open", keyboard.here)
    keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    keyboard.go("Move the session")
    page.wait_for_url("**/sessions/")
    expect(page.locator("#messages")).to_contain_text("Moved: from Thursday")


def cancel(keyboard):
    page = keyboard.page
    keyboard.go("Cancel")
    page.wait_for_url("**/cancel/")
    keyboard.go("Cancel the session")
    page.wait_for_url("**/sessions/")
    expect(page.get_by_text("Cancelled: Friday")).to_be_visible()


def test_a_new_member_books_reschedules_and_cancels(ana, keyboard):
    nora = sign_up(keyboard)
    book_on_thursday_at_nine(keyboard)

    session = nora.sessions.get()
    assert f"{session.session_date:%A} {session.start_time:%H:%M}" == "Thursday 09:00"
    assert session.price == 150
    keyboard.press("Enter")
    keyboard.page.wait_for_url(f"**/sessions/{session.pk}/")
    move_to_friday(keyboard)
    session.refresh_from_db()
    assert f"{session.session_date:%A} {session.start_time:%H:%M}" == "Friday 09:00"
    cancel(keyboard)
    session.refresh_from_db()
    assert session.status == "cancelled"
