"""The grid: every state of the table, the counts, and the queries it may take."""

from datetime import date, time, timedelta

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from bookings.domain.availability import Taken
from bookings.domain.booking import cancel_session, complete_session
from bookings.domain.cells import CellState, cell_state
from bookings.domain.projection import refresh_schedule
from bookings.domain.week import Week, build_week
from bookings.gym import GymSettings
from bookings.models import TrainingSession
from bookings.policy import Standing
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.clock import at_gym
from trainers.models import (
    DatedSlot,
    SlotStatus,
    TimeOff,
    TrainerSchedule,
    WorkingHours,
)
from trainers.slots import dated_slots

MAYA, OMAR = 1, 2
OPEN_GYM = GymSettings(minimum_notice_hours=0)
BEFORE, AT_START = at_gym(THURSDAY, time(8, 59)), at_gym(THURSDAY, time(9))


def slot(status="available", *, is_off=False, is_closed=False, outside_hours=False):
    return DatedSlot(
        trainer_id=1,
        day=THURSDAY,
        starts=time(9),
        ends=time(10),
        status=status,
        is_off=is_off,
        is_closed=is_closed,
        because="",
        outside_hours=outside_hours,
    )


def taken(who, session_pk):
    return Taken(1, THURSDAY, time(9), time(10), who, session_pk)


@pytest.mark.parametrize(
    ("state", "the_slot", "booked_by", "now"),
    [
        # Each row also has everything that comes further down the table.
        ("mine", slot("break", is_off=True, outside_hours=True), [MAYA], AT_START),
        ("mine", slot(), [OMAR, MAYA], BEFORE),
        ("past", slot("break", is_off=True, outside_hours=True), [OMAR], AT_START),
        ("past", slot(), [], AT_START),
        ("booked", slot("break", is_off=True, outside_hours=True), [OMAR], BEFORE),
        ("booked", slot("booked"), [OMAR], BEFORE),
        ("closed", slot("break", is_off=True, outside_hours=True), [], BEFORE),
        ("closed", slot("break", is_off=True, is_closed=True), [], BEFORE),
        ("time_off", slot("break", is_off=True), [], BEFORE),
        ("time_off", slot("unavailable", is_off=True), [], BEFORE),
        ("break", slot("break"), [], BEFORE),
        ("unavailable", slot("unavailable"), [], BEFORE),
        ("available", slot("available"), [], BEFORE),
        # `booked` on the row speaks of another date.
        ("available", slot("booked"), [], BEFORE),
    ],
)
@pytest.mark.parametrize("is_held", [True, False])
def test_the_first_match_wins(state, the_slot, booked_by, now, is_held):
    standing = Standing(OPEN_GYM, now)
    in_slot = [taken(who, 1) for who in booked_by]
    held = [taken(OMAR, None), taken(MAYA, None)] if is_held else [taken(MAYA, None)]
    found = cell_state(the_slot, in_slot + held, standing=standing, client_id=MAYA)
    assert found == ("held" if is_held and state == "available" else state)


def test_a_visitor_owns_nothing():
    standing = Standing(OPEN_GYM, BEFORE)
    booked = [taken(MAYA, 1)]
    assert cell_state(slot(), booked, standing=standing, client_id=None) == "booked"
    held = [taken(MAYA, None)]
    assert cell_state(slot(), held, standing=standing, client_id=None) == "held"


def states(grid, day):
    column = next(column for column in grid.days if column.date == day)
    return {cell.start.hour: cell.state for cell in column.cells}


@pytest.fixture
def busy_week(ana, maya, omar):
    book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW, hours=2)
    cancel_session(book(omar, ana, THURSDAY, 12, now=NOW), by=omar, now=NOW)
    early = book(omar, ana, THURSDAY, 8, now=NOW)
    complete_session(early, by=omar, now=NOW, early_is_fine=True)
    ana.slots.filter(time_slot=time(13)).update(status=SlotStatus.BREAK)
    ana.slots.filter(time_slot=time(14)).update(status=SlotStatus.UNAVAILABLE)
    TimeOff.objects.create(
        trainer=ana,
        first_day=THURSDAY,
        starts_at=time(17, 30),
        last_day=THURSDAY + timedelta(days=1),
        ends_at=time(9),
    )
    return ana


@pytest.mark.django_db
class TestBuildWeek:
    def test_a_whole_day(self, busy_week, maya):
        grid = build_week(busy_week, Week.of(MONDAY), now=NOW, client_id=maya.pk)

        assert states(grid, THURSDAY) == {
            7: "available",
            8: "available",
            9: "mine",
            10: "booked",
            11: "booked",
            12: "available",
            13: "break",
            14: "unavailable",
            15: "available",
            16: "available",
            17: "time_off",
            18: "time_off",
            19: "time_off",
        }
        friday = states(grid, THURSDAY + timedelta(days=1))
        assert (friday[8], friday[9]) == ("time_off", "available")
        sunday = states(grid, date(2026, 12, 13))
        assert (sunday[7], sunday[8], sunday[16]) == ("closed", "available", "closed")

    def test_each_state_is_told_in_a_word(self, busy_week, maya):
        now = at_gym(THURSDAY, time(8))
        grid = build_week(busy_week, Week.of(MONDAY), now=now, client_id=maya.pk)

        thursday = next(day for day in grid.days if day.date == THURSDAY)
        words = {cell.start.hour: cell.state.word for cell in thursday.cells}
        assert words == {
            7: "Past",
            8: "Past",
            9: "Yours",
            10: "Booked",
            11: "Booked",
            12: "Open",
            13: "Break",
            14: "Away",
            15: "Open",
            16: "Open",
            17: "Away",
            18: "Away",
            19: "Away",
        }
        sunday = grid.days[6].cells[0]
        assert (sunday.state.word, sunday.state.spoken) == ("Closed", "closed")
        legend = [state.word for state in grid.legend]
        assert legend == ["Open", "Booked", "Yours", "Break", "Away", "Closed"]

    def test_a_day_lists_what_is_not_over_and_not_closed(self, busy_week):
        busy_week.slots.filter(day_of_week=0).delete()
        now = at_gym(THURSDAY, time(11))
        grid = build_week(busy_week, Week.of(MONDAY), now=now)

        thursday, sunday = grid.days[3], grid.days[6]
        assert [cell.start.hour for cell in thursday.listed] == list(range(12, 20))
        assert (thursday.is_closed, sunday.is_closed) == (False, True)
        assert sunday.listed == []

    def test_a_row_is_a_time_with_its_cell_on_each_day(self, busy_week):
        grid = build_week(busy_week, Week.of(MONDAY), now=NOW)

        assert grid.week == Week.of(MONDAY)
        for start, cells in grid.rows:
            assert [(cell.day, cell.start) for cell in cells] == [
                (day, start) for day in Week.of(MONDAY)
            ]

    def test_today_is_marked_and_its_week_is_this_one(self, ana):
        now = at_gym(THURSDAY, time(9))
        later = Week.of(THURSDAY).next
        this, next_one = (
            build_week(ana, week, now=now) for week in (Week.of(THURSDAY), later)
        )
        assert [day.date for day in this.days if day.is_today] == [THURSDAY]
        assert not any(day.is_today for day in next_one.days)
        assert this.this_week == next_one.this_week == Week.of(MONDAY)

    def test_the_counts_are_the_green_cells(self, busy_week):
        grid = build_week(busy_week, Week.of(MONDAY), now=NOW)

        for day in grid.days:
            green = [c for c in day.cells if c.state is CellState.AVAILABLE]
            assert day.open_count == len(green)
        assert grid.open_count == sum(day.open_count for day in grid.days) > 50

    def test_another_date_of_the_slot_is_free(self, busy_week):
        next_week = build_week(busy_week, Week.of(MONDAY).next, now=NOW)
        assert states(next_week, THURSDAY + timedelta(days=7))[9] == "available"

    def test_a_session_without_a_slot_still_prints(self, ana, maya):
        TrainingSession.objects.create(
            trainer=ana,
            client=maya,
            session_date=THURSDAY,
            start_time=time(5, 30),
            end_time=time(6, 30),
        )
        grid = build_week(ana, Week.of(MONDAY), now=NOW)

        assert grid.times[0] == time(5, 30)
        assert states(grid, THURSDAY)[5] == "booked"
        assert states(grid, MONDAY)[5] == "closed"
        _, cells = next(iter(grid.rows))
        assert (cells[3].end, cells[0].end) == (time(6, 30), time(5, 30))

    def test_only_a_free_cell_can_be_selected(self, busy_week):
        def selected(at):
            return build_week(busy_week, Week.of(MONDAY), now=NOW, asked=at).selected

        assert selected("2026-12-10T07:00").start == time(7)
        assert selected("2026-12-10T09:00") is None
        assert selected("2026-12-10T05:00") is None

    @pytest.mark.parametrize("sessions", [0, 1, 12])
    def test_three_queries_whatever_there_is(
        self, ana, sessions, django_assert_num_queries
    ):
        for n in range(sessions):
            book(MemberFactory(), ana, THURSDAY, 7 + n, now=NOW)
        with django_assert_num_queries(3):
            grid = build_week(ana, Week.of(MONDAY), now=NOW)
            assert len(list(grid.rows)) == 13

    def test_an_hour_that_the_clock_leaves_out_is_closed(self, ana):
        sunday = date(2027, 3, 28)
        TrainerSchedule.objects.create(trainer=ana, day_of_week=0, time_slot=time(2))
        grid = build_week(ana, Week.of(sunday), now=NOW)
        assert states(grid, sunday)[8] == "available"
        assert 2 not in states(grid, sunday)
        before = build_week(ana, Week.of(sunday).previous, now=NOW)
        assert states(before, sunday - timedelta(days=7))[2] == "available"

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
    def test_the_ends_of_the_calendar(self, ana, day):
        for n in range(7):
            TrainerSchedule.objects.create(
                trainer=ana, day_of_week=n, time_slot=time(0)
            )
        assert dated_slots([ana.pk], [day])[0].starts == time(0)

    def test_a_slot_that_grew_past_midnight_still_shows_its_session(self, ana, maya):
        WorkingHours.objects.create(
            trainer=ana, day_of_week=4, starts_at=time(20), ends_at=time(23, 30)
        )
        refresh_schedule(ana.pk)
        book(maya, ana, THURSDAY, 22, now=NOW)
        ana.session_minutes = 150
        ana.save()
        grid = build_week(ana, Week.of(MONDAY), now=NOW, client_id=maya.pk)
        assert states(grid, THURSDAY)[22] == "mine"

    def test_a_trainer_without_slots_has_an_empty_week(self, ana):
        ana.slots.all().delete()
        assert build_week(ana, Week.of(MONDAY), now=NOW).times == []


@pytest.mark.django_db
@pytest.mark.parametrize("sessions", [1, 12])
def test_the_page_takes_eight_queries(
    monday_morning, ana, as_maya, sessions, django_assert_num_queries
):
    """Session, user, trainer; the rules, who asks, their bar, slots, sessions."""
    TrainerFactory.create_batch(3)
    for n in range(sessions):
        book(MemberFactory(), ana, THURSDAY, 7 + n, now=NOW)
    with django_assert_num_queries(8):
        assert as_maya.get("/trainers/ana-ruiz/?week=2026-12-07").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("trainers", [1, 3])
def test_the_front_page_takes_six(monday_morning, trainers, django_assert_num_queries):
    # The trainers; their next free times; the first one's week.
    TrainerFactory.create_batch(trainers)
    with django_assert_num_queries(6):
        assert Client().get("/").status_code == 200


SHOWN = st.dates(date(2000, 1, 3), date(2200, 1, 5))


class TestWeek:
    @given(SHOWN)
    @example(date(2026, 12, 31))
    @example(date(2027, 1, 1))
    @example(date(2021, 1, 3))
    @example(date(2028, 2, 29))
    def test_seven_days_from_monday_are_one_week_of_the_calendar(self, day):
        days = list(Week.of(day))
        assert day in days
        assert [f"{n:%a}" for n in days] == [
            "Mon",
            "Tue",
            "Wed",
            "Thu",
            "Fri",
            "Sat",
            "Sun",
        ]
        assert {n.isocalendar()[:2] for n in days} == {day.isocalendar()[:2]}
        assert {Week.of(n) for n in days} == {Week.of(day)}

    @given(SHOWN)
    def test_the_next_week_begins_where_this_one_ends(self, day):
        week = Week.of(day)
        assert week.next.previous == week or week.next == week
        assert week.previous.next == week or week.previous == week
        assert week.next == week or week.next.monday - week.sunday == timedelta(days=1)
        assert date.fromisoformat(str(week)) == week.monday

    def test_every_week_is_passed_turning_from_the_first_to_the_last(self):
        week, weeks, long_years = Week.of(date.min), 1, 0
        while week.next != week:
            week, weeks = week.next, weeks + 1
            long_years += week.monday.isocalendar().week == 53
        assert week == Week.of(date.max)
        assert weeks == (date(2199, 12, 30) - date(2000, 1, 3)).days // 7 + 1
        # A year has 53 weeks when its first or its last day is a Thursday.
        assert long_years == sum(
            4 in (date(y, 1, 1).isoweekday(), date(y, 12, 31).isoweekday())
            for y in range(2000, 2200)
        )

    @given(st.dates())
    def test_any_date_of_the_calendar_has_a_week_with_a_title(self, day):
        week = Week.of(day)
        assert str(week.sunday.year) in week.title
        for other in (week.previous, week.next):
            assert other.monday.isoweekday() == 1

    @pytest.mark.parametrize(
        ("day", "monday"),
        [
            (date(2026, 12, 7), date(2026, 12, 7)),
            (date(2026, 12, 13), date(2026, 12, 7)),
            (date(2027, 1, 1), date(2026, 12, 28)),
            (date(2028, 2, 29), date(2028, 2, 28)),
            (date(1, 1, 1), date(2000, 1, 3)),
            (date(9999, 12, 31), date(2199, 12, 30)),
        ],
    )
    def test_of(self, day, monday):
        week = Week.of(day)
        assert (week.monday, list(week)[6]) == (monday, week.sunday)

    @pytest.mark.parametrize(
        ("monday", "title"),
        [
            (date(2026, 12, 7), "7 – 13 December 2026"),
            (date(2026, 11, 30), "30 November – 6 December 2026"),
            (date(2026, 12, 28), "28 December 2026 – 3 January 2027"),
        ],
    )
    def test_title(self, monday, title):
        assert Week.of(monday).title == title
