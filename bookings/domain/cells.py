"""What the grid shows for one date and time, decided before it is printed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from bookings.domain.availability import Taken, taken_times
from bookings.domain.standing import standing_of
from bookings.models import TrainingSession
from bookings.policy import Standing
from trainers.clock import at_gym, has_come
from trainers.models import DatedSlot, SlotStatus, Trainer
from trainers.slots import dated_slots
from trainers.wording import clock, day_name


class CellState(StrEnum):
    MINE = "mine"
    PAST = "past"
    BOOKED = "booked"
    TIME_OFF = "time_off"
    BREAK = "break"
    UNAVAILABLE = "unavailable"
    HELD = "held"
    BUSY = "busy"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    LIMIT = "limit"
    BARRED = "barred"
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
    CellState.HELD: _("Held"),
    CellState.BUSY: _("You’re busy"),
    CellState.TOO_SOON: _("Too soon"),
    CellState.TOO_FAR: _("Too far"),
    CellState.LIMIT: _("Limit"),
    CellState.BARRED: _("Not now"),
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
    CellState.HELD: _("kept for another member"),
    CellState.BUSY: _("you have another session then"),
    CellState.TOO_SOON: _("too soon to book"),
    CellState.TOO_FAR: _("too far ahead to book"),
    CellState.LIMIT: _("more sessions than you may book"),
    CellState.BARRED: _("free, but you cannot book at the moment"),
    CellState.AVAILABLE: _("open"),
    CellState.CLOSED: _("closed"),
}
NOT_THERE = (CellState.TIME_OFF, CellState.CLOSED)
LEGEND = (
    CellState.AVAILABLE,
    CellState.BOOKED,
    CellState.MINE,
    CellState.BREAK,
    CellState.UNAVAILABLE,
    CellState.HELD,
    CellState.BUSY,
    CellState.TOO_SOON,
    CellState.TOO_FAR,
    CellState.LIMIT,
    CellState.BARRED,
    CellState.CLOSED,
)


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
    # What members are told of a time at which the trainer is away or the gym closed.
    because: str = ""

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


def build_cells(
    trainer: Trainer,
    days: Sequence[date],
    *,
    now: datetime,
    client_id: int | None = None,
    moving: TrainingSession | None = None,
) -> list[Cell]:
    """A cell for each slot of these dates, and one for each session without a slot.

    In order. At most five queries.
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
    ids = [trainer.pk for trainer in trainers]
    taken_of, slots_of = defaultdict(list), defaultdict(list)
    for taken in taken_times(ids, days[0], days[-1], now=standing.now, moving=moving):
        taken_of[taken.trainer_id].append(taken)
    for slot in dated_slots(ids, days):
        slots_of[slot.trainer_id].append(slot)
    return {
        trainer.pk: decide_cells(
            slots_of[trainer.pk],
            taken_of[trainer.pk],
            standing=standing,
            client_id=client_id,
            moving=moving,
            is_its_trainer=moving is not None and moving.trainer_id == trainer.pk,
        )
        for trainer in trainers
    }


def decide_cells(
    slots: list[DatedSlot],
    taken: Sequence[Taken],
    *,
    standing: Standing,
    client_id: int | None,
    moving: TrainingSession | None,
    is_its_trainer: bool,
) -> list[Cell]:
    """One trainer's slots, and what has taken some of them, as cells in order."""
    in_slots = [[one for one in taken if one.is_in(slot)] for slot in slots]
    sessions = {one for one in taken if one.session_pk}
    for session in sessions.difference(*in_slots):
        slots.append(slot_for(session))
        in_slots.append([session])
    cells = [
        decide_cell(slot, in_slot, standing=standing, client_id=client_id)
        for slot, in_slot in zip(slots, in_slots, strict=True)
    ]
    cells = with_ends(sorted(cells, key=lambda cell: (cell.day, cell.start)))
    if moving is None:
        return cells
    return [seen_moving(cell, moving, is_its_trainer) for cell in cells]


def decide_cell(
    slot: DatedSlot,
    in_slot: Collection[Taken],
    *,
    standing: Standing,
    client_id: int | None,
) -> Cell:
    state = cell_state(slot, in_slot, standing=standing, client_id=client_id)
    own = next((one.session_pk for one in in_slot if one.client_id == client_id), None)
    because = slot.because if state in NOT_THERE else ""
    return Cell(slot.day, slot.starts, slot.ends, state, (), own, because)


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


def slot_for(session: Taken) -> DatedSlot:
    """A session prints even where the trainer has no slot."""
    return DatedSlot(
        trainer_id=session.trainer_id,
        day=session.day,
        starts=session.start,
        ends=session.end,
        status=SlotStatus.BOOKED,
        is_off=False,
        is_closed=False,
        because="",
        outside_hours=True,
    )


def cell_state(
    slot: DatedSlot,
    in_slot: Collection[Taken],
    *,
    standing: Standing,
    client_id: int | None,
) -> CellState:
    """What the grid shows for a slot on its date; the first match wins.

    For the member whose it is, a hold is no obstacle.
    """
    booked_by = [one.client_id for one in in_slot if one.session_pk]
    if client_id in booked_by:
        return CellState.MINE
    if has_come(at_gym(slot.day, slot.starts), standing.now):
        return CellState.PAST
    if booked_by:
        return CellState.BOOKED
    if slot.outside_hours or slot.is_closed:
        return CellState.CLOSED
    if slot.is_off:
        return CellState.TIME_OFF
    if slot.status == SlotStatus.BREAK:
        return CellState.BREAK
    if slot.status == SlotStatus.UNAVAILABLE:
        return CellState.UNAVAILABLE
    if any(one.client_id != client_id for one in in_slot):
        return CellState.HELD
    return rule_state(slot, standing)


def rule_state(slot: DatedSlot, standing: Standing) -> CellState:
    """A time that is free, as far as the rules let this member book it."""
    if standing.bar:
        return CellState.BARRED
    if standing.is_busy(slot.day, slot.starts, slot.ends):
        return CellState.BUSY
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
