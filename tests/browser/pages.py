"""Every page that a person sees, in each state: a new one gets a line here.

Read by test_every_page.py, which tries each, and by screenshots.py, which takes its
picture. {day}, {session} and the other places are filled in by whoever reads.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.test import RequestFactory
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route


def sign_in_wrongly(tab: Tab) -> None:
    tab.get_by_label("Email").fill("maya@example.com")
    tab.get_by_label("Password").first.fill("not it")
    tab.locator("main form [type=submit]").first.click()
    tab.locator(".errorlist").first.wait_for()


def send_empty(tab: Tab) -> None:
    tab.locator("main form").first.evaluate("form => { form.noValidate = true; }")
    tab.locator("main form [type=submit]").first.click()
    tab.locator(".errorlist").first.wait_for()


def send_empty_time_off(tab: Tab) -> None:
    form = tab.locator("main form").last
    form.evaluate("form => { form.noValidate = true; }")
    form.locator("[type=submit]").click()
    tab.locator(".errorlist").first.wait_for()


def press(name: str) -> Callable[[Tab], None]:
    def then(tab: Tab) -> None:
        tab.locator("main").get_by_role("button", name=name, exact=True).click()

    return then


def decline(tab: Tab) -> None:
    tab.get_by_text("No time suits me").click()
    press("Cancel the session")(tab)


def ask_for(at: str, said: str) -> Callable[[Tab], None]:
    """Send the open panel's form for another time than it was made for."""

    def then(tab: Tab) -> None:
        hidden = tab.locator("#panel input[name=at]")
        now = hidden.input_value()
        wanted = at.replace("{date}", now.split("T")[0])
        hidden.evaluate("(input, at) => { input.value = at; }", wanted)
        tab.locator("#panel .button--main").click()
        tab.get_by_text(said).first.wait_for()

    return then


def lose_the_line(tab: Tab) -> None:
    tab.route("**/trainers/*/?*", lambda route: route.abort(), times=1)
    tab.locator(".grid .slot--available").first.click()
    tab.locator("#messages [data-offline]").wait_for()


def prove(tab: Tab, password: str) -> None:
    """Show once more who it is, where that is asked for."""
    if "/reauthenticate/" in tab.url:
        tab.get_by_label("Password").fill(password)
        tab.get_by_role("button", name="Go on").click()
        tab.wait_for_url(lambda url: "/reauthenticate/" not in url)


class Page(NamedTuple):
    name: str
    path: str
    # What it says in this state: another state than it claims does not count.
    says: str
    then: Callable[[Tab], None] | None = None


STAYS = "The session stays where it was"
TAKEN = "not available or already booked"
GRID = "/trainers/ana-ruiz/?week={day}"

VISITOR = [
    Page("home", "/", "Ana Ruiz"),
    Page("trainers", "/trainers/", "Bruno Keller"),
    Page("trainers-none", "/trainers/?q=nobody+of+this+name", "0 trainers"),
    Page("day", "/day/?day={day}", "Ana Ruiz"),
    Page("day-filtered", "/day/?day={day}&specialisation=Boxing&part=evening", "Bruno"),
    Page("day-over", "/day/?day=2020-01-06", "This day is over"),
    Page("week", GRID, "Booked"),
    Page("week-panel", GRID + "&at={day}T11:00", "Sign in to book"),
    Page("sign-in", "/accounts/login/", "Sign in"),
    Page("sign-in-refused", "/accounts/login/", "not correct", sign_in_wrongly),
    Page("join", "/accounts/signup/", "Join"),
    Page("join-refused", "/accounts/signup/", "is required", send_empty),
    Page("password-reset", "/accounts/password/reset/", "password"),
    Page("password-reset-sent", "/accounts/password/reset/done/", "mail"),
    Page("confirm-sent", "/accounts/confirm-email/", "mail"),
    Page("confirm-used-up", "/accounts/confirm-email/used-up/", "link"),
    Page("not-found", "/nowhere/", "This page is not here"),
    Page("forbidden", "/refused/403/", "403"),
    Page("too-many-tries", "/refused/429/", "Too many tries"),
    Page("broken", "/refused/500/", "That should not have happened"),
    Page("away", "/refused/503/", "One moment, please"),
    Page("styleguide", "/styleguide/", "Personal training"),
]

MEMBER = [
    Page("home-member", "/", "Ana Ruiz"),
    Page("week-member", GRID, "Yours"),
    Page("offline", GRID, "No connection", lose_the_line),
    Page("booking", GRID + "&at={day}T11:00", "Book this session"),
    Page("refusal", GRID + "&at={day}T10:00", "This time cannot be booked"),
    Page(
        "booking-refused",
        GRID + "&at={day}T11:00",
        "You could have instead",
        ask_for("{date}T10:00", TAKEN),
    ),
    Page(
        "booking-unread",
        GRID + "&at={day}T11:00",
        "time",
        ask_for("soon", "time"),
    ),
    Page("sessions", "/sessions/", "Upcoming"),
    Page("session", "/sessions/{session}/", "Ana Ruiz"),
    Page("cancel", "/sessions/{session}/cancel/", "You can cancel it freely until"),
    Page("cancel-late", "/sessions/{late}/cancel/", "Cancel it late"),
    Page("reschedule", "/sessions/{session}/reschedule/", "Move"),
    Page(
        "moving-refused",
        "/sessions/{session}/reschedule/ana-ruiz/?week={day}&at={day}T12:00",
        STAYS,
        ask_for("{date}T10:00", STAYS),
    ),
    Page(
        "undo",
        "/sessions/{spare}/cancel/",
        "For a minute you can take it back",
        press("Cancel the session"),
    ),
    Page("offer", "/sessions/{offered}/offer/", "We keep this time for you until"),
    Page("offer-times", "/sessions/{offered}/offer/times/", "In place of"),
    Page(
        "offer-declined",
        "/sessions/{declined}/offer/",
        "It does not count as a late cancellation",
        decline,
    ),
    Page("calendar", "/sessions/calendar/", "Your calendar feed is off"),
    Page(
        "calendar-address",
        "/sessions/calendar/",
        "It is shown only now.",
        press("Make my calendar address"),
    ),
    Page("account", "/account/", "Signed-in devices"),
    Page("profile", "/account/profile/", "Name"),
    Page("tokens", "/account/tokens/", "Make a token"),
    Page("delete-account", "/account/delete/", "Delete your account?"),
    Page("email", "/accounts/email/", "A new address"),
    Page("password", "/accounts/password/change/", "Change your password"),
    Page("devices", "/accounts/sessions/", "This device"),
    Page("two-factor", "/accounts/2fa/", "second step"),
    Page("passkeys", "/accounts/2fa/webauthn/", "passkey"),
    Page("sign-out", "/accounts/logout/", "Sign out"),
]


def click(what: str) -> Callable[[Tab], None]:
    return lambda tab: tab.locator(what).first.click()


def take_the_day_off(tab: Tab) -> None:
    day = tab.url.partition("#")[2]
    tab.get_by_label("First day").fill(day)
    tab.get_by_role("button", name="Take it").click()


TRAINER = [
    Page("coach", "/coach/?week={day}", "What the member wrote"),
    Page("coach-today", "/coach/", "My week"),
    Page("coach-earlier", "/coach/?week={earlier}", "Did not come"),
    Page("coach-nobody", "/coach/?week=2020-01-06", "Nobody has booked you this week"),
    Page(
        "coach-marked",
        "/coach/?week={earlier}",
        "Took place: 09:00, Maya Lindqvist.",
        click("button:has-text('Took place')"),
    ),
    Page("coach-slots", "/coach/slots/", "A press makes a slot"),
    Page(
        "coach-slot-set",
        "/coach/slots/",
        "Monday, 08:00: Unavailable.",
        click("[id='slot-1-08:00']"),
    ),
    Page("coach-time-off", "/coach/time-off/", "For staff: dentist"),
    Page("coach-time-off-refused", "/coach/time-off/", "required", send_empty_time_off),
    Page(
        "coach-time-off-sure",
        "/coach/time-off/#{day}",
        "Nobody is cancelled by this",
        take_the_day_off,
    ),
    Page("coach-calendar", "/coach/calendar/", "the first name and the kind"),
    Page(
        "coach-calendar-address",
        "/coach/calendar/",
        "It is shown only now.",
        press("Make my calendar address"),
    ),
]


def show_refusals(tab: Tab) -> None:
    """/refused/<status>/ is the page of that status, which nobody provokes quickly.

    They are made here, where the database is the test's: who handles a route has a
    connection of their own, which nobody closes.
    """
    pages = {status: refusal(status) for status in (403, 429, 500, 503)}

    def fulfil(route: Route) -> None:
        status = int(route.request.url.split("/")[-2])
        route.fulfill(status=status, body=pages[status], content_type="text/html")

    tab.route("**/refused/*/", fulfil)


def refusal(status: int) -> bytes:
    from django.contrib.auth.models import AnonymousUser

    from finova.errors import BROKEN, LOOK_AGAIN, refuse

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    sentence = BROKEN if status == 500 else LOOK_AGAIN
    context = {"sentence": sentence, "request_id": "5d41402abc4b2a76", "minutes": 5}
    return refuse(request, status, context, greets=status < 500).content
