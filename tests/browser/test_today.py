"""The front desk's page as it is looked at, and worked with."""

from datetime import time, timedelta

from playwright.sync_api import expect

from tests.browser.test_every_page import complaints
from tests.factories import TrainerFactory, book
from trainers.clock import at_gym, gym_now


def test_today_in_light_and_dark_wide_and_on_a_phone(visit, ana, maya, omar, frieda):
    """Whatever time it is: the day has something of all that lies before and after."""
    omar.phone = "0151 23456"
    omar.save()
    today = gym_now().date()
    before = at_gym(today - timedelta(days=2), time(6))
    for day in (today, today - timedelta(days=1)):
        for hour in (8, 12, 15):
            book(maya, ana, day, hour, now=before)
            book(omar, TrainerFactory(), day, hour, now=before)
    page = visit(frieda)
    page.goto("/admin/")
    page.locator(".visits button").first.click()
    said = page.get_by_role("status")
    expect(said).to_contain_text("Undo")
    assert list(complaints(page)) == []
    said.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").locator("li")).to_have_class("success")
