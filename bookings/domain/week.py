"""The weekly grid: a trainer's slots and sessions as cells, every one decided.

The templates print what is here and ask nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from django.utils.formats import date_format

from bookings.models import TrainingSession
from trainers.clock import at_gym, has_come
from trainers.models import DatedSlot, SlotStatus, Trainer
from trainers.wording import clock, day_name

DAY = timedelta(days=1)
FIRST_MONDAY = date(2000, 1, 3)
LAST_MONDAY = date(2199, 12, 30)


class CellState(StrEnum):
    MINE = "mine"
    PAST = "past"
    BOOKED = "booked"
    TIME_OFF = "time_off"
    BREAK = "break"
    UNAVAILABLE = "unavailable"
    AVAILABLE = "available"
    CLOSED = "closed"

    @property
    def word(self) -> str:
        """Printed in the cell: colour is never the only sign."""
        return WORDS[self]

    @property
    def spoken(self) -> str:
        return WORDS[self].lower()


WORDS = {
    CellState.MINE: "Yours",
    CellState.PAST: "Past",
    CellState.BOOKED: "Booked",
    CellState.TIME_OFF: "Away",
    CellState.BREAK: "Break",
    CellState.UNAVAILABLE: "Away",
    CellState.AVAILABLE: "Open",
    CellState.CLOSED: "Closed",
}
LEGEND = (
    CellState.AVAILABLE,
    CellState.BOOKED,
    CellState.MINE,
    CellState.BREAK,
    CellState.UNAVAILABLE,
    CellState.CLOSED,
)


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
        """7 – 13 December 2026; month and year are named twice where they differ."""
        first = "j F Y" if self.monday.year != self.sunday.year else "j F"
        if self.monday.month == self.sunday.month:
            first = "j"
        return (
            f"{date_format(self.monday, first)} – {date_format(self.sunday, 'j F Y')}"
        )

    def __str__(self) -> str:
        return self.monday.isoformat()


@dataclass(frozen=True)
class Cell:
    """One time of one date: what it is, and what a click on it would ask for."""

    day: date
    start: time
    end: time
    state: CellState

    @property
    def is_available(self) -> bool:
        return self.state is CellState.AVAILABLE

    @property
    def at(self) -> str:
        """The cell's name in addresses: 2026-12-10T18:00."""
        return f"{self.day}T{self.start:%H:%M}"

    @property
    def when(self) -> str:
        """Thursday 10 December, 18:00"""
        return f"{day_name(self.day)}, {clock(self.start)}"


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


@dataclass(frozen=True)
class WeekGrid:
    trainer: Trainer
    week: Week
    days: Sequence[Day]
    times: Sequence[time]
    this_week: Week
    # The cell that the page was asked to open.
    asked: Cell | None
    legend: Sequence[CellState] = LEGEND

    @property
    def selected(self) -> Cell | None:
        """The cell whose booking panel is open."""
        return self.asked if self.asked and self.asked.is_available else None

    @property
    def rows(self) -> Iterator[tuple[time, list[Cell]]]:
        columns = [day.cells for day in self.days]
        for start, *cells in zip(self.times, *columns, strict=True):
            yield start, cells

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
) -> WeekGrid:
    """The trainer's week as the client sees it at `now`. Two queries.

    `asked` names a cell by its `at`: if it is free, its booking panel opens.
    """
    cells = {
        (cell.day, cell.start): cell
        for cell in build_cells(trainer, list(week), now=now, client_id=client_id)
    }
    times = sorted({start for _, start in cells})
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
        asked=next((cell for cell in cells.values() if cell.at == asked), None),
    )


def build_cells(
    trainer: Trainer,
    days: Sequence[date],
    *,
    now: datetime,
    client_id: int | None = None,
) -> list[Cell]:
    """A cell for each slot of these dates, and one for each session without a slot.

    In order. At most seven dates in a row. Two queries.
    """
    sessions = list(
        TrainingSession.objects.active()
        .between(days[0], days[-1])
        .filter(trainer=trainer)
    )
    slots = trainer.slots.all().dated(days)
    taken = [
        [s for s in sessions if slot.overlaps(s.session_date, s.start_time, s.end_time)]
        for slot in slots
    ]
    without_slot = set(sessions).difference(*taken)
    for session in without_slot:
        slots.append(slot_for(session))
        taken.append([session])
    cells = []
    for slot, in_slot in zip(slots, taken, strict=True):
        booked_by = [session.client_id for session in in_slot]
        state = cell_state(slot, booked_by, now=now, client_id=client_id)
        cells.append(Cell(slot.day, slot.starts, slot.ends, state))
    return sorted(cells, key=lambda cell: (cell.day, cell.start))


def slot_for(session: TrainingSession) -> DatedSlot:
    """A session prints even where the trainer has no slot."""
    return DatedSlot(
        day=session.session_date,
        starts=session.start_time,
        ends=session.end_time,
        status=SlotStatus.BOOKED,
        is_off=False,
        outside_hours=True,
    )


def cell_state(
    slot: DatedSlot,
    booked_by: Collection[int],
    *,
    now: datetime,
    client_id: int | None,
) -> CellState:
    """What the grid shows for a slot on its date; the first match wins."""
    if client_id in booked_by:
        return CellState.MINE
    if has_come(at_gym(slot.day, slot.starts), now):
        return CellState.PAST
    if booked_by:
        return CellState.BOOKED
    if slot.outside_hours:
        return CellState.CLOSED
    if slot.is_off:
        return CellState.TIME_OFF
    if slot.status == SlotStatus.BREAK:
        return CellState.BREAK
    if slot.status == SlotStatus.UNAVAILABLE:
        return CellState.UNAVAILABLE
    return CellState.AVAILABLE


def closed_cell(day: date, start: time) -> Cell:
    """No slot exists then."""
    return Cell(day, start, start, CellState.CLOSED)
