"""Each page in light and dark, wide and on a phone: nothing for axe to say."""

from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from bookings.domain.offers import offer_alternatives
from bookings.models import SessionStatus, TrainingSession
from tests.browser.pages import MEMBER, TRAINER, VISITOR, prove, show_refusals
from tests.factories import PASSWORD, MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import gym_now
from trainers.models import SlotStatus, TimeOff

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
COLOURS = {"runOnly": ["color-contrast"]}

# The dark page has the elements of the light one: only its colours are new.
MODES = [(WIDE, "light", {}), (WIDE, "dark", COLOURS)]
MODES += [(PHONE, "light", {}), (PHONE, "dark", COLOURS)]


def violations(page):
    """What axe has against the page as it stands in its window."""
    page.evaluate(AXE)
    return ask_axe(page, {})


def ask_axe(page, options):
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        (wrong["id"], [node["html"][:120] for node in wrong["nodes"][:3]])
        for wrong in found["violations"]
    ]


def complaints(page):
    """What is wrong with it in each mode."""
    page.evaluate(AXE)
    for size, scheme, options in MODES:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        mode = size["width"], scheme
        yield from ((*mode, *wrong) for wrong in ask_axe(page, options))
        # A phone of 320 pixels is also a window of 1280 at 400 % (WCAG 1.4.10).
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            yield *mode, f"scrolls sideways to {width}"
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")


def what_is_missing(page, says):
    with suppress(AssertionError):
        expect(page.locator("main")).to_contain_text(says, timeout=3000)
        return ""
    return f"does not say “{says}”"


def wrong_with(page, pages, **places):
    found = {}
    show_refusals(page)
    for name, path, says, then in pages:
        page.goto(path.format(**places))
        prove(page, PASSWORD)
        if then is not None:
            then(page)
        if missing := what_is_missing(page, says):
            found[name] = missing
        elif complained := list(complaints(page)):
            found[name] = complained
    cache.clear()
    return found


@pytest.fixture
def gym(ana, maya, omar, next_thursday):
    TrainerFactory(name="Bruno Keller", specialisation="Boxing")
    for hour, status in [(13, SlotStatus.BREAK), (14, SlotStatus.UNAVAILABLE)]:
        ana.slots.filter(time_slot__hour=hour).update(status=status)
    book(maya, ana, next_thursday, 9, now=gym_now())
    book(omar, ana, next_thursday, 10, now=gym_now())
    return ana


@pytest.fixture
def sessions(gym, maya, next_thursday):
    """One that can be cancelled, one only late, one to spare, and what is over."""
    now = gym_now()
    be_easy_going(cancel_cut_off_hours=48)
    for number, status in enumerate(
        [SessionStatus.COMPLETED, SessionStatus.NO_SHOW, SessionStatus.CANCELLED]
    ):
        TrainingSession.objects.create(
            trainer=gym,
            client=maya,
            session_date=now.date() - timedelta(days=7 + number),
            start_time=time(9),
            end_time=time(10),
            status=status,
        )
    session = maya.sessions.active().get()
    spare = book(maya, gym, next_thursday, 15, now=now)
    offered = [book(maya, gym, next_thursday, hour, now=now) for hour in (16, 17)]
    until = now + timedelta(hours=24)
    list(offer_alternatives(offered, by=maya, now=now, until=until))
    return {
        "session": session.pk,
        "offered": offered[0].pk,
        "declined": offered[1].pk,
        "late": book(maya, gym, now.date() + timedelta(days=1), 8, now=now).pk,
        "spare": spare.pk,
    }


@pytest.mark.parametrize("half", [0, 1])
def test_what_a_visitor_sees(visit, gym, next_thursday, half):
    visit.forgiven.append("status of ")
    page = visit()
    assert wrong_with(page, VISITOR[half::2], day=next_thursday) == {}


@pytest.mark.parametrize("half", [0, 1])
def test_what_a_member_sees(visit, sessions, maya, next_thursday, half):
    visit.forgiven += ["net::ERR_FAILED", "htmx:"]
    page = visit(maya)
    places = {"day": next_thursday, **sessions}
    assert wrong_with(page, MEMBER[half::2], **places) == {}


def test_what_a_trainer_sees(visit, sessions, ana, maya, next_thursday):
    ana.user = MemberFactory(name="Ana Ruiz", email="ana@example.com")
    ana.save()
    earlier = gym_now().date() - timedelta(days=14)
    session = TrainingSession.objects.get(pk=sessions["session"])
    session.notes = "My left knee clicks on the stairs."
    session.save()
    TrainingSession.objects.create(
        trainer=ana,
        client=maya,
        session_date=earlier,
        start_time=time(9),
        end_time=time(10),
        notes="May be late: the bus.",
    )
    in_june = next_thursday + timedelta(days=100)
    TimeOff.objects.create(
        trainer=ana, first_day=in_june, last_day=in_june, reason="dentist"
    )
    places = {"day": next_thursday, "earlier": earlier}
    assert wrong_with(visit(ana.user), TRAINER, **places) == {}


def test_staff_pages_and_the_api_documentation_are_quiet(visit, gym, frieda):
    page = visit(frieda)
    for url in (
        "/admin/",
        "/admin/trainers/trainer/",
        f"/admin/trainers/trainer/{gym.pk}/change/",
        "/admin/bookings/trainingsession/",
        "/admin/bookings/trainingsession/add/",
        "/admin/accounts/user/",
        "/admin/bookings/gymsettings/1/change/",
    ):
        page.goto(url)
        page.wait_for_load_state("networkidle")
    page.goto("/api/docs")
    page.get_by_text("Book a training session").wait_for()


def test_the_policy_is_strict(visit, gym):
    policy = visit().goto("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
