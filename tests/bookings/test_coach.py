"""A trainer's own week, as a phone without JavaScript gets it."""

from datetime import date, datetime, timedelta

import html5lib
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    reschedule_session,
)
from finova.accounts.leaving import leave
from tests.conftest import BERLIN, MONDAY, NEXT_THURSDAY, NOW, THURSDAY, signed_in
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import Closure, TimeOff

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

DAY = timedelta(days=1)


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def texts(response, path):
    return [
        " ".join("".join(each.itertext()).split())
        for each in tree(response).iterfind(path)
    ]


def sessions_of(response):
    return [
        card
        for card in texts(response, ".//li")
        if any(word in card for word in ("Personal training", "Consultation"))
    ]


def at(hour, minute=0, day=MONDAY):
    """As if it were then; who is signed in stays so."""
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)
    return time_machine.travel(moment, tick=False)


class TestTheWeek:
    def test_it_says_who_comes_when_for_what_and_what_they_wrote(
        self, ana, maya, as_ana
    ):
        book(
            maya,
            ana,
            THURSDAY,
            9,
            now=NOW,
            session_type="consultation",
            notes="My knee\nhurts <b>",
        )
        page = as_ana.get("/coach/")
        (card,) = sessions_of(page)
        for part in (
            "09:00 – 10:00",
            "Booked",
            "Maya Lindqvist",
            "Consultation · 1 h",
            "My knee hurts <b>",
        ):
            assert part in card
        assert "€" not in card

    def test_today_stands_first_and_what_is_over_last(self, ana, maya, as_ana):
        for day in (MONDAY, MONDAY + DAY, THURSDAY):
            book(maya, ana, day, 9, now=NOW)
        with at(8, day=MONDAY + DAY):
            page = signed_in(ana.user).get("/coach/")
        assert texts(page, ".//h3") == [
            "Today · Tuesday 8 December · 1 session",
            "Thursday 10 December · 1 session",
            "Monday 7 December · 1 session",
        ]

    def test_today_is_named_on_a_day_without_anybody_too(self, ana, maya, as_ana):
        book(maya, ana, THURSDAY, 9, now=NOW)
        assert "Nobody has booked you today." in as_ana.get("/coach/").text

    def test_a_week_without_anybody_says_so(self, ana, maya, as_ana):
        book(maya, ana, THURSDAY, 9, now=NOW)
        page = as_ana.get("/coach/?week=2026-12-14").text
        assert "Nobody has booked you this week" in page
        assert "/trainers/ana-ruiz/?week=2026-12-14" in page

    def test_any_week_can_be_seen(self, ana, maya, as_ana):
        book(maya, ana, NEXT_THURSDAY, 9, now=NOW)
        page = as_ana.get(f"/coach/?week={NEXT_THURSDAY}")
        assert len(sessions_of(page)) == 1
        assert "14 – 20 December 2026" in page.text
        assert "/coach/?week=2026-12-07" in page.text

    @pytest.mark.parametrize("week", ["x", "2026-13-01", "0001-01-01", "²"])
    def test_a_strange_week_is_some_week(self, as_ana, week):
        assert as_ana.get("/coach/", {"week": week}).status_code == 200

    def test_absences_are_named_by_day(self, ana, as_ana):
        Closure.objects.create(name="Staff day", first_day=THURSDAY, last_day=THURSDAY)
        TimeOff.objects.create(
            trainer=ana,
            first_day=date(2026, 12, 11),
            starts_at="12:00",
            last_day=date(2026, 12, 12),
            reason="dentist",
        )
        page = as_ana.get("/coach/")
        assert texts(page, ".//p[@class='coach__absence']") == [
            "The gym is closed: Staff day",
            "Time off, 12:00 – 24:00",
            "Time off, the whole day",
        ]

    def test_cancelled_ones_stand_there_without_what_was_written(
        self, ana, maya, as_ana
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW, notes="My knee")
        cancel_session(session, by=maya, now=NOW)
        page = as_ana.get("/coach/")
        (card,) = sessions_of(page)
        assert "Cancelled" in card
        assert "knee" not in page.text

    def test_what_was_forgotten_in_earlier_weeks_is_one_tap_away(
        self, ana, maya, as_ana
    ):
        book(maya, ana, MONDAY, 9, now=NOW)
        book(maya, ana, THURSDAY, 9, now=NOW)
        with at(8, day=NEXT_THURSDAY):
            page = signed_in(ana.user).get("/coach/").text
        assert "2 sessions of earlier weeks are not marked yet." in page
        assert "/coach/?week=2026-12-07" in page

    def test_an_inactive_trainer_reads_on(self, ana, maya, as_ana):
        book(maya, ana, THURSDAY, 9, now=NOW)
        ana.is_active = False
        ana.save()
        page = as_ana.get("/coach/")
        assert "You take no bookings at present" in page.text
        assert len(sessions_of(page)) == 1

    def test_it_asks_as_often_with_sixty_as_with_three(self, ana, as_ana):
        def fill(day, hours):
            for hour in hours:
                book(MemberFactory(), ana, day, hour, now=NOW)

        def asked():
            with CaptureQueriesContext(connection) as queries:
                page = as_ana.get("/coach/")
            return len(sessions_of(page)), len(queries)

        fill(MONDAY, (7, 8, 9))
        few, asked_few = asked()
        for number in range(1, 6):
            fill(MONDAY + number * DAY, range(7, 19))
        many, asked_many = asked()
        assert (few, many) == (3, 63)
        assert asked_few == asked_many <= 10


class TestWhoSeesWhat:
    def test_a_colleagues_clients_are_not_there(self, ana, maya, omar, as_ana):
        ben = TrainerFactory(name="Ben Carter")
        session = book(omar, ana, THURSDAY, 9, now=NOW, notes="My back")
        reschedule_session(
            session,
            trainer_id=ben.pk,
            session_date=THURSDAY,
            start_time=session.start_time,
            end_time=session.end_time,
            by=omar,
            now=NOW,
        )
        page = as_ana.get("/coach/").text
        assert "Omar" not in page
        assert "My back" not in page

    def test_nobody_else_has_such_a_page(self, ana, as_maya, as_frieda):
        for client in (as_maya, as_frieda):
            assert client.get("/coach/").status_code == 404
        assert Client().get("/coach/").url.startswith("/accounts/login/")

    def test_how_to_reach_a_member_is_told_while_one_is_expected(
        self, ana, maya, as_ana
    ):
        maya.phone = "0151 / 23-456"
        maya.save()
        book(maya, ana, MONDAY, 9, now=NOW)
        for moment, told in [(at(8), True), (at(9, 30), True), (at(10), False)]:
            with moment:
                page = signed_in(ana.user).get("/coach/").text
            assert ("maya@example.com" in page) == told
            assert ('href="tel:015123456"' in page) == told

    def test_what_lies_ahead_with_a_colleague_does_not_count(
        self, ana, maya, frieda, as_ana
    ):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        book(maya, TrainerFactory(), THURSDAY, 9, now=NOW)
        cancel_session(session, by=frieda, now=NOW)
        assert "maya@example.com" not in as_ana.get("/coach/").text

    def test_a_session_of_next_week_counts_in_this_one(self, ana, maya, as_ana, frieda):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        book(maya, ana, NEXT_THURSDAY, 9, now=NOW)
        assert "maya@example.com" in as_ana.get("/coach/").text

    def test_who_has_no_name_is_not_called_by_an_address(self, ana, as_ana, frieda):
        nameless = MemberFactory(name="", email="secret@example.com")
        session = book(nameless, ana, MONDAY, 9, now=NOW)
        cancel_session(session, by=frieda, now=NOW)
        page = as_ana.get("/coach/").text
        assert "secret" not in page
        assert f"Member {nameless.pk}" in page

    def test_who_has_left_is_a_former_member(self, ana, maya, frieda, as_ana):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        leave(maya, now=NOW)
        (card,) = sessions_of(as_ana.get("/coach/"))
        assert "Former member" in card
        assert "Maya" not in card


@pytest.mark.usefixtures("as_ana")
class TestMarking:
    def post(self, ana, session, step, hour=10, **headers):
        with at(hour):
            return signed_in(ana.user).post(
                f"/coach/sessions/{session.pk}/{step}/", headers=headers
            )

    @pytest.mark.parametrize(
        ("step", "status", "said"),
        [
            ("attended", "completed", "Took place: 09:00, Maya Lindqvist."),
            ("missed", "no_show", "Did not come: 09:00, Maya Lindqvist."),
        ],
    )
    def test_how_it_went(self, ana, maya, step, status, said):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        with at(10):
            client = signed_in(ana.user)
            answer = client.post(f"/coach/sessions/{session.pk}/{step}/")
            assert answer.url == f"/coach/?week=2026-12-07#session-{session.pk}"
            assert said in client.get(answer.url).text
        session.refresh_from_db()
        assert session.status == status
        assert session.events.last().actor == ana.user

    @pytest.mark.parametrize("step", ["attended", "missed"])
    def test_not_before_it_has_begun(self, ana, maya, step):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        answer = self.post(ana, session, step, hour=8)
        assert answer.status_code == 409
        assert "has not started yet" in answer.text
        session.refresh_from_db()
        assert session.is_active

    def test_a_page_from_before_does_not_mark_what_was_cancelled(
        self, ana, maya, frieda
    ):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        cancel_session(session, by=frieda, now=NOW)
        answer = self.post(ana, session, "attended")
        assert answer.status_code == 409
        assert "already ended or been cancelled" in answer.text

    @pytest.mark.parametrize("step", ["attended", "missed"])
    def test_only_ones_own(self, ana, maya, omar, step):
        ben = TrainerFactory(name="Ben Carter")
        session = book(maya, ben, MONDAY, 9, now=NOW)
        assert self.post(ana, session, step).status_code == 404
        session.refresh_from_db()
        assert session.is_active

    def test_htmx_gets_the_card_alone(self, ana, maya):
        session = book(maya, ana, MONDAY, 9, now=NOW, notes="My knee")
        answer = self.post(ana, session, "attended", **{"HX-Request": "true"})
        assert answer.status_code == 200
        assert "<h1" not in answer.text
        assert f'id="session-{session.pk}"' in answer.text
        assert "My knee" in answer.text
        assert 'id="messages"' in answer.text

    def test_buttons_stand_where_something_can_be_said(self, ana, maya):
        book(maya, ana, MONDAY, 9, now=NOW)
        for hour, there in [(8, False), (9, True), (10, True)]:
            with at(hour):
                page = signed_in(ana.user).get("/coach/").text
            assert ("Took place" in page) == there

    @pytest.mark.parametrize("step", ["attended", "missed"])
    def test_a_mark_can_be_taken_back(self, ana, maya, step):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        self.post(ana, session, step)
        with at(11):
            page = signed_in(ana.user).get("/coach/").text
        assert f"/coach/sessions/{session.pk}/undo/" in page
        self.post(ana, session, "undo", hour=11)
        session.refresh_from_db()
        assert session.status == "scheduled"
        assert session.events.last().action == "mark_undone"

    def test_nobody_elses_mark_is_taken_back(self, ana, maya, frieda):
        ben = TrainerFactory(name="Ben Carter")
        session = book(maya, ben, MONDAY, 9, now=NOW)
        complete_session(session, by=frieda, now=NOW, early_is_fine=True)
        assert self.post(ana, session, "undo").status_code == 404
        session.refresh_from_db()
        assert session.status == "completed"

    def test_cancelling_is_no_mark(self, ana, maya):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        answer = self.post(ana, session, "undo")
        assert answer.status_code == 409
        assert "no mark to take back" in answer.text
