"""A week as the front desk sees it, and refusals as the front desk reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.domain.cells import Cell, CellState
from bookings.domain.week import REFUSALS, WeekGrid
from bookings.exceptions import (
    AwaitsApproval,
    Blocked,
    BookingRefused,
    ClientBusy,
    MayNotBook,
    OfferClosed,
    OfferExpired,
    OverLimit,
    TooFar,
    TooSoon,
)
from bookings.models import TrainingSession
from trainers.models import Trainer

# Free, though not to the member: what staff may do for a reason.
OUTSIDE = (CellState.BARRED, CellState.TOO_SOON, CellState.TOO_FAR, CellState.LIMIT)
OPENED_BY_A_REASON = (Blocked, AwaitsApproval, TooSoon, TooFar, OverLimit)

# Where the member's own grid says you, the desk's says whom.
WORDS: dict[CellState, Promise] = {
    CellState.MINE: _("Theirs"),
    CellState.BUSY: _("Busy"),
    CellState.BARRED: _("Blocked"),
}
SPOKEN: dict[CellState, Promise] = {
    CellState.MINE: _("the member’s own session"),
    CellState.BUSY: _("the member has another session then"),
    CellState.LIMIT: _("free, and more than the member may book"),
    CellState.BARRED: _("free, and the member may not book at the moment"),
}
SENTENCES: dict[type[BookingRefused], Promise] = {
    ClientBusy: _("The member has another session at this time."),
    OverLimit: _("The member has as many sessions as the gym allows."),
    Blocked: _("Booking is blocked for this member."),
    AwaitsApproval: _("This member waits for approval."),
    OfferExpired: _(
        "This offer has run out, and the time is no longer kept. Offer another one, "
        "or move the session."
    ),
    OfferClosed: _(
        "This offer no longer stands: it has been answered, or the session has been "
        "moved or cancelled."
    ),
    MayNotBook: _("This person’s account is closed. Open it first."),
}


def staff_sentence(refusal: BookingRefused) -> str:
    """The refusal in words to whom does it for somebody else."""
    return str(SENTENCES.get(type(refusal), refusal.sentence))


@dataclass(frozen=True)
class DeskCell:
    """One time, and whether a click on it is of any use."""

    cell: Cell

    @property
    def is_outside(self) -> bool:
        return self.cell.state in OUTSIDE

    @property
    def is_open(self) -> bool:
        return self.cell.is_available or self.is_outside

    @property
    def word(self) -> str:
        return str(WORDS.get(self.cell.state, self.cell.state.word))

    @property
    def spoken(self) -> str:
        return str(SPOKEN.get(self.cell.state, self.cell.state.spoken))


@dataclass(frozen=True)
class DeskWeek:
    grid: WeekGrid

    @property
    def rows(self) -> Iterator[tuple[time, Sequence[DeskCell]]]:
        for start, cells in self.grid.rows:
            yield start, [DeskCell(cell) for cell in cells]

    @property
    def absences(self) -> list[str]:
        return [f"{day.name}: {why}" for day in self.grid.days for why in day.absences]

    @property
    def notes(self) -> list[str]:
        """What is special about this week, to who books for somebody."""
        states = {cell.state for day in self.grid.days for cell in day.cells}
        outside = [self.why(state) for state in OUTSIDE if state in states]
        if outside:
            outside.append(
                _("A dashed time is outside the members’ rules: it asks for a reason.")
            )
        return [*self.absences, *outside]

    def why(self, state: CellState) -> str:
        refusal = REFUSALS[state]
        return str(SENTENCES.get(refusal) or self.grid.why(state))

    @property
    def first(self) -> str:
        """The name of the first time that is open, where the keyboard begins."""
        cells = (cell for day in self.grid.days for cell in day.cells)
        usable = (cell for cell in cells if DeskCell(cell).is_open)
        # A green one of this week rather than one outside the rules before it.
        return min(
            ((not cell.is_available, cell.at) for cell in usable), default=(True, "")
        )[1]


def page_of(
    request: HttpRequest, template: str, *, status: int = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    """A page in the admin's frame; htmx puts a 403 or 404 in place of all of it."""
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        status = HTTPStatus.CONFLICT
    context |= admin.site.each_context(request) | {"opts": TrainingSession._meta}
    return render(
        request, f"admin/bookings/trainingsession/{template}", context, status=status
    )


def number_in(text: str) -> int | None:
    """A row's number in an address; whatever cannot be one asks for none."""
    fits = text.isdecimal() and text.isascii() and len(text) < 18
    return int(text) if fits else None


def chosen_trainer(request: HttpRequest) -> Trainer | None:
    """Who is asked for by number; raises Http404 where that is nobody."""
    written = (request.POST or request.GET).get("trainer", "")
    asked = number_in(written)
    if written and asked is None and request.method == "POST":
        # Nothing is booked with somebody else instead.
        raise Http404
    return get_object_or_404(Trainer.objects.active(), pk=asked) if asked else None
