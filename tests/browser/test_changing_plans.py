"""Cancelling and moving with the mouse, and with JavaScript on."""

from playwright.sync_api import expect

from tests.browser.test_every_page import violations
from tests.factories import TrainerFactory, book
from trainers.clock import gym_now


def test_a_member_cancels_and_takes_it_back(visit, ana, maya, next_thursday):
    session = book(maya, ana, next_thursday, 9, now=gym_now())
    page = visit(maya)
    page.goto("/sessions/")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_text("Cancelled:")).to_be_visible()
    session.refresh_from_db()
    assert not session.is_active
    assert violations(page) == []

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("It is yours again")).to_be_visible()
    session.refresh_from_db()
    assert session.is_active


def test_a_member_moves_a_session_to_another_trainer(visit, ana, maya, next_thursday):
    TrainerFactory(name="Bruno Keller")
    session = book(maya, ana, next_thursday, 9, now=gym_now())
    page = visit(maya)
    page.goto("/sessions/")
    page.get_by_role("link", name="Reschedule").click()
    page.get_by_role("link", name="Bruno Keller").click()
    expect(page.get_by_role("button", name="Move the session")).to_be_visible()
    assert violations(page) == []

    # Another time after all: the grid swaps, and stays the one that moves.
    page.get_by_role("link", name="Close without moving").click()
    expect(page.locator("#panel")).to_have_count(0)
    page.locator(f"[id='cell-{next_thursday}T11:00'] button").click()
    expect(page.locator("#panel .panel__time")).to_contain_text("11:00")
    page.get_by_role("button", name="Move the session").click()

    expect(page.get_by_text("Moved: from")).to_be_visible()
    session.refresh_from_db()
    assert (session.trainer.name, session.start_time.hour) == ("Bruno Keller", 11)
