"""Somebody else sits down at the computer and presses the back button."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.factories import book
from trainers.clock import gym_now

A_WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def browser(browser_type, browser_type_launch_args):
    """As members have it: one that keeps whole pages for the back button."""
    keeps_pages = {"ignore_default_args": ["--disable-back-forward-cache"]}
    browser = browser_type.launch(**browser_type_launch_args, **keeps_pages)
    yield browser
    browser.close()


def test_after_signing_out_back_shows_nothing_private(visit, ana, maya, next_thursday):
    book(maya, ana, next_thursday, 9, now=gym_now())
    page = visit(maya)
    page.get_by_label("Main").get_by_role("link", name="My sessions").click()
    expect(page.get_by_role("link", name="Cancel")).to_be_visible()
    page.goto(f"/trainers/ana-ruiz/?week={next_thursday}")
    mine = page.locator(".grid a").get_by_text("Yours")
    expect(mine).to_be_visible()
    page.get_by_role("link", name="Next week →").click()
    page.wait_for_url(f"**week={next_thursday - timedelta(days=3) + A_WEEK}")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")

    for _ in range(3):
        page.go_back(wait_until="commit")
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        expect(mine).to_have_count(0)
        expect(page.get_by_text("Maya")).to_have_count(0)

    assert "/accounts/login/" in page.url
    stored = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "Maya" not in stored
    assert "history-cache" not in stored
