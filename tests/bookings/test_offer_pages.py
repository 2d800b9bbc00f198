"""The page of an offer, by its link and signed in, as a browser without JavaScript."""

import json
import logging
from datetime import timedelta

import html5lib
import pytest
import time_machine
from django.test import Client

from bookings.domain.booking import cancel_session, reschedule_session
from bookings.domain.offers import offer_alternatives
from bookings.domain.withdrawing import end_absences
from bookings.models import Offer
from finova.logs import JsonLine
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.models import Closure, TimeOff

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

UNTIL = NOW + timedelta(hours=24)


@pytest.fixture
def ben(db):
    return TrainerFactory(name="Ben Carter", hourly_rate=50)


@pytest.fixture
def session(ana, ben, maya):
    return book(maya, ana, THURSDAY, 9, now=NOW)


@pytest.fixture
def made(ana, session, frieda):
    TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
    (made,) = offer_alternatives(
        [session], by=frieda, now=NOW, until=UNTIL, cause="Ana is ill."
    )
    return made


@pytest.fixture
def link(made):
    return f"/offers/{made.token}/"


@pytest.fixture
def visitor(db):
    """Nobody is signed in, and forms need their token as from a browser."""
    return Client(enforce_csrf_checks=True)


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def text(response):
    return " ".join("".join(tree(response).find(".//main").itertext()).split())


def press(client, page, value):
    """The button with that value, with what its form sends."""
    for form in tree(page).iterfind(".//main//form[@method='post']"):
        for button in form.iter("button"):
            if button.get("value") == value:
                fields = {
                    each.get("name"): each.get("value") for each in form.iter("input")
                }
                fields[button.get("name")] = value
                return client.post(form.get("action"), fields)
    raise AssertionError(f"No button {value} in: {text(page)}")


class TestByTheLink:
    def test_it_says_all_and_asks_for_no_account(self, visitor, link, made):
        page = visitor.get(link)
        assert page.status_code == 200
        told = text(page)
        assert "Ana is ill." in told
        assert "Thursday 10 December" in told
        assert "With Ana Ruiz" in told
        assert "until Tuesday 8 December, 06:00" in told

    def test_accepting_moves_the_session(self, visitor, link, session, made):
        answer = press(visitor, visitor.get(link), "accept")
        assert (answer.status_code, answer.url) == (302, link)
        session.refresh_from_db()
        assert session.stands_at(**made.offer.hold.place())
        assert "Your session has a new time" in text(visitor.get(link))

    def test_the_button_pressed_twice_says_the_same(self, visitor, link):
        page = visitor.get(link)
        assert press(visitor, page, "accept").status_code == 302
        assert press(visitor, page, "accept").status_code == 302

    def test_declining_cancels(self, visitor, link, session):
        be_easy_going(cancel_cut_off_hours=300)
        assert press(visitor, visitor.get(link), "decline").url == link
        session.refresh_from_db()
        assert (session.status, session.cancelled_late) == ("cancelled", False)
        assert "Your session is cancelled" in text(visitor.get(link))

    def test_another_time_can_be_chosen(self, visitor, link, session, ana):
        times = visitor.get(f"{link}times/?trainer=ana-ruiz&week={NEXT_THURSDAY}")
        answer = press(visitor, times, f"{NEXT_THURSDAY}T11:00")
        assert (answer.status_code, answer.url) == (302, link)
        session.refresh_from_db()
        assert (session.session_date, session.start_time.hour) == (NEXT_THURSDAY, 11)
        assert Offer.objects.get().answer == "exchanged"
        assert "Thursday 17 December" in text(visitor.get(link))

    def test_a_time_that_went_meanwhile_is_refused_with_a_sentence(
        self, visitor, link, ana, omar, session
    ):
        times = visitor.get(f"{link}times/?trainer=ana-ruiz&week={NEXT_THURSDAY}")
        book(omar, ana, NEXT_THURSDAY, 11, now=NOW)
        answer = press(visitor, times, f"{NEXT_THURSDAY}T11:00")
        assert answer.status_code == 409
        assert "already booked" in text(answer)

    @pytest.mark.parametrize("at", ["", "abc", "2026-12-17T25:00"])
    def test_no_time_at_all_is_asked_for_again(self, client, link, at):
        assert client.post(f"{link}times/", {"at": at}).status_code == 422

    def test_no_answer_at_all_is_asked_for_again(self, client, link):
        assert client.post(link, {"answer": "perhaps"}).status_code == 422

    def test_a_trainer_that_is_none(self, client, link):
        assert client.get(f"{link}times/?trainer=nobody").status_code == 404

    def test_a_full_week_says_so(self, client, link):
        Closure.objects.create(
            name="Flood", first_day=THURSDAY, last_day=THURSDAY + timedelta(days=90)
        )
        page = client.get(f"{link}times/?week={NEXT_THURSDAY}")
        assert "no time open in this week" in text(page)


class TestTooLate:
    def test_the_page_says_that_it_has_run_out_and_lets_another_be_chosen(
        self, visitor, link
    ):
        with time_machine.travel(UNTIL, tick=False):
            page = visitor.get(link)
        assert "This offer has run out" in text(page)
        assert "Choose another time" in text(page)
        assert "Take this time" not in text(page)

    def test_accepting_is_refused_from_that_moment_on(self, visitor, link, session):
        page = visitor.get(link)
        with time_machine.travel(UNTIL, tick=False):
            answer = press(visitor, page, "accept")
        assert answer.status_code == 409
        assert "This offer has run out, and the time is no longer kept" in text(answer)
        session.refresh_from_db()
        assert session.session_date == THURSDAY

    def test_staff_cancelled_it_meanwhile(self, visitor, link, session, frieda):
        page = visitor.get(link)
        cancel_session(session, by=frieda, now=NOW)
        assert "This session no longer stands" in text(visitor.get(link))
        answer = press(visitor, page, "accept")
        assert answer.status_code == 409
        assert "This offer no longer stands" in text(answer)

    def test_staff_moved_it_meanwhile(self, visitor, link, session, ben, frieda):
        reschedule_session(
            session,
            trainer_id=ben.pk,
            session_date=NEXT_THURSDAY,
            start_time=session.start_time,
            end_time=session.end_time,
            by=frieda,
            now=NOW,
        )
        page = visitor.get(link)
        assert "The gym has moved your session" in text(page)
        assert "Thursday 17 December" in text(page)
        assert visitor.get(f"{link}times/").status_code == 302

    def test_staff_cancelled_what_was_accepted(self, visitor, link, session, frieda):
        press(visitor, visitor.get(link), "accept")
        session.refresh_from_db()
        cancel_session(session, by=frieda, now=NOW)
        told = text(visitor.get(link))
        assert "new time" not in told
        assert "This session no longer stands" in told


STANDS = "Your session takes place as it was booked. There is nothing to answer."


class TestNoLongerNeeded:
    @pytest.fixture(autouse=True)
    def back(self, made):
        end_absences(list(TimeOff.objects.all()), now=NOW)

    def test_the_session_takes_place_as_booked(self, visitor, link):
        page = visitor.get(link)
        assert STANDS in text(page)
        assert "Thursday 10 December" in text(page)
        assert "moved" not in text(page)
        assert "cannot take place" not in text(page)

    def test_signed_in_too(self, as_maya, session):
        assert STANDS in text(as_maya.get(f"/sessions/{session.pk}/offer/"))

    def test_answering_all_the_same_is_refused(self, client, link, session):
        assert client.post(link, {"answer": "accept"}).status_code == 409
        session.refresh_from_db()
        assert session.session_date == THURSDAY

    def test_once_it_was_moved_it_is_not_as_booked(
        self, visitor, link, session, ben, frieda
    ):
        reschedule_session(
            session,
            trainer_id=ben.pk,
            session_date=NEXT_THURSDAY,
            start_time=session.start_time,
            end_time=session.end_time,
            by=frieda,
            now=NOW,
        )
        assert STANDS not in text(visitor.get(link))

    def test_another_absence_may_hit_it_later(self, visitor, link):
        Closure.objects.create(name="Flood", first_day=THURSDAY, last_day=THURSDAY)
        told = text(visitor.get(link))
        assert "This offer no longer stands" in told
        assert STANDS not in told
        assert "moved" not in told


class TestTheKey:
    def test_a_wrong_one_is_no_page(self, visitor, link):
        for path in ("/offers/abc/", "/offers/abc/times/", f"{link[:-2]}x/"):
            assert visitor.get(path).status_code == 404
        assert Client().post("/offers/abc/", {"answer": "accept"}).status_code == 404

    def test_it_opens_nothing_of_who_has_left(self, visitor, link, maya):
        maya.is_active = False
        maya.save()
        assert visitor.get(link).status_code == 404

    @pytest.mark.parametrize("path", ["", "times/"])
    def test_it_is_in_no_cache_no_referrer_and_no_link(self, visitor, link, made, path):
        page = visitor.get(link + path)
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "strict-origin"
        assert page["X-Robots-Tag"] == "noindex"
        away = [
            each.get("href", "")
            for each in tree(page).iter("a")
            if not each.get("href", "").startswith(link)
        ]
        assert not [href for href in away if made.token in href]

    def test_the_logs_do_not_have_it(self, link, made):
        record = logging.LogRecord("x", 20, "", 0, "%(path)s", ({"path": link},), None)
        record.facts = {"path": f"{link}times/"}
        line = JsonLine().format(record)
        assert made.token not in line
        assert json.loads(line)["path"] == "/offers/***/times/"

    def test_nor_does_the_page_of_an_outage(self, link, made, monkeypatch):
        def fail(*args):
            raise RuntimeError

        monkeypatch.setattr("bookings.views.offers.state_of", fail)
        client = Client(raise_request_exception=False)
        page = client.get(link)
        assert page.status_code == 500
        assert made.token not in page.content.decode()


class TestSignedIn:
    def test_my_sessions_shows_it_until_it_is_answered(self, as_maya, made, session):
        for path in ("/sessions/", f"/sessions/{session.pk}/"):
            page = as_maya.get(path)
            assert "cannot take place" in text(page)
            assert "Please answer by Tuesday 8 December, 06:00" in text(page)
        press(as_maya, as_maya.get(f"/sessions/{session.pk}/offer/"), "accept")
        assert "cannot take place" not in text(as_maya.get("/sessions/"))

    def test_nor_when_it_has_run_out(self, as_maya, made, maya):
        with time_machine.travel(UNTIL, tick=False):
            as_maya.force_login(maya, "django.contrib.auth.backends.ModelBackend")
            assert "cannot take place" not in text(as_maya.get("/sessions/"))

    def test_the_same_page_without_the_link(self, as_maya, made, session, visitor):
        own = as_maya.get(f"/sessions/{session.pk}/offer/")
        assert text(own) == text(visitor.get(f"/offers/{made.token}/"))

    def test_another_time_too(self, as_maya, made, session):
        page = f"/sessions/{session.pk}/offer/"
        times = as_maya.get(f"{page}times/?trainer=ana-ruiz&week={NEXT_THURSDAY}")
        assert press(as_maya, times, f"{NEXT_THURSDAY}T11:00").url == page

    def test_anothers_is_none_and_so_is_one_without_an_offer(
        self, as_omar, as_maya, made, session, ana, maya
    ):
        for path in ("offer/", "offer/times/"):
            assert as_omar.get(f"/sessions/{session.pk}/{path}").status_code == 404
        plain = book(maya, ana, NEXT_THURSDAY, 9, now=NOW)
        assert as_maya.get(f"/sessions/{plain.pk}/offer/").status_code == 404
