"""From home, from the list and from a day of all trainers to booked: how many taps."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from bookings.models import TrainingSession
from tests.factories import TrainerFactory, book
from trainers.clock import gym_now

WEEK = timedelta(weeks=1)


def book_it(page):
    page.get_by_role("button", name="Book this session").click()
    expect(page.get_by_role("status").filter(has_text="Booked:")).to_be_visible()


def test_home_to_booked_in_two_taps(visit, ana, maya):
    page = visit(maya)
    page.goto("/")
    free = page.get_by_role("region", name="Free soon").get_by_role("link")
    free.filter(has_text="Ana Ruiz").click()
    book_it(page)
    assert TrainingSession.objects.get().client == maya


def test_a_regular_rebooks_in_two_taps_on_a_phone(visit, ana, maya, next_thursday):
    last = next_thursday - 2 * WEEK
    book(maya, ana, last, 18, now=gym_now() - 3 * WEEK)
    page = visit(maya, width=390, height=844)
    page.goto("/")
    page.get_by_role("region", name="Book again").get_by_role("link").click()
    book_it(page)
    booked = TrainingSession.objects.order_by("session_date").last()
    assert booked.start_time.hour == 18
    assert (booked.session_date - last).days % 7 == 0
    assert booked.session_date > gym_now().date() - timedelta(days=1)


def test_typing_swaps_the_list_says_so_and_can_be_gone_back_from(visit, ana):
    TrainerFactory(name="Bruno Keller", specialisation="Boxing")
    page = visit()
    page.goto("/trainers/")
    status = page.locator("#count")
    expect(status).to_have_text("2 trainers")
    # The same element says the new number: only so is it read out.
    page.evaluate("document.getElementById('count').dataset.mark = 'same'")

    page.get_by_label("Search").press_sequentially("boxing")
    expect(status).to_have_text("1 trainer")
    expect(status).to_have_attribute("data-mark", "same")
    expect(page.get_by_label("Search")).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?q=boxing"))
    cards = page.locator("#found").inner_html()
    page.reload()
    assert page.locator("#found").inner_html() == cards

    page.get_by_label("Day", exact=True).select_option("Tuesday")
    expect(page).to_have_url(re.compile(r"weekday=2"))
    page.go_back()
    expect(page.get_by_label("Day", exact=True)).to_have_value("")
    expect(status).to_have_text("1 trainer")


def test_a_day_of_all_is_walked_by_arrows_and_turned(visit, ana, maya, next_thursday):
    TrainerFactory(name="Bruno Keller")
    page = visit(maya)
    page.goto(f"/day/?day={next_thursday - timedelta(days=1)}")
    page.get_by_role("link", name="Next day →").click()
    expect(page).to_have_url(re.compile(f"day={next_thursday}"))
    expect(page.locator("#week-title")).to_contain_text("Thursday")
    swapped = page.locator("#day tbody").inner_text()
    page.reload()
    assert page.locator("#day tbody").inner_text() == swapped

    page.locator(".grid button:enabled").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    panel = page.get_by_role("heading", name="08:00 – 09:00")
    expect(panel).to_be_visible()
    expect(page).to_have_url(re.compile(f"/bruno-keller/.*{next_thursday}T08"))
    book_it(page)
    assert TrainingSession.objects.get().trainer.name == "Bruno Keller"
