"""Cancelling, taking it back, and moving, as a browser without JavaScript does it."""

from datetime import time, timedelta

import html5lib
import pytest
import time_machine

from bookings.domain.booking import cancel_session, reschedule_session
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.clock import at_gym
from trainers.models import TrainerSchedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

LATE = at_gym(THURSDAY, time(6, 1))
BEGUN = at_gym(THURSDAY, time(18, 1))
HTMX = {"HX-Request": "true"}


@pytest.fixture
def session(ana, maya):
    be_easy_going(cancel_cut_off_hours=12)
    return book(maya, ana, THURSDAY, 18, now=NOW)


@pytest.fixture
def at(maya, as_maya):
    """As if it were then; with a visit in between, or the session would be too old."""

    def travel(moment):
        clock = time_machine.travel(moment, tick=False)
        clock.start()
        as_maya.force_login(maya, "django.contrib.auth.backends.ModelBackend")
        clocks.append(clock)

    clocks = []
    yield travel
    for clock in reversed(clocks):
        clock.stop()


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def text(response):
    return " ".join("".join(tree(response).find(".//main").itertext()).split())


def submit(client, response, action=None, **follow):
    """Press the button of the page's form (with that action) as a browser does."""
    forms = tree(response).iterfind(".//main//form[@method='post']")
    (form,) = [each for each in forms if action in (None, each.get("action"))]
    fields = {each.get("name"): each.get("value") for each in form.iter("input")}
    address = form.get("action") or response.request["PATH_INFO"]
    return client.post(address, fields, **follow)


def slot_status(trainer, day=THURSDAY, hour=18):
    return TrainerSchedule.objects.get(
        trainer=trainer, day_of_week=day.isoweekday() % 7, time_slot=time(hour)
    ).status


class TestCancelling:
    def test_before_the_cut_off_it_is_free_and_the_page_says_until_when(
        self, session, as_maya
    ):
        page = as_maya.get(f"/sessions/{session.pk}/cancel/")
        assert "You can cancel it freely until Thursday 10 December, 06:00" in text(
            page
        )
        after = submit(as_maya, page, follow=True)
        assert after.redirect_chain == [("/sessions/", 302)]
        assert "Cancelled: Thursday 10 December, 18:00 with Ana Ruiz." in text(after)
        session.refresh_from_db()
        assert (session.status, session.cancelled_late) == ("cancelled", False)

    def test_after_it_the_page_says_before_the_click_that_it_counts_as_late(
        self, session, as_maya, at
    ):
        at(LATE)
        page = as_maya.get(f"/sessions/{session.pk}/cancel/")
        assert "counts as a late cancellation" in text(page)
        assert "Cancelled late" in text(submit(as_maya, page, follow=True))
        session.refresh_from_db()
        assert (session.status, session.cancelled_late) == ("cancelled", True)
        story = text(as_maya.get(f"/sessions/{session.pk}/"))
        assert "it counts as a late cancellation" in story

    def test_the_cut_off_passing_between_page_and_click_asks_again(
        self, session, as_maya, at
    ):
        page = as_maya.get(f"/sessions/{session.pk}/cancel/")
        at(LATE)
        asked = submit(as_maya, page)
        assert asked.status_code == 409
        assert "counts as a late cancellation" in text(asked)
        session.refresh_from_db()
        assert session.is_active
        submit(as_maya, asked)
        session.refresh_from_db()
        assert session.cancelled_late

    def test_after_the_start_it_is_too_late(self, session, as_maya, at):
        page = as_maya.get(f"/sessions/{session.pk}/cancel/")
        at(BEGUN)
        for answer in (
            submit(as_maya, page),
            as_maya.post(f"/sessions/{session.pk}/cancel/", {"late": "yes"}),
            as_maya.get(f"/sessions/{session.pk}/cancel/"),
        ):
            assert answer.status_code == 409
            assert "already started" in text(answer)
        session.refresh_from_db()
        assert session.is_active


class TestTakingItBack:
    @pytest.fixture
    def cancelled(self, session, as_maya):
        return as_maya.post(f"/sessions/{session.pk}/cancel/", follow=True)

    def test_within_a_minute(self, session, cancelled, as_maya, ana):
        assert slot_status(ana) == "available"
        kept = submit(as_maya, cancelled, f"/sessions/{session.pk}/undo/", follow=True)
        assert "It is yours again: Thursday 10 December, 18:00" in text(kept)
        session.refresh_from_db()
        assert session.is_active
        assert slot_status(ana) == "booked"
        story = text(as_maya.get(f"/sessions/{session.pk}/"))
        assert "You took the cancellation back" in story

    def test_from_the_page_of_the_session_too(self, session, cancelled, as_maya):
        page = as_maya.get(f"/sessions/{session.pk}/")
        submit(as_maya, page, f"/sessions/{session.pk}/undo/")
        session.refresh_from_db()
        assert session.is_active

    def test_after_a_minute_it_is_no_longer_offered_and_refused(
        self, session, cancelled, as_maya, at
    ):
        at(NOW + timedelta(seconds=61))
        for url in ("/sessions/", f"/sessions/{session.pk}/"):
            assert "Undo" not in text(as_maya.get(url))
        late = submit(as_maya, cancelled, f"/sessions/{session.pk}/undo/")
        assert late.status_code == 409
        assert "that is over" in text(late)

    def test_when_somebody_has_taken_the_time(
        self, session, cancelled, as_maya, ana, omar
    ):
        book(omar, ana, THURSDAY, 18, now=NOW)
        taken = submit(as_maya, cancelled, f"/sessions/{session.pk}/undo/")
        assert taken.status_code == 409
        assert "has been taken meanwhile, so the session stays cancelled" in text(taken)

    def test_what_staff_cancelled_is_not_the_members_to_take_back(
        self, session, frieda, as_maya
    ):
        cancel_session(session, by=frieda, now=NOW)
        assert "Undo" not in text(as_maya.get("/sessions/"))
        assert as_maya.post(f"/sessions/{session.pk}/undo/").status_code == 409

    def test_nobody_else_can(self, session, cancelled, as_omar):
        assert as_omar.post(f"/sessions/{session.pk}/undo/").status_code == 404


class TestMoving:
    def url(self, session, trainer=None, query=""):
        slug = f"{trainer.slug}/" if trainer else ""
        return f"/sessions/{session.pk}/reschedule/{slug}{query}"

    def cells(self, response):
        found = tree(response).iterfind(".//td[@id]")
        return {each.get("id"): each.find("*").get("class") for each in found}

    def test_a_green_cell_is_chosen_and_confirmed(self, session, ana, as_maya):
        week = as_maya.get(self.url(session))
        assert "slot--mine" in self.cells(week)[f"cell-{THURSDAY}T18:00"]
        form = tree(week).find(".//form[@class='week__card']")
        assert form.get("action") == self.url(session, ana)

        panel = as_maya.get(f"{form.get('action')}?at={NEXT_THURSDAY}T10:00")
        for said in (
            "Thursday 17 December 10:00 – 11:00",
            "Thu 10 Dec, 18:00 Ana Ruiz",
            "Thu 17 Dec, 10:00 Ana Ruiz",
            "€75.00",
        ):
            assert said in text(panel)
        session.refresh_from_db()
        assert session.session_date == THURSDAY

        after = submit(as_maya, panel, self.url(session, ana), follow=True)

        assert after.redirect_chain == [("/sessions/", 302)]
        assert (
            "Moved: from Thursday 10 December, 18:00 with Ana Ruiz to "
            "Thursday 17 December, 10:00 with Ana Ruiz." in text(after)
        )
        session.refresh_from_db()
        assert (session.session_date, session.start_time) == (NEXT_THURSDAY, time(10))
        assert session.price == 75
        assert slot_status(ana) == "available"
        assert slot_status(ana, NEXT_THURSDAY, 10) == "booked"

    def test_to_another_trainer_at_the_same_time(self, session, ana, as_maya):
        ben = TrainerFactory(name="Ben Carter", hourly_rate=99)
        busy = TrainerFactory(name="Busy Bea")
        busy.slots.update(status="break")
        page = as_maya.get(self.url(session))
        links = {
            "".join(link.itertext()): link.get("href")
            for link in tree(page).iterfind(".//nav[@aria-labelledby='others']//a")
        }
        assert [*links] == ["Ben Carter"]

        panel = as_maya.get(links["Ben Carter"])
        submit(as_maya, panel, self.url(session, ben))

        session.refresh_from_db()
        assert session.trainer == ben
        assert (session.session_date, session.start_time) == (THURSDAY, time(18))
        assert session.price == 75
        assert (slot_status(ana), slot_status(ben)) == ("available", "booked")

    def test_a_long_session_needs_all_of_its_time(self, ana, maya, omar, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW, hours=2)
        book(omar, ana, THURSDAY, 14, now=NOW)
        cells = self.cells(as_maya.get(self.url(session)))
        states = {hour: cells[f"cell-{THURSDAY}T{hour}:00"] for hour in (10, 12, 13)}
        open_, closed = "slot slot--available", "slot slot--unavailable"
        assert states == {10: open_, 12: open_, 13: closed}
        answer = as_maya.post(self.url(session), {"at": f"{THURSDAY}T13:00"})
        assert answer.status_code == 409

    def test_to_the_last_hour_of_the_day_and_back(self, session, ana, as_maya):
        TrainerSchedule.objects.create(trainer=ana, day_of_week=4, time_slot=time(23))
        for hour, end in [(23, time.max), (10, time(11))]:
            at = f"{NEXT_THURSDAY}T{hour}:00"
            panel = as_maya.get(self.url(session, ana, f"?at={at}"))
            submit(as_maya, panel, self.url(session, ana))
            session.refresh_from_db()
            assert (session.start_time, session.end_time) == (time(hour), end)

    def test_who_loses_the_race_keeps_the_old_time(self, session, ana, omar, as_maya):
        panel = as_maya.get(self.url(session, ana, f"?at={NEXT_THURSDAY}T10:00"))
        book(omar, ana, NEXT_THURSDAY, 10, now=NOW)
        answer = submit(as_maya, panel, self.url(session, ana))
        assert answer.status_code == 409
        assert "not available or already booked" in text(answer)
        assert "slot--booked" in self.cells(answer)[f"cell-{NEXT_THURSDAY}T10:00"]
        session.refresh_from_db()
        assert (session.session_date, session.is_active) == (THURSDAY, True)

    def test_the_same_click_twice_moves_once(self, session, ana, as_maya):
        panel = as_maya.get(self.url(session, ana, f"?at={NEXT_THURSDAY}T10:00"))
        for _ in range(2):
            assert submit(as_maya, panel, self.url(session, ana)).status_code == 302
        assert session.events.filter(action="moved").count() == 1

    def test_the_rules_for_members_hold(self, session, ana, as_maya):
        be_easy_going(horizon_days=7)
        cells = self.cells(as_maya.get(self.url(session, query="?week=2026-12-17")))
        assert "too_far" in cells[f"cell-{NEXT_THURSDAY}T10:00"]
        answer = as_maya.post(self.url(session), {"at": f"{NEXT_THURSDAY}T10:00"})
        assert answer.status_code == 409

    def test_after_the_cut_off_it_stays(self, session, ana, as_maya, at):
        panel = as_maya.get(self.url(session, ana, f"?at={NEXT_THURSDAY}T10:00"))
        at(LATE)
        assert "Reschedule" not in text(as_maya.get("/sessions/"))
        for answer in (
            as_maya.get(self.url(session)),
            submit(as_maya, panel, self.url(session, ana)),
        ):
            assert answer.status_code == 409
            assert "until 12 hours before they start" in text(answer)
        at(BEGUN)
        assert "already started" in text(as_maya.get(self.url(session)))

    def test_what_has_ended_cannot_move(self, session, maya, as_maya):
        cancel_session(session, by=maya, now=NOW)
        assert as_maya.get(self.url(session)).status_code == 409

    @pytest.mark.parametrize(
        "at", ["", "soon", f"{THURSDAY}T23:30", f"{THURSDAY}T03:00"]
    )
    def test_a_hand_made_time_is_refused(self, session, as_maya, at):
        answer = as_maya.post(self.url(session), {"at": at})
        assert answer.status_code in (409, 422)
        session.refresh_from_db()
        assert session.start_time == time(18)

    def test_a_trainer_who_is_not_there_is_not_found(self, session, as_maya):
        gone = TrainerFactory(name="Gone", is_active=False)
        for slug in ("nobody", gone.slug):
            url = f"/sessions/{session.pk}/reschedule/{slug}/"
            assert as_maya.get(url).status_code == 404

    def test_away_from_a_trainer_who_has_left(self, session, ana, as_maya):
        ben = TrainerFactory(name="Ben Carter")
        ana.is_active = False
        ana.save()
        assert "The week of Ben Carter" in text(as_maya.get(self.url(session)))
        at = {"at": f"{THURSDAY}T18:00"}
        assert as_maya.post(self.url(session, ben), at).status_code == 302

    def test_it_is_nobody_elses(self, session, as_omar):
        for answer in (
            as_omar.get(self.url(session)),
            as_omar.post(self.url(session), {"at": f"{NEXT_THURSDAY}T10:00"}),
        ):
            assert answer.status_code == 404

    def test_what_htmx_swaps_in_is_what_a_fresh_page_shows(self, session, as_maya):
        url = self.url(session, query=f"?at={NEXT_THURSDAY}T10:00")
        swapped = as_maya.get(url, headers=HTMX)
        assert b"<html" not in swapped.content
        assert self.cells(swapped) == self.cells(as_maya.get(url))


def test_a_move_that_went_nowhere_is_no_part_of_the_story(ana, maya, as_maya):
    session = book(maya, ana, THURSDAY, 18, now=NOW)
    reschedule_session(
        session,
        trainer_id=ana.pk,
        session_date=THURSDAY,
        start_time=time(18),
        end_time=time(19),
        by=maya,
        now=NOW,
    )
    assert "You moved it" not in text(as_maya.get(f"/sessions/{session.pk}/"))
