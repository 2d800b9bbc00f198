"""Every page that a person sees: a new one gets a line here.

Read by test_every_page.py, which tries each, and by screenshots.py, which takes its
picture. {day}, {session} and {trainer} are filled in by whoever reads.
"""

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page as Tab


def sign_in_wrongly(tab: Tab) -> None:
    tab.get_by_label("Email").fill("maya@example.com")
    tab.get_by_label("Password").first.fill("not it")
    tab.locator("main form [type=submit]").first.click()
    tab.locator(".errorlist").first.wait_for()


def send_empty(tab: Tab) -> None:
    tab.locator("main form").first.evaluate("form => { form.noValidate = true; }")
    tab.locator("main form [type=submit]").first.click()
    tab.locator(".errorlist").first.wait_for()


class Page(NamedTuple):
    name: str
    path: str
    then: Callable[[Tab], None] | None = None


VISITOR = [
    Page("home", "/"),
    Page("trainers", "/trainers/"),
    Page("trainers-none", "/trainers/?search=nobody+of+this+name"),
    Page("day", "/day/"),
    Page("week", "/trainers/ana-ruiz/?week={day}"),
    Page("week-panel", "/trainers/ana-ruiz/?week={day}&at={day}T11:00"),
    Page("sign-in", "/accounts/login/"),
    Page("sign-in-refused", "/accounts/login/", sign_in_wrongly),
    Page("join", "/accounts/signup/"),
    Page("join-refused", "/accounts/signup/", send_empty),
    Page("password-reset", "/accounts/password/reset/"),
    Page("password-reset-sent", "/accounts/password/reset/done/"),
    Page("confirm-sent", "/accounts/confirm-email/"),
    Page("confirm-used-up", "/accounts/confirm-email/used-up/"),
    Page("not-found", "/nowhere/"),
    Page("styleguide", "/styleguide/"),
]

MEMBER = [
    Page("home-member", "/"),
    Page("week-member", "/trainers/ana-ruiz/?week={day}"),
    Page("booking", "/trainers/ana-ruiz/?week={day}&at={day}T11:00"),
    Page("refusal", "/trainers/ana-ruiz/?week={day}&at={day}T10:00"),
    Page("sessions", "/sessions/"),
    Page("session", "/sessions/{session}/"),
    Page("cancel", "/sessions/{session}/cancel/"),
    Page("reschedule", "/sessions/{session}/reschedule/"),
    Page("calendar", "/sessions/calendar/"),
    Page("account", "/account/"),
    Page("profile", "/account/profile/"),
    Page("tokens", "/account/tokens/"),
    Page("delete-account", "/account/delete/"),
    Page("email", "/accounts/email/"),
    Page("password", "/accounts/password/change/"),
    Page("devices", "/accounts/sessions/"),
    Page("two-factor", "/accounts/2fa/"),
    Page("passkeys", "/accounts/2fa/webauthn/"),
    Page("sign-out", "/accounts/logout/"),
]
