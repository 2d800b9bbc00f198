"""A call at the front desk, from the keyboard alone."""

import pytest
from playwright.sync_api import expect

from bookings.models import TrainingSession
from finova.accounts.models import User
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.clock import gym_now

MOST_KEYSTROKES = 12


class Keys:
    """Counts what the receptionist presses."""

    def __init__(self, page):
        self.page = page
        self.pressed = 0

    def type(self, text):
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


@pytest.fixture
def frieda(db):
    return MemberFactory(name="Frieda Desch", is_staff=True, is_superuser=True)


@pytest.fixture
def ana(db):
    return TrainerFactory(name="Ana Ruiz")


def test_two_calls(visit, ana, frieda, next_thursday):
    """A member by three letters of the name; then somebody nobody knows."""
    maya = MemberFactory(name="Maya Lindqvist")
    MemberFactory(name="Mayumi Ito")
    bruno = TrainerFactory(name="Bruno Keller")
    book(maya, bruno, next_thursday, 9, now=gym_now())
    page = visit(frieda)
    page.goto("/admin/bookings/trainingsession/")
    page.get_by_role("link", name="Book by phone").click()
    expect(page.get_by_label("Who is calling?")).to_be_focused()
    keys = Keys(page)

    keys.type("may")
    expect(page.get_by_role("link", name="Mayumi Ito")).to_be_visible()
    keys.press("Enter")
    expect(page.get_by_role("link", name="Maya Lindqvist")).to_be_focused()
    keys.press("Enter")
    page.get_by_role("heading", name="Bruno Keller").wait_for()
    expect(page.locator("button[name=at]:focus")).to_be_visible()
    keys.press("Enter")
    page.get_by_text("Booked:").wait_for()

    assert keys.pressed <= MOST_KEYSTROKES
    booked = maya.sessions.get(trainer=bruno, events__actor=frieda)

    page.get_by_role("button", name="Undo").click()
    page.get_by_text("is not booked any more").wait_for()
    booked.refresh_from_db()
    assert booked.status == "cancelled"

    page.get_by_role("link", name="Next caller").click()
    expect(page.get_by_label("Who is calling?")).to_be_focused()
    page.keyboard.type("0170 5554")
    page.get_by_label("Phone").wait_for()
    page.get_by_label("Name").fill("Nora Neu")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ana Ruiz").wait_for()
    page.get_by_label("Trainer").select_option("Bruno Keller")
    page.get_by_role("heading", name="Bruno Keller").wait_for()
    page.goto(f"{page.url.partition('?')[0]}?trainer={bruno.pk}&week={next_thursday}")
    thursday = f"{next_thursday:%A} {next_thursday.day}"
    page.get_by_role("button", name=f"{thursday} {next_thursday:%B}, 10:00").click()
    page.get_by_text("Booked:").wait_for()
    nora = User.objects.get(name="Nora Neu")
    assert (nora.email, nora.phone) == (None, "0170 5554")
    session = TrainingSession.objects.get(client=nora)
    assert (session.trainer, session.session_date) == (bruno, next_thursday)
