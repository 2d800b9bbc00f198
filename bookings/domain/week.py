"""The weekly grid: a trainer's slots and sessions as cells, every one decided.

The templates print what is here and ask nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from bookings.domain.standing import standing_of
from bookings.models import TrainingSession
from bookings.policy import Standing
from trainers.clock import at_gym, has_come
from trainers.models import DatedSlot, SlotStatus, Trainer, TrainerSchedule
from trainers.wording import clock, day_name, duration, money, span

DAY = timedelta(days=1)
FIRST_MONDAY = date(2000, 1, 3)
LAST_MONDAY = date(2199, 12, 30)
# As many slots in a row as the panel offers.
LONGEST = 4


class CellState(StrEnum):
    MINE = "mine"
    PAST = "past"
    BOOKED = "booked"
    TIME_OFF = "time_off"
    BREAK = "break"
    UNAVAILABLE = "unavailable"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    LIMIT = "limit"
    AVAILABLE = "available"
    CLOSED = "closed"

    @property
    def word(self) -> str:
        """Printed in the cell: colour is never the only sign."""
        return str(WORDS[self])

    @property
    def spoken(self) -> str:
        """The end of a cell's name to who hears it."""
        return str(SPOKEN[self])


WORDS = {
    CellState.MINE: _("Yours"),
    CellState.PAST: _("Past"),
    CellState.BOOKED: _("Booked"),
    CellState.TIME_OFF: _("Away"),
    CellState.BREAK: _("Break"),
    CellState.UNAVAILABLE: _("Away"),
    CellState.TOO_SOON: _("Too soon"),
    CellState.TOO_FAR: _("Too far"),
    CellState.LIMIT: _("Limit"),
    CellState.AVAILABLE: _("Open"),
    CellState.CLOSED: _("Closed"),
}
SPOKEN = {
    CellState.MINE: _("yours"),
    CellState.PAST: _("past"),
    CellState.BOOKED: _("booked"),
    CellState.TIME_OFF: _("away"),
    CellState.BREAK: _("break"),
    CellState.UNAVAILABLE: _("away"),
    CellState.TOO_SOON: _("too soon to book"),
    CellState.TOO_FAR: _("too far ahead to book"),
    CellState.LIMIT: _("more sessions than you may book"),
    CellState.AVAILABLE: _("open"),
    CellState.CLOSED: _("closed"),
}
LEGEND = (
    CellState.AVAILABLE,
    CellState.BOOKED,
    CellState.MINE,
    CellState.BREAK,
    CellState.UNAVAILABLE,
    CellState.TOO_SOON,
    CellState.TOO_FAR,
    CellState.LIMIT,
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
    # Until when a session from here may last: the ends of the open cells in a row.
    ends: tuple[time, ...] = ()
    # The client's own session in it; nobody else's.
    session_pk: int | None = None

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

    @property
    def selected(self) -> Cell | None:
        """The cell whose booking panel is open."""
        return self.asked if self.asked and self.asked.is_available else None

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
    """The trainer's week as the client sees it at `now`. At most four queries.

    `asked` names a cell by its `at`: if it is free, its booking panel opens. With
    `moving`, free is where that session can move to, its whole length. Without a
    `shown_day` in the week, a phone opens its first day with a free time.
    """
    built = build_cells(
        trainer, list(week), now=now, client_id=client_id, moving=moving
    )
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
        shown_day=shown_day if shown_day in list(week) else opens_on(days),
        asked=next((cell for cell in built if cell.at == asked), None),
    )


def opens_on(days: Sequence[Day]) -> date:
    """Today or the first day with a free time; without any today, or else Monday."""
    by_use = sorted(days, key=lambda day: (not day.open_count, not day.is_today))
    return by_use[0].date


def build_cells(
    trainer: Trainer,
    days: Sequence[date],
    *,
    now: datetime,
    client_id: int | None = None,
    moving: TrainingSession | None = None,
) -> list[Cell]:
    """A cell for each slot of these dates, and one for each session without a slot.

    In order. At most seven dates in a row. At most four queries.
    """
    standing = standing_of(client_id, days=days, now=now, moving=moving)
    return cells_of(
        [trainer], days, standing=standing, client_id=client_id, moving=moving
    )[trainer.pk]


def cells_of(
    trainers: Collection[Trainer],
    days: Sequence[date],
    *,
    standing: Standing,
    client_id: int | None = None,
    moving: TrainingSession | None = None,
) -> dict[int, list[Cell]]:
    """By trainer's id, their cells as `build_cells` has them.

    Two queries, however many trainers there are.
    """
    sessions = (
        TrainingSession.objects.active()
        .between(days[0], days[-1])
        .filter(trainer__in=trainers)
    )
    if moving is not None:
        sessions = sessions.exclude(pk=moving.pk)
    sessions_of, slots_of = defaultdict(list), defaultdict(list)
    for session in sessions:
        sessions_of[session.trainer_id].append(session)
    for slot in TrainerSchedule.objects.filter(trainer__in=trainers).dated(days):
        slots_of[slot.trainer_id].append(slot)
    return {
        trainer.pk: decide_cells(
            slots_of[trainer.pk],
            sessions_of[trainer.pk],
            standing=standing,
            client_id=client_id,
            moving=moving,
            is_its_trainer=moving is not None and moving.trainer_id == trainer.pk,
        )
        for trainer in trainers
    }


def decide_cells(
    slots: list[DatedSlot],
    sessions: Sequence[TrainingSession],
    *,
    standing: Standing,
    client_id: int | None,
    moving: TrainingSession | None,
    is_its_trainer: bool,
) -> list[Cell]:
    """One trainer's slots and sessions as cells, in order."""
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
        state = cell_state(slot, booked_by, standing=standing, client_id=client_id)
        own = next((s.pk for s in in_slot if s.client_id == client_id), None)
        cells.append(Cell(slot.day, slot.starts, slot.ends, state, session_pk=own))
    cells = with_ends(sorted(cells, key=lambda cell: (cell.day, cell.start)))
    if moving is None:
        return cells
    return [seen_moving(cell, moving, is_its_trainer) for cell in cells]


def with_ends(cells: list[Cell]) -> list[Cell]:
    """Each open cell with the ends of the open ones that follow it without a gap."""
    done: list[Cell] = []
    for cell in reversed(cells):
        if cell.is_available:
            follows = done[-1] if done else None
            goes_on = follows and (follows.day, follows.start) == (cell.day, cell.end)
            ends = (cell.end, *(follows.ends if follows and goes_on else ()))
            cell = replace(cell, ends=ends)
        done.append(cell)
    return done[::-1]


def seen_moving(cell: Cell, session: TrainingSession, is_its_trainer: bool) -> Cell:
    """The cell to who moves the session: open where the whole of it fits."""
    where_it_is = (session.session_date, session.start_time)
    if is_its_trainer and (cell.day, cell.start) == where_it_is:
        return replace(cell, state=CellState.MINE, ends=())
    if not cell.is_available:
        return cell
    if session.end_if_from(cell.start) in cell.ends:
        return cell
    return replace(cell, state=CellState.UNAVAILABLE, ends=())


def slot_for(session: TrainingSession) -> DatedSlot:
    """A session prints even where the trainer has no slot."""
    return DatedSlot(
        trainer_id=session.trainer_id,
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
    standing: Standing,
    client_id: int | None,
) -> CellState:
    """What the grid shows for a slot on its date; the first match wins."""
    if client_id in booked_by:
        return CellState.MINE
    if has_come(at_gym(slot.day, slot.starts), standing.now):
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
    return rule_state(slot, standing)


def rule_state(slot: DatedSlot, standing: Standing) -> CellState:
    """A time that is free, as far as the gym's rules let this member book it."""
    if standing.is_too_soon(slot.day, slot.starts):
        return CellState.TOO_SOON
    if standing.is_too_far(slot.day):
        return CellState.TOO_FAR
    enough = standing.has_enough_with(slot.trainer_id, slot.day)
    if enough or standing.has_enough_ahead:
        return CellState.LIMIT
    return CellState.AVAILABLE


def closed_cell(day: date, start: time) -> Cell:
    """No slot exists then."""
    return Cell(day, start, start, CellState.CLOSED)
