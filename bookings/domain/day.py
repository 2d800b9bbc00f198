"""One day of all trainers side by side, every cell decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from bookings.domain.cells import LEGEND, Cell, CellState, cells_of
from bookings.domain.openings import Occasion, PartOfDay, Place
from bookings.domain.standing import standing_of
from bookings.domain.week import DAY, FIRST_MONDAY, LAST_MONDAY
from trainers.models import Trainer
from trainers.wording import day_name


@dataclass(frozen=True)
class DayGrid:
    """One day of all trainers who work then: a column each, rows by start."""

    day: date
    today: date
    trainers: Sequence[Trainer]
    rows: Sequence[tuple[time, Sequence[Place | None]]]

    @property
    def legend(self) -> list[CellState]:
        """As in the week: what occurs, and what a day is made of."""
        words = {
            place.cell.state.word for _at, row in self.rows for place in row if place
        }
        words |= {CellState.AVAILABLE.word, CellState.BOOKED.word}
        return [state for state in LEGEND if state.word in words]

    @property
    def title(self) -> str:
        return day_name(self.day)

    @property
    def is_over(self) -> bool:
        return self.day < self.today

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def previous(self) -> date:
        return within_the_calendar(self.day - DAY)

    @property
    def next(self) -> date:
        return within_the_calendar(self.day + DAY)

    @cached_property
    def open_by_time(self) -> list[tuple[time, list[Place]]]:
        """18:00: Ana, Ben …"""
        lines = (
            (start, [place for place in row if place and place.cell.is_available])
            for start, row in self.rows
        )
        return [(start, places) for start, places in lines if places]

    @cached_property
    def open_count(self) -> int:
        return sum(len(places) for _start, places in self.open_by_time)


def within_the_calendar(day: date) -> date:
    """Dates centuries away count as the nearest we show, as in `Week.of`."""
    return min(max(day, FIRST_MONDAY), LAST_MONDAY + 6 * DAY)


def build_day(
    day: date,
    trainers: Sequence[Trainer],
    *,
    now: datetime,
    client_id: int | None = None,
    part: PartOfDay | None = None,
) -> DayGrid:
    """The day as the client sees it at `now`. Five queries at most.

    Without the times that are over, and without trainers who then have nothing.
    """
    occasion, today = Occasion(part=part), now.date()
    standing = standing_of(client_id, days=[day], now=now)
    cells = cells_of(trainers, [day], standing=standing, client_id=client_id)
    columns = {}
    for trainer in trainers:
        column = {
            cell.start: Place(trainer, cell, today)
            for cell in cells[trainer.pk]
            if occasion.has_time(cell.start) and is_worth_a_line(cell)
        }
        if column:
            columns[trainer] = column
    times = sorted({start for column in columns.values() for start in column})
    rows = [(at, [column.get(at) for column in columns.values()]) for at in times]
    return DayGrid(day, today, list(columns), rows)


def today_or_tomorrow(
    trainers: Sequence[Trainer],
    *,
    now: datetime,
    client_id: int | None = None,
    part: PartOfDay | None = None,
) -> date:
    """Today as long as the client could book anything then, else tomorrow."""
    today = build_day(now.date(), trainers, now=now, client_id=client_id, part=part)
    return today.day if today.open_count else today.next


def is_worth_a_line(cell: Cell) -> bool:
    return cell.state not in (CellState.PAST, CellState.CLOSED)
