"""The weekly grid: a trainer's week of cells.

The templates print what is here and ask nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from bookings.domain.cells import LEGEND, Cell, CellState, cells_of, closed_cell
from bookings.domain.standing import standing_of
from bookings.exceptions import (
    Blocked,
    BookingRefused,
    ClientBusy,
    Held,
    OverLimit,
    SlotUnavailable,
    TooFar,
    TooSoon,
)
from bookings.models import TrainingSession
from bookings.policy import Standing
from trainers.clock import at_gym
from trainers.models import Trainer
from trainers.wording import clock, day_name, days_and_year, duration, money, span

DAY = timedelta(days=1)
FIRST_MONDAY = date(2000, 1, 3)
LAST_MONDAY = date(2199, 12, 30)
# What a member is told who asks for a time that is free, and not for them.
REFUSALS: dict[CellState, type[BookingRefused]] = {
    CellState.HELD: Held,
    CellState.BUSY: ClientBusy,
    CellState.TOO_SOON: TooSoon,
    CellState.TOO_FAR: TooFar,
    CellState.LIMIT: OverLimit,
    CellState.BARRED: Blocked,
}
# This is said of the member, above every page where one could book.
ON_TOP = {CellState.BARRED}
# As many slots in a row as the panel offers.
LONGEST = 4


@dataclass(frozen=True)
class Week:
    """Seven dates from a Monday."""

    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week of a date; dates centuries away count as the nearest we show."""
        monday = min(max(day, FIRST_MONDAY), LAST_MONDAY + 6 * DAY)
        return cls(monday - monday.weekday() * DAY)

    def __iter__(self) -> Iterator[date]:
        return (self.monday + n * DAY for n in range(7))

    @property
    def sunday(self) -> date:
        return self.monday + 6 * DAY

    @property
    def previous(self) -> "Week":
        return Week.of(self.monday - 7 * DAY)

    @property
    def next(self) -> "Week":
        return Week.of(self.monday + 7 * DAY)

    @property
    def title(self) -> str:
        return days_and_year(self.monday, self.sunday)

    def __str__(self) -> str:
        return self.monday.isoformat()


@dataclass(frozen=True)
class Length:
    """How long a session from the chosen cell can be, and what it then costs."""

    start: time
    end: time
    price: Decimal

    @property
    def span(self) -> str:
        return span(self.start, self.end)

    @property
    def duration(self) -> str:
        return duration(self.start, self.end)

    @property
    def cost(self) -> str:
        return money(self.price)

    def __str__(self) -> str:
        """20:00 · 2 h · €150.00"""
        return f"{clock(self.end)} · {self.duration} · {self.cost}"


@dataclass(frozen=True)
class Day:
    date: date
    is_today: bool
    cells: Sequence[Cell]

    @property
    def name(self) -> str:
        return day_name(self.date)

    @cached_property
    def open_count(self) -> int:
        return sum(cell.is_available for cell in self.cells)

    @property
    def is_closed(self) -> bool:
        return all(cell.state is CellState.CLOSED for cell in self.cells)

    @cached_property
    def listed(self) -> list[Cell]:
        """What the list of a day shows: not the times that are over or never were."""
        silent = (CellState.PAST, CellState.CLOSED)
        return [cell for cell in self.cells if cell.state not in silent]

    @cached_property
    def absences(self) -> list[str]:
        """What members are told of this day, each thing once."""
        return list(dict.fromkeys(cell.because for cell in self.cells if cell.because))

    @property
    def open_cells(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_available]


@dataclass(frozen=True)
class WeekGrid:
    trainer: Trainer
    week: Week
    days: Sequence[Day]
    times: Sequence[time]
    this_week: Week
    # The one day that a phone shows.
    shown_day: date
    # The cell that the page was asked to open.
    asked: Cell | None
    standing: Standing

    @property
    def selected(self) -> Cell | None:
        """The cell whose booking panel is open."""
        return self.asked if self.asked and self.asked.is_available else None

    @property
    def free_until(self) -> datetime | None:
        """Until when the selected time could be cancelled freely, if it can be."""
        if self.selected is None:
            return None
        starts = at_gym(self.selected.day, self.selected.start)
        if self.standing.gym.is_past_cut_off(starts, self.standing.now):
            return None
        return self.standing.gym.cut_off(starts)

    @property
    def notes(self) -> list[str]:
        """Why times of this week are grey to who looks."""
        states = {cell.state for day in self.days for cell in day.cells}
        return [
            *(f"{day.name}: {why}" for day in self.days for why in day.absences),
            *(self.why(state) for state in REFUSALS if state in states - ON_TOP),
        ]

    def why(self, state: CellState) -> str:
        """What the rules say to who asks for a time in this state."""
        match state:
            case CellState.BARRED if self.standing.bar:
                return str(self.standing.bar.sentence)
            case CellState.TOO_SOON:
                return self.standing.notice_sentence()
            case CellState.TOO_FAR:
                return self.standing.horizon_sentence()
            case CellState.LIMIT if self.standing.has_enough_ahead:
                return self.standing.most_ahead_sentence()
            case CellState.LIMIT:
                return self.standing.most_that_day_sentence(self.trainer)
        return str(REFUSALS.get(state, SlotUnavailable).sentence)

    @property
    def rows(self) -> Iterator[tuple[time, list[Cell]]]:
        columns = [day.cells for day in self.days]
        for start, *cells in zip(self.times, *columns, strict=True):
            yield start, cells

    @property
    def shown(self) -> Day:
        return next(day for day in self.days if day.date == self.shown_day)

    @property
    def previous_day(self) -> date:
        return max(self.shown_day - DAY, FIRST_MONDAY)

    @property
    def next_day(self) -> date:
        return min(self.shown_day + DAY, Week(LAST_MONDAY).sunday)

    @property
    def lengths(self) -> list[Length]:
        """What can be booked from the selected cell on, the shortest first."""
        if self.selected is None:
            return []
        start = self.selected.start
        return [
            Length(start, end, self.trainer.price_of(start, end))
            for end in self.selected.ends[:LONGEST]
        ]

    @property
    def legend(self) -> list[CellState]:
        """The states that occur in this week, and what a week is made of."""
        words = {cell.state.word for day in self.days for cell in day.cells}
        words |= {CellState.AVAILABLE.word, CellState.BOOKED.word}
        return [state for state in LEGEND if state.word in words]

    @cached_property
    def open_count(self) -> int:
        return sum(day.open_count for day in self.days)


def build_week(
    trainer: Trainer,
    week: Week,
    *,
    now: datetime,
    client_id: int | None = None,
    asked: str = "",
    moving: TrainingSession | None = None,
    shown_day: date | None = None,
) -> WeekGrid:
    """The trainer's week as the client sees it at `now`. At most five queries.

    `asked` names a cell by its `at`: if it is free, its booking panel opens. With
    `moving`, free is where that session can move to, its whole length. Without a
    `shown_day` in the week, a phone opens its first day with a free time.
    """
    dates = list(week)
    standing = standing_of(client_id, days=dates, now=now, moving=moving)
    built = cells_of(
        [trainer], dates, standing=standing, client_id=client_id, moving=moving
    )[trainer.pk]
    cells = {(cell.day, cell.start): cell for cell in built}
    times = sorted({cell.start for cell in built})
    days = []
    for day in week:
        column = [cells.get((day, start)) or closed_cell(day, start) for start in times]
        days.append(Day(day, day == now.date(), column))
    return WeekGrid(
        trainer=trainer,
        week=week,
        days=days,
        times=times,
        this_week=Week.of(now.date()),
        shown_day=shown_day if shown_day in dates else opens_on(days),
        asked=next((cell for cell in built if cell.at == asked), None),
        standing=standing,
    )


def opens_on(days: Sequence[Day]) -> date:
    """Today or the first day with a free time; without any today, or else Monday."""
    by_use = sorted(days, key=lambda day: (not day.open_count, not day.is_today))
    return by_use[0].date
