"""When a trainer works: the weekly slots on and off, and time off."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.domain.availability import is_slot_available
from bookings.domain.away import sessions_within, when_of
from bookings.domain.offers import offer_alternatives
from bookings.models import Offer, TrainingSession
from tests.bookings.test_coach import texts, tree
from tests.conftest import BERLIN, MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import TimeOff

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

SLOTS, OFF = "/coach/slots/", "/coach/time-off/"


def status_of(trainer, day, hour):
    return trainer.slots.get(day_of_week=day, time_slot=time(hour)).status


class TestSlots:
    def test_the_grid_starts_on_monday_and_says_what_each_slot_is(self, ana, as_ana):
        ana.slots.filter(day_of_week=1, time_slot="13:00").update(status="break")
        page = as_ana.get(SLOTS)
        days = texts(page, ".//th[@class='grid__day']")
        assert (days[0], days[-1]) == ("Monday", "Sunday")
        cells = texts(page, ".//table//button")
        assert len(cells) == 86
        assert "Monday, 13:00: Break" in cells
        assert "Monday, 12:00: Available" in cells

    @pytest.mark.parametrize("status", ["unavailable", "break", "available"])
    def test_a_press_sets_one_slot(self, ana, as_ana, status):
        answer = as_ana.post(SLOTS, {"slot": "1-09:00", "status": status})
        assert answer.url == f"/coach/slots/?day=1&status={status}"
        assert status_of(ana, 1, 9) == status
        assert status_of(ana, 1, 10) == status_of(ana, 2, 9) == "available"
        page = as_ana.get(answer.url)
        assert "Monday, 09:00: " in page.text
        assert f'value="{status}" checked' in page.text

    def test_members_cannot_book_it_then(self, ana, as_ana):
        as_ana.post(SLOTS, {"slot": "4-09:00", "status": "unavailable"})
        assert not is_slot_available(ana.pk, THURSDAY, time(9))
        as_ana.post(SLOTS, {"slot": "4-09:00", "status": "available"})
        assert is_slot_available(ana.pk, THURSDAY, time(9))

    def test_sessions_in_it_stand_and_the_page_says_so(self, ana, maya, omar, as_ana):
        for member, day in [(maya, THURSDAY), (omar, NEXT_THURSDAY)]:
            book(member, ana, day, 9, now=NOW)
        assert "Available 2 , 2 sessions booked" in " | ".join(
            texts(as_ana.get(SLOTS), ".//table//button")
        ).replace("Available2", "Available 2 ")
        as_ana.post(SLOTS, {"slot": "4-09:00", "status": "unavailable"})
        page = as_ana.get(SLOTS)
        assert "2 sessions booked in it stand" in page.text
        assert status_of(ana, 4, 9) == "unavailable"
        assert ana.sessions.active().count() == 2

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"slot": "1-09:00"},
            {"slot": "1-09:00", "status": "booked"},
            {"slot": "8-09:00", "status": "break"},
            {"slot": "1-25:00", "status": "break"},
            {"slot": "²-09:00", "status": "break"},
            {"slot": "x", "status": "break"},
        ],
    )
    def test_what_cannot_be_read_changes_nothing(self, ana, as_ana, form):
        before = list(ana.slots.values_list("status", "updated_at"))
        answer = as_ana.post(SLOTS, form)
        assert answer.status_code == 422
        assert "Choose a slot and what it becomes." in answer.text
        assert list(ana.slots.values_list("status", "updated_at")) == before

    def test_a_slot_outside_the_hours_is_not_there_to_set(self, ana, maya, as_ana):
        ana.slots.filter(day_of_week=1, time_slot="09:00").update(outside_hours=True)
        assert "Monday, 09:00" not in as_ana.get(SLOTS).text
        for slot in ("1-09:00", "1-03:00"):
            answer = as_ana.post(SLOTS, {"slot": slot, "status": "break"})
            assert answer.status_code == 409
            assert "no longer in your hours" in answer.text
        assert status_of(ana, 1, 9) == "available"

    def test_htmx_gets_the_grid_alone_with_that_day_open(self, ana, as_ana):
        answer = as_ana.post(
            SLOTS,
            {"slot": "0-09:00", "status": "break"},
            headers={"HX-Request": "true"},
        )
        assert "<h1" not in answer.text
        assert "Sunday, 09:00: Break." in answer.text
        (opened,) = tree(answer).iterfind(".//details[@open]")
        assert "Sunday" in "".join(opened.find("summary").itertext())

    def test_only_ones_own(self, ana, as_ana):
        ben = TrainerFactory(name="Ben Carter")
        as_ana.post(SLOTS, {"slot": "1-09:00", "status": "break", "trainer": ben.pk})
        assert status_of(ben, 1, 9) == "available"

    def test_nobody_else_sets_any(self, ana, as_maya, as_frieda):
        for client in (as_maya, as_frieda):
            form = {"slot": "1-09:00", "status": "break"}
            assert client.post(SLOTS, form).status_code == 404
        assert status_of(ana, 1, 9) == "available"

    def test_a_trainer_without_slots_reads_why(self, ana, as_ana):
        ana.slots.all().delete()
        assert "You have no slots yet" in as_ana.get(SLOTS).text

    def test_it_asks_as_often_with_sixty_sessions_as_with_three(self, ana, as_ana):
        def asked():
            with CaptureQueriesContext(connection) as queries:
                as_ana.get(SLOTS)
            return len(queries)

        fill(ana, days=1)
        few = asked()
        fill(ana, days=20)
        assert asked() == few <= 8


def fill(trainer, *, days, hours=3):
    for number in range(days):
        for hour in range(9, 9 + hours):
            day = THURSDAY + timedelta(days=number)
            if not trainer.sessions.filter(session_date=day, start_time=time(hour)):
                book(MemberFactory(), trainer, day, hour, now=NOW)


class TestTimeOff:
    def test_a_day_is_taken_at_once_where_nobody_is_booked(self, ana, as_ana):
        form = {"first_day": THURSDAY, "reason": "dentist", "notice": "On holiday"}
        answer = as_ana.post(OFF, form)
        assert answer.status_code == 302
        off = ana.time_off.get()
        assert (off.first_day, off.last_day) == (THURSDAY, THURSDAY)
        assert (off.starts_at, off.ends_at) == (time.min, None)
        page = as_ana.get(OFF).text
        assert "Time off: Thursday 10 December 2026." in page
        assert "For staff: dentist" in page
        assert "Members read: On holiday" in page
        assert not is_slot_available(ana.pk, THURSDAY, time(9))

    def test_hours_of_a_day(self, ana, as_ana):
        form = {"first_day": THURSDAY, "starts_at": "12:00", "ends_at": "14:00"}
        as_ana.post(OFF, form)
        assert when_of(ana.time_off.get()) == "Thursday 10 December 2026, 12:00 – 14:00"
        assert is_slot_available(ana.pk, THURSDAY, time(11))
        assert not is_slot_available(ana.pk, THURSDAY, time(12))

    def test_before_it_is_saved_it_shows_whom_it_hits(self, ana, maya, omar, as_ana):
        session = book(maya, ana, THURSDAY, 9, now=NOW, notes="My knee")
        book(omar, ana, NEXT_THURSDAY, 9, now=NOW)
        form = {"first_day": THURSDAY}
        shown = as_ana.post(OFF, form)
        assert shown.status_code == 409
        assert not ana.time_off.exists()
        assert "Maya Lindqvist" in shown.text
        assert "Omar" not in shown.text
        assert "the front desk has offered" in shown.text
        sent = {
            each.get("name"): each.get("value", "")
            for each in tree(shown).iterfind(".//main//input[@type='hidden']")
        }
        assert sent["knowing"] == str(session.pk)
        answer = as_ana.post(OFF, sent)
        assert answer.status_code == 302
        assert ana.time_off.get().first_day == THURSDAY
        session.refresh_from_db()
        assert session.is_active
        page = as_ana.get(OFF).text
        assert "1 session stands in it" in page
        assert "1 session still stands in it." in page

    def test_who_booked_meanwhile_is_shown_too(self, ana, maya, omar, as_ana):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        book(omar, ana, THURSDAY, 10, now=NOW)
        form = {"first_day": THURSDAY, "knowing": [session.pk, "²", "x", "9" * 5000]}
        answer = as_ana.post(OFF, form)
        assert answer.status_code == 409
        assert "Omar Haddad" in answer.text
        assert not ana.time_off.exists()

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({}, "required"),
            ({"first_day": "soon"}, "valid date"),
            ({"first_day": "2026-12-10", "last_day": "2026-12-09"}, "ends before"),
            ({"first_day": "2026-12-01"}, "over already"),
            (
                {"first_day": "2026-12-10", "starts_at": "14:00", "ends_at": "12:00"},
                "ends before",
            ),
            ({"first_day": "2026-12-10", "notice": "x" * 101}, "at most 100"),
        ],
    )
    def test_what_is_no_time_is_refused_with_a_word(self, ana, as_ana, form, said):
        answer = as_ana.post(OFF, form)
        assert answer.status_code == 422
        assert said in answer.text
        assert not ana.time_off.exists()

    def test_it_can_be_removed(self, ana, as_ana):
        off = TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
        answer = as_ana.post(f"{OFF}{off.pk}/remove/")
        assert answer.url == OFF
        assert "Your slots are open again then." in as_ana.get(OFF).text
        assert is_slot_available(ana.pk, THURSDAY, time(9))

    def test_removing_it_withdraws_what_was_offered_because_of_it(
        self, ana, maya, frieda, as_ana
    ):
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        off = TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
        until = NOW + timedelta(hours=24)
        (made,) = offer_alternatives([session], by=frieda, now=NOW, until=until)
        assert made.offer
        as_ana.post(f"{OFF}{off.pk}/remove/")
        said = "1 offer was withdrawn: the session takes place as booked."
        assert said in as_ana.get(OFF).text
        assert not Offer.objects.waiting(NOW).exists()

    def test_only_ones_own(self, ana, as_ana):
        ben = TrainerFactory(name="Ben Carter")
        off = TimeOff.objects.create(
            trainer=ben, first_day=THURSDAY, last_day=THURSDAY, reason="surgery"
        )
        assert "surgery" not in as_ana.get(OFF).text
        assert as_ana.post(f"{OFF}{off.pk}/remove/").status_code == 404
        as_ana.post(OFF, {"first_day": THURSDAY, "trainer": ben.pk})
        assert ben.time_off.get() == off
        assert ana.time_off.count() == 1

    def test_what_is_over_is_no_longer_listed(self, ana, as_ana):
        TimeOff.objects.create(
            trainer=ana, first_day=date(2026, 12, 1), last_day=date(2026, 12, 6)
        )
        assert "You have no time off ahead." in as_ana.get(OFF).text

    @pytest.mark.parametrize(
        ("off", "hours"),
        [
            ({}, {9, 10, 11}),
            ({"starts_at": time(10)}, {10, 11}),
            ({"starts_at": time(10, 30), "ends_at": time(11)}, {10}),
            ({"ends_at": time(10)}, {9}),
            ({"starts_at": time(12)}, set()),
        ],
    )
    def test_the_sessions_within(self, ana, off, hours):
        fill(ana, days=1)
        off = TimeOff(trainer=ana, first_day=THURSDAY, last_day=THURSDAY, **off)
        found = {session.start_time.hour for session in sessions_within(off, now=NOW)}
        assert found == hours

    def test_what_has_begun_or_ended_is_not_in_the_way(self, ana, maya):
        book(maya, ana, MONDAY, 9, now=NOW)
        off = TimeOff(trainer=ana, first_day=MONDAY, last_day=MONDAY)
        later = datetime(2026, 12, 7, 9, 30, tzinfo=BERLIN)
        assert sessions_within(off, now=NOW).exists()
        assert not sessions_within(off, now=later).exists()

    def test_it_asks_as_often_with_sixty_sessions_as_with_three(self, ana, as_ana):
        def asked():
            with CaptureQueriesContext(connection) as queries:
                as_ana.post(OFF, {"first_day": THURSDAY, "last_day": "2026-12-31"})
                as_ana.get(OFF)
            return len(queries)

        fill(ana, days=1)
        few = asked()
        fill(ana, days=20)
        assert asked() == few
        assert TrainingSession.objects.count() == 60
