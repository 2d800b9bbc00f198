"""The main job, as members do it."""

import re
from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from bookings.domain.booking import complete_session
from bookings.models import TrainingSession
from tests.factories import book
from trainers.clock import gym_now
from trainers.models import SlotStatus

GREEN, RED = "rgb(21, 128, 61)", "rgb(236, 138, 129)"
GREY, YELLOW = "rgb(214, 217, 222)", "rgb(246, 221, 134)"


def cell(page, day, hour):
    return page.locator(f"#cell-{day}T{hour:02}\\:00 > *")


def week_of(trainer, day):
    return f"/trainers/{trainer.slug}/?day={day}"


def test_the_seeds_manual_test(visit, ana, maya, omar, next_thursday):
    day, week = next_thursday, week_of(ana, next_thursday)
    ana.slots.filter(time_slot=time(13)).update(status=SlotStatus.BREAK)
    ana.slots.filter(time_slot=time(14)).update(status=SlotStatus.UNAVAILABLE)

    # The colours, and who can be clicked.
    mayas, omars = visit(maya), visit(omar)
    mayas.goto(week)
    omars.goto(week)
    expect(cell(mayas, day, 9)).to_have_css("background-color", GREEN)
    expect(cell(mayas, day, 9)).to_be_enabled()
    expect(cell(mayas, day, 13)).to_have_css("background-color", YELLOW)
    expect(cell(mayas, day, 13)).to_be_disabled()
    expect(cell(mayas, day, 14)).to_have_css("background-color", GREY)
    expect(cell(mayas, day, 14)).to_be_disabled()

    # Book a session: the slot becomes red, and hers.
    cell(mayas, day, 9).click()
    panel = mayas.get_by_role("dialog")
    expect(panel).to_contain_text("09:00 – 10:00")
    expect(panel).to_contain_text("Ana Ruiz")
    expect(panel).to_contain_text("€75.00")
    panel.get_by_label("Session type").select_option("Consultation")
    panel.get_by_label("Notes for Ana").fill("Focus on strength training")
    panel.get_by_role("button", name="Book this session").click()
    expect(mayas.get_by_role("status")).to_contain_text("Booked:")
    expect(cell(mayas, day, 9)).to_have_text("Yours")
    expect(cell(mayas, day, 9)).to_have_css("background-color", RED)
    expect(panel).to_be_hidden()
    session = TrainingSession.objects.get()
    assert (session.client, session.session_type) == (maya, "consultation")
    assert session.notes == "Focus on strength training"

    # Book the same slot from a page that still shows it green: refused, and red.
    cell(omars, day, 9).click()
    expect(omars.get_by_role("status")).to_contain_text(
        "Selected time slot is not available or already booked"
    )
    expect(cell(omars, day, 9)).to_have_text("Booked")
    expect(cell(omars, day, 9)).to_be_disabled()

    # Complete it: available again.
    complete_session(session, by=maya, now=gym_now(), early_is_fine=True)
    omars.reload()
    expect(cell(omars, day, 9)).to_have_css("background-color", GREEN)
    expect(cell(omars, day, 9)).to_be_enabled()


def test_taken_between_panel_and_confirmation(visit, ana, maya, omar, next_thursday):
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))
    cell(page, next_thursday, 9).click()
    button = page.get_by_role("button", name="Book this session")
    expect(button).to_be_visible()
    book(omar, ana, next_thursday, 9, now=gym_now())

    button.click()

    refusal = page.get_by_role("dialog", name="This was not booked")
    expect(refusal).to_have_accessible_description(re.compile("already booked"))
    expect(cell(page, next_thursday, 9)).to_have_text("Booked")
    assert TrainingSession.objects.get().client == omar


def test_without_javascript(visit, ana, maya, next_thursday):
    page = visit(maya, java_script_enabled=False)
    page.goto(week_of(ana, next_thursday))
    cell(page, next_thursday, 9).click()
    page.get_by_role("button", name="Book this session").click()

    expect(page.get_by_role("status")).to_contain_text("Booked:")
    expect(cell(page, next_thursday, 9)).to_have_text("Yours")
    page.get_by_role("link", name="Next week →").click()
    expect(cell(page, next_thursday, 9)).to_have_count(0)
    page.get_by_role("link", name="My sessions").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_text("Cancelled: ")).to_be_visible()


APPEARING = """[...document.querySelector("dialog").getAnimations()]
    .filter((each) => each.animationName === "panel-appears")"""
HOLD = f"""{APPEARING}.forEach((each) => {{ each.pause(); each.currentTime = 300; }})"""
LET_GO = f"{APPEARING}.forEach((each) => each.finish())"


@pytest.mark.parametrize("width", [1280, 900, 390])
def test_a_second_click_meets_the_same_cell(visit, ana, maya, next_thursday, width):
    """Wherever the panel appears: it books nothing unasked, and no other cell."""
    page = visit(maya)
    page.set_viewport_size({"width": width, "height": 850})
    saturday = next_thursday + timedelta(days=2)
    for hour in (9, 12, 14):
        page.goto(week_of(ana, saturday))
        choice = page.locator(f"button[value='{saturday}T{hour:02}:00']:visible")
        choice.scroll_into_view_if_needed()
        box = choice.bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.click(*middle)
        page.get_by_role("dialog").wait_for()
        # The moment of a second click is held: a busy machine would let it pass by.
        page.evaluate(HOLD)
        page.mouse.click(*middle)
        page.evaluate(LET_GO)
        page.wait_for_timeout(100)
        expect(page.get_by_role("dialog")).to_contain_text(f"{hour:02}:00 –")
    assert not TrainingSession.objects.exists()


def test_by_keyboard_alone(visit, ana, maya, next_thursday):
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))

    def focused():
        return page.evaluate("document.activeElement.closest('[id]')?.id ?? ''")

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)

    page.get_by_text("Open times as a list").focus()
    press("Tab")
    ours = f"cell-{next_thursday}T09:00"
    assert focused() == f"cell-{next_thursday - timedelta(days=3)}T07:00"
    press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown")
    assert focused() == ours
    # One tab stop: the next Tab leaves the grid.
    press("Tab")
    assert not focused().startswith("cell-")
    page.keyboard.press("Shift+Tab")
    assert focused() == ours

    press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    press("Escape")
    expect(page.locator("#panel")).to_have_count(0)
    expect(cell(page, next_thursday, 9)).to_be_focused()

    press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    press("Tab", "Tab", "Tab", "Tab", "Tab")
    expect(page.get_by_role("button", name="Book this session")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Booked:")
    expect(cell(page, next_thursday, 9)).to_have_text("Yours")
    expect(cell(page, next_thursday, 9)).to_be_focused()


def test_on_a_phone(visit, ana, maya, next_thursday):
    page = visit(maya, width=390, height=844)
    page.goto(week_of(ana, next_thursday))
    expect(page.locator(".grid")).to_be_hidden()
    day = page.locator(".days")
    evening = day.get_by_role("button", name="18:00")
    evening.scroll_into_view_if_needed()
    place = day.bounding_box()["y"]
    evening.click()
    page.get_by_role("button", name="Book this session").click()

    expect(page.get_by_role("status")).to_contain_text("Booked:")
    expect(day).to_contain_text("Yours")
    # The list stays where it was, and the answer is in sight there.
    assert abs(day.bounding_box()["y"] - place) < 60
    expect(page.get_by_text("Booked: ")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_a_visitor_is_back_at_the_time_after_signing_in(
    visit, ana, maya, next_thursday
):
    page = visit()
    page.goto(week_of(ana, next_thursday))
    cell(page, next_thursday, 9).click()
    page.get_by_role("link", name="Sign in to book").click()
    page.get_by_label("Email").fill(maya.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Book this session").click()
    expect(cell(page, next_thursday, 9)).to_have_text("Yours")


def test_from_the_front_page_to_the_trainers(visit, ana, maya):
    page = visit(maya)
    page.goto("/")
    page.locator(".grid button:enabled").first.click()
    page.wait_for_url("**/trainers/ana-ruiz/**")
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("status")).to_contain_text("Booked:")


def test_the_weeks_turn_and_the_back_button_brings_them_back(visit, ana, next_thursday):
    page = visit()
    page.goto(week_of(ana, next_thursday))
    title = page.locator("#week-title").inner_text()
    page.get_by_role("link", name="Next week →").click()
    expect(page.locator("#week-title")).not_to_have_text(title)
    page.go_back()
    expect(page.locator("#week-title")).to_have_text(title)
    expect(page.locator(".masthead")).to_be_visible()


def test_a_dead_network_says_so(visit, ana, maya, next_thursday):
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))
    page.route("**/trainers/**", lambda route: route.abort())
    visit.forgiven += ["net::ERR_FAILED", "htmx:"]
    cell(page, next_thursday, 9).click()
    expect(page.get_by_role("status")).to_contain_text("cannot be reached")


def test_staff_close_a_slot_in_the_admin(visit, ana, frieda, next_thursday):
    page = visit(frieda)
    page.goto(f"/admin/trainers/trainer/{ana.pk}/change/")
    page.get_by_label("Break").check()
    page.get_by_role("button", name="Thursday 09:00").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(week_of(ana, next_thursday))
    expect(cell(page, next_thursday, 9)).to_have_text("Break")
