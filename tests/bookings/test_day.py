"""One day of all trainers: who stands where, and what a click asks for."""

from datetime import date, time

import pytest

from bookings.domain.cells import build_cells
from bookings.domain.day import build_day, within_the_calendar
from bookings.domain.openings import PartOfDay
from bookings.models import TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.models import DayOfWeek, SlotStatus, Trainer, WorkingHours
from trainers.schedule import fit_trainer_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def bruno(db):
    """Three quarters of an hour each, from nine to noon."""
    bruno = TrainerFactory(name="Bruno Keller", session_minutes=45)
    WorkingHours.objects.create(
        trainer=bruno,
        day_of_week=DayOfWeek.THURSDAY,
        starts_at=time(9),
        ends_at=time(12),
    )
    fit_trainer_schedule(bruno.pk)
    return bruno


def table(grid):
    return {
        f"{start:%H:%M}": [place and str(place.cell.state) for place in row]
        for start, row in grid.rows
    }


def test_rows_are_starts_and_columns_trainers(ana, bruno, maya, omar):
    ana.slots.exclude(time_slot__in=[time(9), time(10)]).delete()
    book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW)

    grid = build_day(THURSDAY, [ana, bruno], now=NOW, client_id=maya.pk)

    assert grid.trainers == [ana, bruno]
    assert table(grid) == {
        "09:00": ["mine", "busy"],
        "09:45": [None, "busy"],
        "10:00": ["booked", None],
        "10:30": [None, "available"],
        "11:15": [None, "available"],
    }
    assert grid.open_count == 2
    assert grid.legend == ["available", "booked", "mine", "busy"]
    times = {f"{at:%H:%M}": places for at, places in grid.open_by_time}
    assert [place.trainer for place in times["10:30"]] == [bruno]
    assert times["10:30"][0].url == (
        "/trainers/bruno-keller/?week=2026-12-07&at=2026-12-10T10:30"
    )


def test_each_column_is_what_the_trainers_own_week_says(ana, maya):
    ana.slots.filter(time_slot=time(12)).update(status=SlotStatus.BREAK)
    book(maya, ana, THURSDAY, 9, now=NOW, hours=2)
    # Staff may put a session where the trainer has no slot.
    TrainingSession.objects.create(
        trainer=ana,
        client=maya,
        session_date=THURSDAY,
        start_time=time(20, 30),
        end_time=time(21),
    )
    grid = build_day(THURSDAY, [ana], now=NOW)
    column = [place.cell for _, (place,) in grid.rows]
    assert column == build_cells(ana, [THURSDAY], now=NOW)


def test_what_is_over_is_not_shown(ana, bruno, maya):
    book(maya, ana, THURSDAY, 9, now=NOW)
    now = NOW.replace(day=10, hour=18)
    grid = build_day(THURSDAY, [ana, bruno], now=now, client_id=maya.pk)
    assert table(grid) == {"09:00": ["mine"], "19:00": ["available"]}
    assert grid.trainers == [ana]


def test_a_part_of_the_day(ana, bruno):
    grid = build_day(THURSDAY, [ana, bruno], now=NOW, part=PartOfDay.EVENING)
    assert list(table(grid)) == ["17:00", "18:00", "19:00"]


def test_the_calendar_has_ends():
    assert within_the_calendar(date.min) == date(2000, 1, 3)
    grid = build_day(within_the_calendar(date.max), [], now=NOW)
    assert grid.next == grid.day


@pytest.mark.parametrize("count", [1, 30])
def test_the_queries_do_not_grow_with_the_trainers(
    db, count, django_assert_num_queries
):
    TrainerFactory.create_batch(count)
    everybody = list(Trainer.objects.all())
    with django_assert_num_queries(3):
        assert len(build_day(THURSDAY, everybody, now=NOW).trainers) == count
