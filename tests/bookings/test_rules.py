"""The gym's rules for its members: shown in the grid, kept by every face."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from bookings.domain.booking import (
    book_session,
    cancel_session,
    complete_session,
    reschedule_session,
)
from bookings.domain.week import Week, build_week
from bookings.exceptions import (
    BookingRefused,
    ClientBusy,
    OverLimit,
    SlotTaken,
    TooFar,
    TooSoon,
)
from bookings.gym import GymSettings, gym_settings
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, be_easy_going, book
from trainers.clock import at_gym

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SIX_DAYS_ON = MONDAY + 6 * DAY


def cell(trainer, day, hour, *, now=NOW, client=None):
    """The state of a cell as the member sees it."""
    grid = build_week(trainer, Week.of(day), now=now, client_id=client and client.pk)
    column = next(each for each in grid.days if each.date == day)
    return next(each.state for each in column.cells if each.start == time(hour))


def test_a_gym_that_says_nothing_has_the_usual_rules():
    GymSettings.objects.all().delete()
    gym = gym_settings()
    assert (gym.minimum_notice_hours, gym.horizon_days) == (2, 60)
    assert (gym.most_upcoming, gym.most_per_day) == (10, 1)
    assert gym.cancel_cut_off_hours == 12


class TestNotice:
    @pytest.fixture(autouse=True)
    def two_hours(self):
        be_easy_going(minimum_notice_hours=2)

    @pytest.mark.parametrize(
        ("now", "state"),
        [(time(7), "available"), (time(7, 1), "too_soon"), (time(9), "past")],
    )
    def test_the_cell_turns_grey_two_hours_before(self, ana, maya, now, state):
        assert cell(ana, MONDAY, 9, now=at_gym(MONDAY, now), client=maya) == state

    def test_what_the_cell_says_the_verb_says(self, ana, maya):
        with pytest.raises(TooSoon, match="at least 2 hours ahead"):
            book(maya, ana, MONDAY, 9, now=at_gym(MONDAY, time(7, 1)))
        assert book(maya, ana, MONDAY, 9, now=at_gym(MONDAY, time(7)))

    def test_the_hours_are_real_ones_when_the_clock_goes_back(self, ana, maya):
        """On 31 October 2027 the hour from two to three comes twice."""
        ana.slots.create(day_of_week=0, time_slot=time(6))
        sunday = date(2027, 10, 31)
        now = at_gym(sunday, time(0, 30))
        # By the wall it is five and a half hours, in truth six and a half.
        be_easy_going(minimum_notice_hours=6)
        assert cell(ana, sunday, 6, now=now) == "available"
        be_easy_going(minimum_notice_hours=7)
        assert cell(ana, sunday, 6, now=now) == "too_soon"

    def test_staff_book_a_caller_at_the_last_minute(self, ana, maya, frieda):
        now = at_gym(MONDAY, time(8, 59))
        for why in ("", " "):
            with pytest.raises(TooSoon):
                book(maya, ana, MONDAY, 9, now=now, by=frieda, reason=why)
        session = book(
            maya, ana, MONDAY, 9, now=now, by=frieda, reason=" She is in the lobby.\n"
        )
        assert session.events.get().reason == "She is in the lobby."

    def test_a_reason_of_ones_own_opens_nothing(self, ana, maya):
        now = at_gym(MONDAY, time(8, 59))
        with pytest.raises(TooSoon):
            book(maya, ana, MONDAY, 9, now=now, reason="I am in the lobby.")


class TestHorizon:
    @pytest.fixture(autouse=True)
    def six_days(self):
        be_easy_going(horizon_days=6)

    def test_the_last_day_is_green_and_the_next_is_grey(self, ana, maya):
        assert cell(ana, SIX_DAYS_ON, 9, client=maya) == "available"
        assert cell(ana, SIX_DAYS_ON + DAY, 9, client=maya) == "too_far"
        assert cell(ana, SIX_DAYS_ON + DAY, 9) == "too_far"

    def test_what_the_cell_says_the_verb_says(self, ana, maya):
        assert book(maya, ana, SIX_DAYS_ON, 9, now=NOW)
        with pytest.raises(TooFar, match="until Sunday 13 December"):
            book(maya, ana, SIX_DAYS_ON + DAY, 9, now=NOW)


class TestLimits:
    def test_one_a_day_with_one_trainer(self, ana, maya, omar):
        be_easy_going(most_per_day=1)
        ben = TrainerFactory(name="Ben Carter")
        book(maya, ana, THURSDAY, 9, now=NOW)
        assert cell(ana, THURSDAY, 9, client=maya) == "mine"
        assert cell(ana, THURSDAY, 11, client=maya) == "limit"
        assert cell(ana, THURSDAY + DAY, 11, client=maya) == "available"
        assert cell(ben, THURSDAY, 11, client=maya) == "available"
        assert cell(ana, THURSDAY, 11, client=omar) == "available"
        assert cell(ana, THURSDAY, 11) == "available"
        with pytest.raises(OverLimit, match="with Ana Ruiz that day already"):
            book(maya, ana, THURSDAY, 11, now=NOW)

    def test_what_was_completed_that_day_counts_and_what_was_cancelled_does_not(
        self, ana, maya, frieda
    ):
        be_easy_going(most_per_day=1)
        done = book(maya, ana, MONDAY, 7, now=NOW)
        complete_session(done, by=frieda, now=at_gym(MONDAY, time(8)))
        assert (
            cell(ana, MONDAY, 11, now=at_gym(MONDAY, time(8)), client=maya) == "limit"
        )
        cancelled = book(maya, ana, THURSDAY, 9, now=NOW)
        cancel_session(cancelled, by=maya, now=NOW)
        assert cell(ana, THURSDAY, 9, client=maya) == "available"

    def test_so_many_ahead_and_no_more(self, ana, maya):
        be_easy_going(most_upcoming=2)
        first = book(maya, ana, MONDAY, 9, now=NOW)
        book(maya, ana, THURSDAY, 9, now=NOW)
        assert cell(ana, THURSDAY, 11, client=maya) == "limit"
        with pytest.raises(OverLimit, match="2 sessions ahead"):
            book(maya, ana, THURSDAY, 11, now=NOW)
        later = at_gym(MONDAY, time(9))
        assert cell(ana, THURSDAY, 11, now=later, client=maya) == "available"
        assert first.is_active

    def test_moving_does_not_count_what_is_moved(self, ana, maya):
        be_easy_going(most_upcoming=1, most_per_day=1)
        session = book(maya, ana, THURSDAY, 9, now=NOW)
        moved = reschedule_session(
            session,
            trainer_id=ana.pk,
            session_date=THURSDAY,
            start_time=time(11),
            end_time=time(12),
            by=maya,
            now=NOW,
        )
        assert moved.start_time == time(11)

    def test_staff_book_beyond_them(self, ana, maya, frieda):
        be_easy_going(most_upcoming=1, most_per_day=1)
        book(maya, ana, THURSDAY, 9, now=NOW)
        with pytest.raises(OverLimit):
            book(maya, ana, THURSDAY, 11, by=frieda, now=NOW)
        assert book(maya, ana, THURSDAY, 11, by=frieda, now=NOW, reason="A gift.")

    @pytest.mark.parametrize("taken_by", ["maya", "omar"])
    def test_no_reason_opens_a_time_that_is_taken(
        self, ana, maya, omar, frieda, taken_by
    ):
        other = TrainerFactory() if taken_by == "maya" else ana
        book(maya if taken_by == "maya" else omar, other, THURSDAY, 9, now=NOW)
        with pytest.raises((SlotTaken, ClientBusy)):
            book(maya, ana, THURSDAY, 9, by=frieda, now=NOW, reason="She insists.")


class TestFaces:
    def test_the_page_shows_the_cell_grey_and_refuses_a_hand_made_request(
        self, monday_morning, ana, maya, as_maya
    ):
        be_easy_going(horizon_days=1)
        page = as_maya.get("/trainers/ana-ruiz/?week=2026-12-07").content.decode()
        assert "Thursday 10 December, 09:00 with Ana Ruiz: too far ahead" in page
        form = {"at": f"{THURSDAY}T09:00", "session_type": "personal_training"}
        refused = as_maya.post("/trainers/ana-ruiz/book/", form)
        assert refused.status_code == 409
        assert "Sessions can be booked until" in refused.content.decode()
        assert not maya.sessions.exists()

    @pytest.mark.parametrize(
        ("rules", "code"),
        [
            ({"minimum_notice_hours": 100}, "too_soon"),
            ({"horizon_days": 1}, "too_far"),
            ({"most_upcoming": 1}, "limit"),
            ({"most_per_day": 1}, "limit"),
        ],
    )
    def test_the_api_says_which_rule(
        self, monday_morning, ana, maya, as_maya, rules, code
    ):
        book(maya, ana, THURSDAY, 9, now=NOW)
        be_easy_going(**rules)
        body = {
            "trainer_id": ana.pk,
            "session_date": f"{THURSDAY}",
            "start_time": "11:00",
            "end_time": "12:00",
            "session_type": "personal_training",
        }
        answer = as_maya.post(
            "/api/members/book-training-session", body, "application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (409, code)

    def test_staff_change_the_rules_in_the_admin(self, as_frieda, ana, maya):
        page = as_frieda.get("/admin/bookings/gymsettings/", follow=True)
        form = page.context["adminform"].form.initial
        saved = as_frieda.post(
            "/admin/bookings/gymsettings/1/change/", {**form, "horizon_days": 14}
        )
        assert saved.status_code == 302
        assert gym_settings().horizon_days == 14
        wrong = as_frieda.post(
            "/admin/bookings/gymsettings/1/change/", {**form, "horizon_days": 0}
        )
        assert "greater than or equal to 1" in wrong.content.decode()
        assert gym_settings().horizon_days == 14

    def test_looking_at_the_rules_writes_nothing(self, as_frieda):
        GymSettings.objects.all().delete()
        page = as_frieda.get("/admin/bookings/gymsettings/", follow=True)
        assert page.status_code == 200
        assert not GymSettings.objects.exists()
        fields = page.context["adminform"].form.fields
        form = {name: field.initial for name, field in fields.items()}
        assert "_addanother" not in page.content.decode()
        saved = as_frieda.post(
            "/admin/bookings/gymsettings/add/",
            {**form, "most_per_day": 3, "_addanother": "1"},
            follow=True,
        )
        assert "The settings were saved." in saved.content.decode()
        assert gym_settings().most_per_day == 3

    def test_there_is_one_row_of_rules_and_no_nonsense_in_it(self):
        with pytest.raises(IntegrityError):
            GymSettings.objects.create(id=2)


def test_the_header_counts_the_green_cells(ana, maya):
    be_easy_going(minimum_notice_hours=30, horizon_days=3, most_per_day=1)
    book(maya, ana, THURSDAY, 9, now=NOW)
    grid = build_week(ana, Week.of(MONDAY), now=NOW, client_id=maya.pk)
    for day in grid.days:
        green = [each for each in day.cells if each.state == "available"]
        assert day.open_count == len(green)
    assert {day.date: day.open_count for day in grid.days if day.open_count} == {
        MONDAY + DAY: 8,
        MONDAY + 2 * DAY: 13,
    }


def test_every_green_cell_can_be_booked_and_no_grey_one(ana, maya, omar, frieda):
    """Grid and verb agree about each cell of two weeks, whatever stands there."""
    be_easy_going(
        minimum_notice_hours=5, horizon_days=9, most_upcoming=3, most_per_day=1
    )
    book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW, hours=2)
    # With another trainer, at times that are not a slot's of this one's.
    ben = TrainerFactory(session_minutes=45)
    book_session(
        maya,
        trainer_id=ben.pk,
        session_date=MONDAY + 2 * DAY,
        start_time=time(9, 15),
        end_time=time(10, 45),
        now=NOW,
    )
    assert cell(ana, MONDAY + 2 * DAY, 9, client=maya) == "busy"
    for week in (Week.of(MONDAY), Week.of(MONDAY).next):
        grid = build_week(ana, week, now=NOW, client_id=maya.pk)
        for each in [each for day in grid.days for each in day.cells]:
            assert bookable(maya, ana, each) == (each.state == "available"), each


class TakenBack(Exception):
    pass


def bookable(client, trainer, each):
    try:
        with transaction.atomic():
            book_session(
                client,
                trainer_id=trainer.pk,
                session_date=each.day,
                start_time=each.start,
                end_time=each.end,
                now=NOW,
            )
            raise TakenBack
    except TakenBack:
        return True
    except BookingRefused:
        return False
