"""A trainer's week in the admin: painted by hand, and hours that strand a session."""

from datetime import time

import pytest
from playwright.sync_api import expect

from bookings.domain.projection import refresh_schedule
from tests.browser.test_every_page import AXE
from tests.factories import book
from trainers.clock import gym_now


@pytest.fixture
def ana(ana):
    """Thursdays from 9 to 15."""
    ana.working_hours.create(day_of_week=4, starts_at=time(9), ends_at=time(15))
    ana.working_hours.create(day_of_week=5, starts_at=time(9), ends_at=time(15))
    refresh_schedule(ana.pk)
    return ana


@pytest.fixture
def week(visit, frieda, ana):
    page = visit(frieda)
    page.goto(f"/admin/trainers/trainer/{ana.pk}/change/")
    return page


def cell(page, name):
    return page.locator("td").get_by_role("button", name=name)


def said(ana, status):
    slots = ana.slots.filter(status=status)
    return [f"{slot.day_of_week} {slot.time_slot:%H}" for slot in slots]


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def drag(page, start, end):
    cell(page, start).scroll_into_view_if_needed()
    cell(page, start).hover()
    page.mouse.down()
    cell(page, end).hover()
    page.mouse.up()


def test_dragging_over_slots_sets_the_chosen_word(week, ana):
    week.get_by_label("Break").check()
    drag(week, "Thursday 10:00", "Friday 11:00")
    expect(cell(week, "Friday 11:00: Break, changed, not saved yet")).to_have_text(
        "Break"
    )
    expect(week.locator(".weekly__said")).to_have_text("Break: 4. Save to keep it.")
    week.get_by_label("Unavailable").check()
    cell(week, "Friday 14:00").click()
    assert said(ana, "break") == []
    save(week)
    assert said(ana, "break") == ["4 10", "4 11", "5 10", "5 11"]
    assert said(ana, "unavailable") == ["5 14"]


def test_the_keyboard_does_too(week, ana):
    week.get_by_label("Break").focus()
    week.keyboard.press("Space")
    week.keyboard.press("Tab")
    expect(cell(week, "Thursday 09:00")).to_be_focused()
    for key in ("ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight", "Space"):
        week.keyboard.press(key)
    expect(cell(week, "Friday 11:00")).to_be_focused()
    week.keyboard.press("ArrowUp")
    week.keyboard.press("ArrowUp")
    week.keyboard.press("Enter")
    save(week)
    assert said(ana, "break") == ["4 10", "4 11", "5 09", "5 10", "5 11"]


# axe tries inline styles on what is only for some windows, and is refused.
AXE_ITSELF = ["Applying inline style", "preload assets"]


def axe_says(page, where):
    page.evaluate(AXE)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("where => axe.run(where)", where)
        yield from (wrong["id"] for wrong in found["violations"])


def test_hours_that_strand_a_session_ask_first(visit, week, ana, maya, next_thursday):
    visit.forgiven += AXE_ITSELF
    session = book(maya, ana, next_thursday, 14, now=gym_now())
    week.reload()
    week.locator("[name=working_hours-0-ends_at]").fill("12:00")
    assert list(axe_says(week, ".weekly")) == []
    week.get_by_role("button", name="Save", exact=True).click()

    week.wait_for_url("**/hours/?**")
    assert list(axe_says(week, "body")) == []
    week.get_by_role("button", name="Apply the new hours").click()
    expect(week.get_by_text("Decide what becomes of it.")).to_be_visible()
    week.get_by_label("Move to").check()
    week.get_by_role("button", name="Apply the new hours").click()

    expect(week.get_by_text("1 session moved.")).to_be_visible()
    session.refresh_from_db()
    assert session.start_time == time(11)
    assert ana.slots.filter(day_of_week=4).count() == 3
