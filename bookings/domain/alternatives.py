"""What to offer instead of a time that is refused: the next best that would do."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from django.db.models import Q

from bookings.domain.cells import Cell, cells_of
from bookings.domain.standing import standing_of
from bookings.domain.week import DAY
from bookings.exceptions import BookingRefused
from bookings.gym import gym_settings
from bookings.models import TrainingSession
from bookings.policy import Standing
from trainers.clock import minute_of_day
from trainers.models import DayOfWeek, Trainer, TrainerQuerySet

MOST = 3
# Of these, with the trainer who was asked for, where others have the same time.
WITH_THE_SAME = 2
# The QuerySet's `dated` answers for at most seven dates in a row.
DAYS = 7
DAYS_BEFORE = 3


@dataclass(frozen=True)
class Alternative:
    trainer: Trainer
    day: date
    start: time
    end: time

    @property
    def at(self) -> str:
        """The cell's name in addresses: 2026-12-10T18:00."""
        return f"{self.day}T{self.start:%H:%M}"

    def facts(self) -> dict[str, Any]:
        """As programs are told of it, in the words of a booking request."""
        return {
            "trainer_id": self.trainer.pk,
            "trainer": self.trainer.name,
            "session_date": self.day,
            "start_time": minute_of_day(self.start),
            "end_time": minute_of_day(self.end),
            "price": self.price,
        }

    @property
    def price(self) -> Decimal:
        return self.trainer.price_of(self.start, self.end)


@contextmanager
def offering_alternatives(
    client_id: int | None, *, now: datetime, **wish: Any
) -> Iterator[None]:
    """A refusal that is about the time leaves here with alternatives to it.

    Takes the keywords of `book_session`, of which it needs those that say when and
    with whom; for `reschedule_session` also the session that is `moving`.
    """
    try:
        yield
    except BookingRefused as refusal:
        if refusal.is_about_time:
            refusal.alternatives = find_alternatives(
                client_id,
                trainer_id=wish["trainer_id"],
                session_date=wish["session_date"],
                start_time=wish["start_time"],
                end_time=wish["end_time"],
                session_type=wish.get("session_type"),
                moving=wish.get("moving"),
                now=now,
            )
        raise


def find_alternatives(
    client_id: int | None,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    now: datetime,
    session_type: str | None = None,
    moving: TrainingSession | None = None,
    limited: bool = True,
) -> list[Alternative]:
    """Up to three times that the member could book at `now`.

    First the nearest of the same trainer, then others at the very same time; of the
    wished length, or where there is none of that, of the nearest length; a session
    that is moving keeps its length. Unless `limited`, the member may have as many
    sessions as they like. At most ten queries, however many trainers.
    """
    wished = Span(session_date, start_time, end_time)
    days = days_around(session_date, now=now)
    standing = standing_of(client_id, days=days, now=now, moving=moving)
    if not limited:
        standing = without_limits(standing)
    trainers = Trainer.objects.active()
    if session_type:
        trainers = trainers.filter(session_types__contains=[session_type])
    best = partial(nearest, wished=wished, standing=standing, moving=moving)
    near = best(trainers.filter(pk=trainer_id), days)
    others = at_that_time(trainers.exclude(pk=trainer_id), wished)
    then = best(others, [session_date], then_only=True)
    first = near[:WITH_THE_SAME] + then[: MOST - WITH_THE_SAME]
    rest = near[WITH_THE_SAME:] + then[MOST - WITH_THE_SAME :]
    return (first + rest)[:MOST]


def without_limits(standing: Standing) -> Standing:
    gym = copy(standing.gym)
    gym.most_upcoming = gym.most_per_day = len(standing.sessions) + 1
    return replace(standing, gym=gym)


@dataclass(frozen=True)
class Span:
    day: date
    start: time
    end: time

    @property
    def starts(self) -> datetime:
        return datetime.combine(self.day, self.start)

    @property
    def length(self) -> timedelta:
        # Midnight at the end of a day is its last microsecond.
        midnight = timedelta.resolution if self.end == time.max else timedelta(0)
        return datetime.combine(self.day, self.end) - self.starts + midnight

    def from_cell(self, cell: Cell) -> "Span":
        """As long as this one from the cell's start, or as nearly as can be."""
        spans = [Span(cell.day, cell.start, end) for end in cell.ends]
        return min(spans, key=lambda span: abs(span.length - self.length))

    def distance(self, other: "Span") -> tuple[timedelta, timedelta, datetime]:
        """How bad the other one is instead: by its length, then by its start."""
        longer = abs(other.length - self.length)
        return longer, abs(other.starts - self.starts), other.starts


def days_around(day: date, *, now: datetime) -> list[date]:
    """Seven dates that members can book, with the wished one or the nearest to it."""
    today, last = now.date(), gym_settings().last_day(now)
    nearest = min(max(day, today), last)
    first = min(nearest - DAYS_BEFORE * DAY, last - (DAYS - 1) * DAY)
    return [max(first, today) + n * DAY for n in range(DAYS)]


def at_that_time(trainers: TrainerQuerySet, wished: Span) -> TrainerQuerySet:
    """Those who have a slot then; whether it is free is asked afterwards."""
    weekly = Q(slots__day_of_week=DayOfWeek.of(wished.day))
    weekly &= Q(slots__time_slot=wished.start)
    that_day = Q(extra_hours__date=wished.day)
    that_day &= Q(extra_hours__starts_at__lte=wished.start)
    return trainers.filter(weekly | that_day).distinct()


def nearest(
    trainers: Iterable[Trainer],
    days: Sequence[date],
    *,
    wished: Span,
    standing: Standing,
    moving: TrainingSession | None,
    then_only: bool = False,
) -> list[Alternative]:
    """Of these trainers' times those that the member could really have, best first."""
    cells = cells_by_trainer(list(trainers), days, standing=standing, moving=moving)
    offers = [
        (wished.distance(span), Alternative(trainer, span.day, span.start, span.end))
        for trainer, open_cells in cells
        for span in map(wished.from_cell, open_cells)
        if span.start == wished.start or not then_only
    ]
    return [offer for _, offer in sorted(offers, key=itemgetter(0))][:MOST]


def cells_by_trainer(
    trainers: Sequence[Trainer],
    days: Sequence[date],
    *,
    standing: Standing,
    moving: TrainingSession | None,
) -> Iterator[tuple[Trainer, list[Cell]]]:
    """Each trainer with the cells that are open to the member."""
    if trainers:
        cells = cells_of(trainers, days, standing=standing, moving=moving)
        for trainer in trainers:
            yield trainer, [cell for cell in cells[trainer.pk] if cell.is_available]


def others_at_the_same_time(
    session: TrainingSession, *, now: datetime
) -> list[Trainer]:
    """Who else could give this session at its time, so that it can move to them."""
    wished = Span(session.session_date, session.start_time, session.end_time)
    others = Trainer.objects.active().exclude(pk=session.trainer_id)
    others = others.filter(session_types__contains=[session.session_type])
    trainers = list(at_that_time(others, wished))
    days = [wished.day]
    standing = standing_of(session.client_id, days=days, now=now, moving=session)
    cells = cells_by_trainer(trainers, days, standing=standing, moving=session)
    return [
        trainer
        for trainer, open_cells in cells
        if any(cell.start == wished.start for cell in open_cells)
    ]
