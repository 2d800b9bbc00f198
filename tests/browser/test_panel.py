"""The booking panel: where it stands, how it goes, and where the focus goes then."""

from datetime import time, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from bookings.models import TrainingSession
from tests.browser.test_booking import cell, week_of
from tests.factories import TrainerFactory, book
from trainers.clock import gym_now


def is_modal(page):
    return page.evaluate("document.getElementById('panel').matches(':modal')")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("way", ["escape", "cross"])
def test_it_closes_and_the_focus_is_back(visit, ana, maya, next_thursday, width, way):
    page = visit(maya, width=width)
    page.goto(week_of(ana, next_thursday))
    time_at_nine = page.locator(f"button[value='{next_thursday}T09:00']:visible")
    time_at_nine.click()
    expect(page.locator("#panel-title")).to_be_focused()
    assert is_modal(page) == (width == 390)
    if way == "escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("link", name="Close without booking").click()

    expect(page.locator("#panel")).to_have_count(0)
    expect(time_at_nine).to_be_focused()
    assert page.url.endswith(f"?day={next_thursday}")


def test_a_click_beside_it_closes_it_but_not_a_hasty_one(
    visit, ana, maya, next_thursday
):
    page = visit(maya, width=390, height=844)
    page.goto(f"{week_of(ana, next_thursday)}&at={next_thursday}T09:00")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.mouse.click(200, 20)
    page.wait_for_timeout(700)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.mouse.click(200, 20)
    expect(page.locator("#panel")).to_have_count(0)


def test_the_price_follows_the_length(visit, ana, maya, next_thursday):
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))
    cell(page, next_thursday, 9).click()
    panel = page.get_by_role("dialog")
    expect(panel.locator(".panel__facts")).to_contain_text("€75.00")

    panel.get_by_label("Until").select_option(label="12:00 · 3 h · €225.00")
    expect(panel.locator(".panel__facts")).to_contain_text("€225.00")
    expect(panel.locator(".panel__facts")).to_contain_text("3 h")
    expect(page.locator("#panel-title")).to_contain_text("09:00 – 12:00")
    panel.get_by_role("button", name="Book this session").click()

    expect(page.get_by_role("status")).to_contain_text("09:00 – 12:00 with Ana Ruiz")
    session = TrainingSession.objects.get()
    assert (session.end_time, session.price) == (time(12), 225)
    cell(page, next_thursday, 11).click()
    page.wait_for_url(f"**/sessions/{session.pk}/")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_refusal_offers_what_one_tap_books(
    visit, ana, maya, omar, next_thursday, width
):
    TrainerFactory(name="Bruno Keller")
    page = visit(maya, width=width)
    page.goto(week_of(ana, next_thursday))
    book(omar, ana, next_thursday, 9, now=gym_now())
    page.locator(f"button[value='{next_thursday}T09:00']:visible").click()

    panel = page.get_by_role("dialog", name="This time cannot be booked")
    expect(panel).to_contain_text("already booked")
    expect(page.locator("#panel-title")).to_be_focused()
    # As it stands: opened by a click, over the page where it is narrow.
    assert Axe().run(page).response["violations"] == []
    page.wait_for_timeout(700)
    panel.get_by_role("button", name="08:00 – 09:00 with Ana Ruiz").click()

    expect(page.get_by_role("status")).to_contain_text("Booked:")
    yours = page.locator(f"[id$='{next_thursday}T08:00'] > a:visible")
    expect(yours).to_contain_text("Yours")
    expect(yours).to_be_focused()
    assert maya.sessions.get().start_time == time(8)


def test_without_javascript(visit, ana, maya, omar, next_thursday):
    """The length, the refusal and another trainer's time, by forms alone."""
    bruno = TrainerFactory(name="Bruno Keller")
    page = visit(maya, java_script_enabled=False, width=390, height=844)
    page.goto(week_of(ana, next_thursday))
    page.get_by_role("button", name="09:00 Open").click()
    length = page.get_by_label("Until")
    length.select_option(label="11:00 · 2 h · €150.00")
    # No script keeps the facts in step, so they do not contradict the choice.
    expect(page.locator("[data-shows=price]")).to_be_hidden()
    book(omar, ana, next_thursday, 9, now=gym_now())
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("dialog")).to_contain_text("already booked")
    page.get_by_role("button", name="09:00 – 11:00 with Bruno Keller").click()

    assert page.url.endswith(f"{week_of(bruno, next_thursday)}")
    expect(page.get_by_role("status")).to_contain_text("Booked:")
    assert maya.sessions.get().price == 120
    page.get_by_role("link", name="Next day").click()
    friday = next_thursday + timedelta(days=1)
    expect(page.locator("#day-title")).to_contain_text(f"{friday.day} ")
