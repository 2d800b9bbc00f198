"""A time off with sessions in it: offered, accepted by one, run out for the other."""

from django.core import mail
from playwright.sync_api import expect

from bookings.models import Hold, Offer
from tests.browser.test_every_page import violations
from tests.factories import TrainerFactory, book
from trainers.clock import gym_now


def link_to(member):
    (sent,) = [each for each in mail.outbox if each.to == [member.email]]
    (link,) = [word for word in sent.body.split() if "/offers/" in word]
    return link


def test_a_time_off_is_offered_accepted_and_run_out(
    visit, ana, maya, omar, frieda, next_thursday
):
    TrainerFactory(name="Bruno Keller")
    book(maya, ana, next_thursday, 9, now=gym_now())
    session = book(omar, ana, next_thursday, 10, now=gym_now())

    desk = visit(frieda)
    desk.goto(f"/admin/trainers/timeoff/add/?trainer={ana.pk}")
    desk.get_by_label("First day").fill(f"{next_thursday}")
    desk.get_by_label("Last day").fill(f"{next_thursday}")
    desk.get_by_label("Reason for members").fill("Ana is ill.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator("#content")).to_contain_text("Nothing offered yet 2")
    desk.get_by_role("button", name="Offer everyone another time").click()
    expect(desk.locator("#content")).to_contain_text("No answer yet 2")
    assert violations(desk) == []

    member = visit()
    member.goto(link_to(maya))
    expect(member.locator("main")).to_contain_text("Ana is ill.")
    assert violations(member) == []
    member.get_by_role("button", name="Take this time").click()
    expect(member.get_by_text("Your session has a new time")).to_be_visible()

    member.goto(link_to(omar))
    Hold.objects.filter(client=omar).update(until=gym_now())
    member.get_by_role("button", name="Take this time").click()
    expect(member.get_by_text("This offer has run out").last).to_be_visible()
    assert violations(member) == []
    member.get_by_role("link", name="Choose another time").click()
    member.locator(".swap__open button").last.click()
    expect(member.get_by_text("Your session has a new time")).to_be_visible()

    desk.reload()
    expect(desk.locator("#content")).to_contain_text("Accepted 1")
    expect(desk.locator("#content")).to_contain_text("Chose another time 1")
    was = (session.trainer_id, session.session_date, session.start_time)
    session.refresh_from_db()
    assert (session.trainer_id, session.session_date, session.start_time) != was
    assert Offer.objects.count() == 2
