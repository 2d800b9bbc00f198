"""Sessions in the member's own calendar: one file, and the private feed."""

import logging
import re
from datetime import UTC, date, datetime, time, timedelta

import html5lib
import psycopg
import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from icalendar import Calendar

from bookings.domain.booking import (
    book_session,
    cancel_session,
    reopen_session,
    reschedule_session,
)
from bookings.feeds import CalendarFeed
from bookings.models import TrainingSession
from finova.errors import server_error
from tests.conftest import BERLIN, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import book
from tests.finova.test_secrets import Lines
from tests.injection import STRINGS
from trainers.models import Trainer, TrainerSchedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

PAGE = "/sessions/calendar/"


def feed_of(client, page=PAGE):
    """Where the page says that the feed is, after a click on its button."""
    page = client.post(page).content.decode()
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    return tree.find(".//input[@id='address']").get("value")


def events(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(response.content).walk("VEVENT")


def moved(session, by, *, day=NEXT_THURSDAY, hour=10):
    return reschedule_session(
        session,
        trainer_id=session.trainer_id,
        session_date=day,
        start_time=time(hour),
        end_time=time(hour + 1),
        by=by,
        now=NOW,
    )


@pytest.fixture
def stranger():
    cache.clear()
    return Client()


class TestOneSession:
    def event(self, client, session):
        (event,) = events(client.get(f"/sessions/{session.pk}/session.ics"))
        return event

    def test_it_says_when_with_whom_and_where(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW, notes="My knee")
        answer = as_maya.get(f"/sessions/{session.pk}/session.ics")
        (event,) = events(answer)
        assert event["SUMMARY"] == "Training with Ana Ruiz"
        assert event["LOCATION"] == "FinovaFitness"
        assert event["URL"] == f"http://testserver/sessions/{session.pk}/"
        assert event["STATUS"] == "CONFIRMED"
        assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
        assert event["DTSTART"].dt.replace(tzinfo=None) == datetime(2026, 12, 10, 9)
        assert event["DTEND"].dt.replace(tzinfo=None) == datetime(2026, 12, 10, 10)
        assert (
            f'attachment; filename="session-{THURSDAY}.ics"'
            == (answer["Content-Disposition"])
        )
        for hidden in (b"knee", b"75.00", b"Maya", b"maya@", b"scheduled"):
            assert hidden not in answer.content

    def test_its_uid_stays_and_its_sequence_grows(
        self, ana, maya, frieda, as_maya, settings
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        before = self.event(as_maya, session)
        moved(session, maya)
        cancel_session(session, by=maya, now=NOW)
        reopen_session(session, by=frieda, now=NOW)
        settings.GYM_NAME = "Another name"
        settings.ALLOWED_HOSTS = ["gym.example"]
        url = f"/sessions/{session.pk}/session.ics"
        (after,) = events(as_maya.get(url, headers={"Host": "gym.example"}))
        assert after["UID"] == before["UID"]
        assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 3)
        assert after["LAST-MODIFIED"].dt >= before["LAST-MODIFIED"].dt

    def test_two_sessions_are_two(self, ana, maya, as_maya):
        one, other = (book(maya, ana, THURSDAY, hour, now=NOW) for hour in (9, 10))
        assert self.event(as_maya, one)["UID"] != self.event(as_maya, other)["UID"]

    def test_a_cancelled_one_says_so(self, ana, maya, as_maya):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        event = self.event(as_maya, session)
        assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")

    def test_it_is_nobody_elses(self, ana, maya, as_omar):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        assert as_omar.get(f"/sessions/{session.pk}/session.ics").status_code == 404


@pytest.mark.parametrize(
    ("day", "hour", "in_utc"),
    [
        # Put forward on 28 March at 02:00, and back on 31 October at 03:00.
        (date(2027, 3, 28), 1, datetime(2027, 3, 28, 0, tzinfo=UTC)),
        (date(2027, 3, 28), 3, datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (date(2027, 10, 31), 1, datetime(2027, 10, 30, 23, tzinfo=UTC)),
        # The hour that comes twice: the first time.
        (date(2027, 10, 31), 2, datetime(2027, 10, 31, 0, tzinfo=UTC)),
        (date(2027, 10, 31), 3, datetime(2027, 10, 31, 2, tzinfo=UTC)),
    ],
)
def test_when_the_clock_changes(ana, maya, as_maya, day, hour, in_utc):
    TrainerSchedule.objects.create(trainer=ana, day_of_week=0, time_slot=time(hour))
    session = book(maya, ana, day, hour, now=NOW)
    answer = as_maya.get(f"/sessions/{session.pk}/session.ics")
    (event,) = events(answer)
    assert event["DTSTART"].dt.astimezone(UTC) == in_utc
    # A calendar that does not know the zone's name reads what the file says of it.
    (zone,) = Calendar.from_ical(answer.content).walk("VTIMEZONE")
    wall = datetime.combine(day, time(hour))
    assert zone.to_tz(lookup_tzid=False).utcoffset(wall) == (
        wall.replace(tzinfo=BERLIN).utcoffset()
    )


def test_the_last_hour_of_the_day_ends_at_midnight(ana, maya, as_maya):
    TrainerSchedule.objects.create(trainer=ana, day_of_week=4, time_slot=time(23))
    session = book_session(
        maya,
        trainer_id=ana.pk,
        session_date=THURSDAY,
        start_time=time(23),
        end_time=time.max,
        now=NOW,
    )
    (event,) = events(as_maya.get(f"/sessions/{session.pk}/session.ics"))
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)


class TestTheFeed:
    def test_a_member_makes_one_and_a_calendar_reads_it(
        self, ana, maya, omar, as_maya, stranger
    ):
        book(maya, ana, THURSDAY, 9, now=NOW)
        book(omar, ana, THURSDAY, 10, now=NOW)
        address = feed_of(as_maya)
        answer = stranger.get(address)
        (event,) = events(answer)
        assert event["SUMMARY"] == "Training with Ana Ruiz"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        calendar = Calendar.from_ical(answer.content)
        assert calendar["X-WR-CALNAME"] == "My training at FinovaFitness"
        assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
        assert stranger.head(address).status_code == 200
        assert stranger.post(address).status_code == 405

    def test_the_address_is_shown_once_and_kept_nowhere(self, maya, as_maya):
        page = as_maya.post(PAGE).content.decode()
        address = re.search(r'value="(http://testserver/calendar/\S+)"', page)[1]
        token = address.rpartition("/")[2].removesuffix(".ics")
        assert f'href="webcal://testserver/calendar/{token}.ics"' in page
        assert len(token) >= 43  # 256 bits
        assert token not in as_maya.get(PAGE).content.decode()
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names():
                cursor.execute(
                    f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s",
                    [f"%{token}%"],
                )
                assert cursor.fetchone() == (0,), table

    def test_it_can_be_renewed_and_switched_off(self, maya, as_maya, stranger):
        first = feed_of(as_maya)
        second = feed_of(as_maya)
        assert stranger.get(first).status_code == 404
        assert stranger.get(second).status_code == 200
        page = as_maya.post(f"{PAGE}off/", follow=True).content.decode()
        assert "Your calendar feed is off" in page
        assert stranger.get(second).status_code == 404
        assert as_maya.post(f"{PAGE}off/").status_code == 302

    def test_it_ends_with_the_account(self, maya, as_maya, stranger):
        address = feed_of(as_maya)
        maya.is_active = False
        maya.save()
        assert stranger.get(address).status_code == 404
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM account_emailaddress")
            cursor.execute("DELETE FROM users_groups")
            cursor.execute("DELETE FROM users WHERE id = %s", [maya.pk])
        assert not CalendarFeed.objects.exists()

    def test_it_keeps_what_is_cancelled_and_a_month_of_the_past(
        self, ana, maya, as_maya, stranger
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        cancel_session(session, by=maya, now=NOW)
        book(maya, ana, NEXT_THURSDAY, 9, now=NOW)
        address = feed_of(as_maya)

        def states():
            return [str(event["STATUS"]) for event in events(stranger.get(address))]

        assert states() == ["CANCELLED", "CONFIRMED"]
        with time_machine.travel(NOW + timedelta(days=3 + 31), tick=False):
            assert states() == ["CONFIRMED"]
        with time_machine.travel(NOW + timedelta(days=60), tick=False):
            assert states() == []

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [("de", "Training mit Ana Ruiz"), ("", "Training with Ana Ruiz")],
    )
    def test_it_is_in_the_members_language(self, ana, maya, as_maya, chosen, expected):
        """Not in that of the program which reads it."""
        book(maya, ana, THURSDAY, 9, now=NOW)
        address = feed_of(as_maya)
        type(maya).objects.filter(pk=maya.pk).update(language=chosen)
        program = Client(headers={"Accept-Language": "fr"})
        (event,) = events(program.get(address))
        assert event["SUMMARY"] == expected

    def test_it_asks_as_often_with_many(
        self, ana, maya, as_maya, stranger, django_assert_num_queries
    ):
        for hour in (8, 9, 10):
            book(maya, ana, THURSDAY, hour, now=NOW)
        address = feed_of(as_maya)
        with django_assert_num_queries(4):
            stranger.get(address)

    def test_the_same_sessions_are_the_same_bytes(self, ana, maya, as_maya, stranger):
        book(maya, ana, THURSDAY, 9, now=NOW)
        address = feed_of(as_maya)
        first = stranger.get(address).content
        with time_machine.travel(NOW + timedelta(hours=5)):
            assert stranger.get(address).content == first


class TestWrongAddresses:
    def test_they_all_look_alike(self, maya, as_maya, stranger):
        renewed = feed_of(as_maya)
        feed_of(as_maya)
        answers = [
            stranger.get(url)
            for url in (renewed, "/calendar/x.ics", f"/calendar/{'é' * 500}.ics")
        ]
        for answer in answers:
            assert answer.status_code == 404
            assert answer.content == b"There is no calendar at this address."
            assert answer["Cache-Control"] == "private, no-store"
            assert answer["Referrer-Policy"] == "no-referrer"
        first, *others = [{**answer.headers} for answer in answers]
        for headers in [first, *others]:
            headers.pop("X-Request-ID")
        assert others == [first, first]

    def test_guessing_is_slowed_down_and_readers_are_not(
        self, ana, maya, as_maya, stranger
    ):
        address = feed_of(as_maya)
        guesses = [stranger.get(f"/calendar/{n}.ics") for n in range(61)]
        assert [answer.status_code for answer in guesses[-2:]] == [404, 429]
        assert guesses[-1]["Retry-After"] == "300"
        assert stranger.get(address).status_code == 200
        elsewhere = stranger.get("/calendar/x.ics", REMOTE_ADDR="198.51.100.20")
        assert elsewhere.status_code == 404


def test_no_line_of_the_log_holds_a_feeds_address(maya, as_maya, stranger):
    lines, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        live, dead = feed_of(as_maya), f"/calendar/{'dead' * 12}.ics"
        for address in (live, dead):
            stranger.get(address)
            stranger.post(address)
        as_maya.get(PAGE)
    finally:
        root.removeHandler(lines)
        root.setLevel(before)
    said = "\n".join(lines.said)
    assert live.rpartition("/")[2].removesuffix(".ics") not in said
    assert "dead" * 12 not in said
    assert '"path": "/calendar/***"' in said
    assert '"path": "/sessions/calendar/"' in said


def test_no_error_page_holds_it_either(db):
    request = RequestFactory().get("/calendar/token.ics")
    try:
        raise psycopg.OperationalError
    except psycopg.OperationalError:
        broken = server_error(request)
    refused = Client(enforce_csrf_checks=True).post("/calendar/token.ics")
    assert (broken.status_code, refused.status_code) == (503, 405)
    for answer in (broken, refused):
        assert b"token" not in answer.content


def test_names_are_text_to_calendars(maya, as_maya, stranger, settings):
    """Whatever a trainer is called, the feed has its one event a session, folded."""
    hostile = [*STRINGS, "x;y,z\\n", "a\nEND:VEVENT\nBEGIN:VEVENT", "é" * 100]
    settings.GYM_NAME = "Gym\r\nBEGIN:VALARM\nX:1;2,3"
    trainers = Trainer.objects.bulk_create(
        Trainer(name=name[:100], slug=f"t-{n}", hourly_rate=60)
        for n, name in enumerate(hostile)
    )
    for n, trainer in enumerate(trainers):
        TrainingSession(
            trainer=trainer,
            client=maya,
            session_date=THURSDAY + timedelta(days=n // 20),
            start_time=time(n % 20),
            end_time=time(n % 20 + 1),
        ).save()
    answer = stranger.get(feed_of(as_maya))
    found = events(answer)
    assert len(found) == len(hostile)
    for line in answer.content.split(b"\r\n"):
        assert len(line) <= 75
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
    calendar = Calendar.from_ical(answer.content)
    kinds = {part.name for part in calendar.walk()}
    assert kinds == {"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"}
    properties = {name for event in found for name in event}
    assert properties == {
        *("UID", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART"),
        *("DTEND", "SUMMARY", "LOCATION", "URL", "STATUS", "TRANSP"),
    }
    assert {str(event["LOCATION"]) for event in found} == {"Gym BEGIN:VALARM X:1;2,3"}
    told = {"".join(str(event["SUMMARY"]).split()) for event in found}
    expected = {f"Trainingwith{''.join(shown(name[:100]).split())}" for name in hostile}
    assert told == expected


def shown(name):
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", name)
