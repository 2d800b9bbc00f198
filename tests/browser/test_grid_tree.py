"""What Chromium tells a screen reader of the grid."""

from datetime import time

from playwright.sync_api import expect

from tests.browser.test_booking import week_of
from tests.factories import book
from trainers.clock import gym_now
from trainers.models import SlotStatus
from trainers.wording import day_name


def tree_of(page):
    return page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")[
        "nodes"
    ]


def said(node, what):
    return node.get(what, {}).get("value")


def test_each_cell_says_day_time_trainer_and_state(
    visit, ana, maya, omar, next_thursday
):
    ana.slots.filter(time_slot=time(13)).update(status=SlotStatus.BREAK)
    book(maya, ana, next_thursday, 9, now=gym_now())
    book(omar, ana, next_thursday, 10, now=gym_now())
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))
    nodes = tree_of(page)

    (grid,) = [node for node in nodes if said(node, "role") == "grid"]
    assert said(grid, "name") == page.locator("#week-title").inner_text()
    names = [said(node, "name") for node in nodes if said(node, "role") == "gridcell"]
    assert len(names) == 7 * 13
    on_thursday = f"{day_name(next_thursday)}, "
    told = [name for name in names if name.startswith(on_thursday)]
    states = ["open", "open", "yours", "booked", "open", "open", "break"]
    assert told[:7] == [
        f"{on_thursday}{hour:02}:00 with Ana Ruiz: {state}"
        for hour, state in enumerate(states, start=7)
    ]
    assert all(": " in name and " with Ana Ruiz" in name for name in names)
    heads = [said(n, "name") for n in nodes if said(n, "role") == "columnheader"]
    assert f"Thu {next_thursday.day} 10 open" in heads


def test_the_open_times_are_a_list_by_day_too(visit, ana, maya, next_thursday):
    page = visit(maya)
    page.goto(week_of(ana, next_thursday))
    page.get_by_text("Open times as a list").click()
    times = page.get_by_role("list", name=day_name(next_thursday))
    expect(times.get_by_role("listitem")).to_have_count(13)
    times.get_by_role("button", name="18:00").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("18:00 – 19:00")
    page.keyboard.press("Escape")
    # Back in the list, which was closed by the swap.
    expect(times.get_by_role("button", name="18:00")).to_be_focused()
