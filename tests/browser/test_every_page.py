"""Each page in light and dark: nothing for axe to say, nothing in the console."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import TrainerFactory, book
from trainers.clock import gym_now
from trainers.models import SlotStatus

PUBLIC = [
    "/",
    "/trainers/",
    "/day/",
    "/accounts/login/",
    "/accounts/signup/",
    "/nowhere/",
]
PUBLIC += ["/accounts/password/reset/", "/accounts/password/reset/done/"]
PUBLIC += ["/accounts/confirm-email/", "/accounts/confirm-email/used-up/"]


def violations(page):
    results = Axe().run(page).response["violations"]
    return [
        (found["id"], [node["html"][:120] for node in found["nodes"][:3]])
        for found in results
    ]


@pytest.fixture(params=["light", "dark"])
def colour_scheme(request):
    return request.param


@pytest.fixture
def gym(ana, maya, omar, next_thursday):
    TrainerFactory(name="Bruno Keller", specialisation="Boxing")
    for hour, status in [(13, SlotStatus.BREAK), (14, SlotStatus.UNAVAILABLE)]:
        ana.slots.filter(time_slot__hour=hour).update(status=status)
    book(maya, ana, next_thursday, 9, now=gym_now())
    book(omar, ana, next_thursday, 10, now=gym_now())
    return ana


def test_public_pages(visit, gym, colour_scheme):
    page = visit(color_scheme=colour_scheme)
    visit.forgiven.append("status of 404")
    for url in PUBLIC:
        page.goto(url)
        assert violations(page) == [], url


@pytest.mark.parametrize("width", [1280, 390])
def test_the_grid_and_its_panel(visit, gym, maya, next_thursday, colour_scheme, width):
    page = visit(maya, color_scheme=colour_scheme, width=width)
    week = f"/trainers/ana-ruiz/?week={next_thursday}"
    page.goto(week)
    assert violations(page) == []
    page.goto(f"{week}&at={next_thursday}T11:00")
    assert page.get_by_role("button", name="Book this session").is_visible()
    assert violations(page) == []


def test_member_pages(visit, gym, maya, colour_scheme):
    page = visit(maya, color_scheme=colour_scheme)
    session = maya.sessions.get()
    for url in (
        "/sessions/",
        "/sessions/calendar/",
        f"/sessions/{session.pk}/",
        f"/sessions/{session.pk}/cancel/",
        f"/sessions/{session.pk}/reschedule/",
        "/accounts/logout/",
    ):
        page.goto(url)
        assert violations(page) == [], url


def test_staff_pages_and_the_api_documentation_are_quiet(visit, gym, frieda):
    page = visit(frieda)
    for url in (
        "/admin/",
        "/admin/trainers/trainer/",
        f"/admin/trainers/trainer/{gym.pk}/change/",
        "/admin/bookings/trainingsession/",
        "/admin/bookings/trainingsession/add/",
        "/admin/accounts/user/",
    ):
        page.goto(url)
        page.wait_for_load_state("networkidle")
    page.goto("/api/docs")
    page.get_by_text("Book a training session").wait_for()


def test_the_policy_is_strict(visit, gym):
    policy = visit().goto("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
