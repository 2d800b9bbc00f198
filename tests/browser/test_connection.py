"""On a bad line: the page stays, says so, and goes on by itself."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def grid(visit, ana, maya, next_thursday):
    page = visit(maya)
    page.goto(f"/trainers/ana-ruiz/?week={next_thursday}")
    return page


def test_without_a_connection_the_grid_stays_and_says_so(visit, grid, next_thursday):
    visit.forgiven += ["net::ERR_INTERNET_DISCONNECTED", "htmx:"]
    cell = grid.locator(f"#cell-{next_thursday}T09\\:00 button")
    status = grid.get_by_role("status").first

    grid.context.set_offline(True)
    cell.click()
    expect(status).to_contain_text("No connection")
    expect(status).to_contain_text("try again")
    expect(cell).to_be_enabled()

    grid.context.set_offline(False)
    expect(status).not_to_contain_text("No connection")
    cell.click()
    expect(grid.get_by_role("button", name="Book this session")).to_be_visible()


def test_a_refusal_leaves_the_page_where_it_is(visit, grid, ana, next_thursday):
    visit.forgiven += ["status of 404", "Response Status Error"]
    ana.is_active = False
    ana.save()
    address = grid.url
    grid.locator(f"#cell-{next_thursday}T09\\:00 button").click()
    expect(grid.get_by_role("status").first).to_contain_text("This page is not here")
    expect(grid.locator(".grid")).to_be_visible()
    assert grid.url == address


def test_a_slow_answer_shows_that_it_is_on_its_way(grid):
    held = []
    grid.route("**/trainers/**", lambda route: held.append(route))
    veil = "getComputedStyle(document.querySelector('.week__card'), '::after').opacity"
    grid.locator(".grid .slot--available").first.click()
    # Half a second is none to the eye; after that it is seen to work.
    grid.wait_for_timeout(600)
    assert grid.evaluate(veil) == "1"
    assert grid.locator("#week").get_attribute("class").endswith("htmx-request")
    held[0].continue_()
    expect(grid.get_by_role("button", name="Book this session")).to_be_visible()
    expect(grid.locator(".htmx-request")).to_have_count(0)
