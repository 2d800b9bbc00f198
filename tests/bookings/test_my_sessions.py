"""My sessions and the page of one, as a browser without JavaScript gets them."""

from datetime import datetime, time, timedelta

import html5lib
import pytest
import time_machine
from django.db import connection
from django.db.models import QuerySet

from bookings.domain.agenda import PAGE_SIZE, SessionState, build_agenda
from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reopen_session,
    reschedule_session,
)
from bookings.domain.story import story_of
from bookings.models import BookingEvent
from tests.conftest import BERLIN, MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import TrainerSchedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

DAY = timedelta(days=1)


def texts(response, path):
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    return [" ".join("".join(each.itertext()).split()) for each in tree.iterfind(path)]


def actions(response):
    """What can be done with the session, without what only screen readers say."""
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    links = tree.iterfind(".//div[@class='session__actions']//a")
    return [(link.text.strip(), link.get("href")) for link in links]


class TestTheList:
    def test_it_is_grouped_by_day_and_today_is_called_so(self, ana, maya, as_maya):
        for day, hour in [(MONDAY, 9), (MONDAY, 11), (MONDAY + DAY, 9), (THURSDAY, 9)]:
            book(maya, ana, day, hour, now=NOW)
        page = as_maya.get("/sessions/")
        assert texts(page, ".//h3") == [
            "Today · Monday 7 December",
            "Tomorrow · Tuesday 8 December",
            "Thursday 10 December",
        ]
        assert len(texts(page, ".//li[@class='session']")) == 4

    def test_it_says_who_when_what_how_long_how_much_and_in_which_state(
        self, ana, maya, as_maya
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW, session_type="consultation")
        confirm_session(session, by=maya, now=NOW)
        (text,) = texts(as_maya.get("/sessions/"), ".//li[@class='session']")
        for part in (
            "09:00 – 10:00",
            "With Ana Ruiz",
            "Consultation · 1 h · €75.00",
            "Confirmed",
        ):
            assert part in text

    def test_nobody_has_booked_yet(self, db, as_maya):
        page = as_maya.get("/sessions/").content.decode()
        assert "You have no sessions ahead." in page
        assert "Sessions that are over stand here." in page

    def test_what_is_over_can_be_booked_again_at_the_same_time(
        self, ana, maya, as_maya
    ):
        book(maya, ana, THURSDAY, 9, now=NOW)
        later = NOW + timedelta(days=8)
        with time_machine.travel(later, tick=False):
            as_maya.force_login(maya, "django.contrib.auth.backends.ModelBackend")
            page = as_maya.get("/sessions/")
            ((name, address),) = actions(page)
            assert name == "Book again"
            panel = as_maya.get(address)
        assert panel.context["grid"].selected.at == "2026-12-17T09:00"

    def test_a_trainer_who_has_gone_is_not_offered_again(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        ana.is_active = False
        ana.save()
        assert actions(as_maya.get("/sessions/")) == []

    def test_the_past_comes_in_pages(self, ana, maya, as_maya):
        for n in range(PAGE_SIZE + 2):
            session = book(maya, ana, MONDAY + n * DAY, 9, now=NOW)
            cancel_session(session, by=maya, now=NOW - timedelta(minutes=2))
        first = as_maya.get("/sessions/")
        assert len(texts(first, ".//li[@class='session']")) == PAGE_SIZE
        assert b'href="?page=2"' in first.content
        second = as_maya.get("/sessions/?page=2")
        assert len(texts(second, ".//li[@class='session']")) == 2
        assert b'href="?page=1"' in second.content
        assert b'href="?page=3"' not in second.content
        assert b"There are no more sessions" in as_maya.get("/sessions/?page=9").content

    @pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "²"])
    def test_a_strange_page_is_the_first(self, as_maya, page):
        assert as_maya.get("/sessions/", {"page": page}).context["agenda"].page == 1

    def test_it_asks_as_often_with_three_as_with_one(
        self, ana, maya, as_maya, django_assert_num_queries
    ):
        for hour in (8, 9, 10):
            book(maya, ana, THURSDAY, hour, now=NOW)
            session = book(maya, ana, NEXT_THURSDAY, hour, now=NOW)
            cancel_session(session, by=maya, now=NOW - timedelta(minutes=2))
        with django_assert_num_queries(7):
            as_maya.get("/sessions/")


class TestStates:
    def state(self, maya, now):
        agenda = build_agenda(maya.pk, now=now)
        days = [*agenda.upcoming, *agenda.past]
        ((entry,),) = [day.entries for day in days]
        return entry.state, bool(agenda.upcoming), entry.is_ahead

    def test_as_the_clock_goes_on(self, ana, maya):
        book(maya, ana, MONDAY, 9, now=NOW)
        at = NOW.replace
        assert self.state(maya, at(hour=8, minute=59)) == ("scheduled", True, True)
        assert self.state(maya, at(hour=9)) == ("under_way", True, False)
        assert self.state(maya, at(hour=9, minute=59)) == ("under_way", True, False)
        assert self.state(maya, at(hour=10)) == ("not_marked", False, False)

    @pytest.mark.parametrize(
        ("verb", "state"),
        [
            (complete_session, "completed"),
            (cancel_session, "cancelled"),
            (mark_no_show, "no_show"),
        ],
    )
    def test_as_staff_mark_it(self, ana, maya, frieda, verb, state):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        verb(session, by=frieda, now=NOW.replace(hour=11))
        assert self.state(maya, NOW.replace(hour=12)) == (state, False, False)

    def test_in_the_hour_that_comes_twice(self, ana, maya):
        """Begun is begun, also while the wall shows 02:30 for the second time."""
        TrainerSchedule.objects.create(trainer=ana, day_of_week=0, time_slot=time(2))
        book(maya, ana, datetime(2027, 10, 31).date(), 2, now=NOW)
        before = datetime(2027, 10, 31, 1, 59, tzinfo=BERLIN)
        first = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN)
        second = first.replace(fold=1)
        assert self.state(maya, before) == ("scheduled", True, True)
        assert self.state(maya, first) == ("under_way", True, False)
        assert self.state(maya, second) == ("under_way", True, False)

    def test_each_has_a_word(self):
        assert len({str(state.word) for state in SessionState}) == len(SessionState)


class TestTheStory:
    def told(self, session):
        return [line.sentence for line in story_of(session)]

    def test_of_a_session_that_saw_everything(self, ana, maya, frieda):
        ben = TrainerFactory(name="Ben Carter", user=MemberFactory(name="Ben Carter"))
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        place = {"session_date": NEXT_THURSDAY, "end_time": time(11)}
        reschedule_session(
            session,
            trainer_id=ana.pk,
            start_time=time(10),
            by=maya,
            now=NOW,
            **place,
        )
        reschedule_session(
            session,
            trainer_id=ben.pk,
            start_time=time(10),
            by=frieda,
            now=NOW,
            **place,
        )
        confirm_session(session, by=ben.user, now=NOW)
        cancel_session(session, by=frieda, now=NOW, reason="Maya owes us money")
        reopen_session(session, by=frieda, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        session.refresh_from_db()
        assert self.told(session) == [
            "You booked Thursday 10 December, 09:00 with Ana Ruiz.",
            (
                "You moved it from Thursday 10 December, 09:00 to "
                "Thursday 17 December, 10:00."
            ),
            (
                "The gym moved it from Thursday 17 December, 10:00 with Ana Ruiz to "
                "Thursday 17 December, 10:00 with Ben Carter."
            ),
            "Ben Carter confirmed it.",
            "The gym cancelled it.",
            "The gym booked it again for you.",
            "You cancelled it.",
        ]

    def test_after_the_start(self, ana, maya, frieda):
        session = book(maya, ana, MONDAY, 9, now=NOW, by=frieda)
        mark_no_show(session, by=frieda, now=NOW.replace(hour=11))
        other = book(maya, ana, MONDAY, 10, now=NOW)
        complete_session(other, by=frieda, now=NOW.replace(hour=11))
        assert self.told(session) == [
            "The gym booked Monday 7 December, 09:00 with Ana Ruiz for you.",
            "The gym noted that you did not come.",
        ]
        assert self.told(other)[-1] == "The gym noted that it took place."

    def test_of_a_session_that_came_by_sql(self, ana, maya):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO training_sessions (trainer_id, client_id, session_date,"
                " start_time, end_time) VALUES (%s, %s, %s, '09:00', '10:00')",
                [ana.pk, maya.pk, THURSDAY],
            )
        session = maya.sessions.get()
        assert self.told(session) == ["The gym entered this session for you."]
        cancel_session(session, by=maya, now=NOW)
        assert self.told(session) == [
            "The gym entered this session for you.",
            "You cancelled it.",
        ]

    def test_it_names_no_staff_no_other_member_and_no_reason(
        self, ana, maya, omar, frieda, as_maya
    ):
        """Also where a colleague, who is a trainer too, has done it."""
        ben = TrainerFactory(name="Ben Carter", user=MemberFactory(name="Ben Carter"))
        session = book(omar, ana, THURSDAY, 9, now=NOW)
        session.client = maya
        session.save()
        BookingEvent.objects.create(
            session=session,
            actor=omar,
            action="moved",
            at=NOW,
            before={**session.facts(), "client_id": omar.pk},
            after=session.facts(),
            reason="influenza",
        )
        confirm_session(session, by=ben.user, now=NOW)
        cancel_session(session, by=frieda, now=NOW, reason="owes money")
        page = as_maya.get(f"/sessions/{session.pk}/").content.decode()
        for hidden in ("Omar", "Ben", "Frieda", "influenza", "money"):
            assert hidden not in page
        assert self.told(session) == [
            "The gym entered this session for you.",
            "The gym confirmed it.",
            "The gym cancelled it.",
        ]

    def test_of_people_who_are_gone_and_of_steps_that_are_new(self, ana, maya, frieda):
        ben = TrainerFactory(name="Ben Carter")
        session = book(maya, ben, THURSDAY, 9, now=NOW, by=frieda)
        reschedule_session(
            session,
            trainer_id=ana.pk,
            session_date=THURSDAY,
            start_time=time(9),
            end_time=time(10),
            by=frieda,
            now=NOW,
        )
        ben.delete()
        QuerySet(BookingEvent).update(actor=None)
        BookingEvent.objects.create(session=session, action="praised", at=NOW)
        session.refresh_from_db()
        assert self.told(session) == [
            "The gym booked Thursday 10 December, 09:00 with another trainer for you.",
            (
                "The gym moved it from Thursday 10 December, 09:00 with another "
                "trainer to Thursday 10 December, 09:00 with Ana Ruiz."
            ),
            "The gym changed it.",
        ]

    def test_it_is_told_in_gym_time_and_in_few_queries(
        self, ana, maya, as_maya, django_assert_num_queries
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        confirm_session(session, by=maya, now=NOW)
        with django_assert_num_queries(7):
            page = as_maya.get(f"/sessions/{session.pk}/").content.decode()
        assert "Monday 7 December 2026, 06:00" in page


class TestThePage:
    def test_it_has_what_the_member_wrote(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW, notes="My knee\nhurts")
        page = as_maya.get(f"/sessions/{session.pk}/").content.decode()
        assert "My knee\nhurts" in page

    def test_it_is_nobody_elses(self, ana, maya, as_omar):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        theirs = as_omar.get(f"/sessions/{session.pk}/")
        assert theirs.status_code == 404

    def test_what_has_begun_can_be_neither_cancelled_nor_moved(
        self, ana, maya, as_maya
    ):
        session = book(maya, ana, MONDAY, 9, now=NOW)
        url = f"/sessions/{session.pk}/"
        assert "Cancel" in [name for name, _ in actions(as_maya.get(url))]
        with time_machine.travel(NOW.replace(hour=9, minute=30), tick=False):
            for page in (url, "/sessions/"):
                assert [name for name, _ in actions(as_maya.get(page))] == [
                    "Book again"
                ]
