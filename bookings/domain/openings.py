"""Free times across trainers: the next of each, and last week's again.

The faces print what is here and ask nothing. The cells are those of the grid, from
`cells.cells_of`; the queries do not grow with the trainers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.domain.cells import Cell, cells_of
from bookings.domain.standing import standing_of
from bookings.domain.week import DAY
from bookings.models import SessionStatus, TrainingSession
from trainers.clock import has_come
from trainers.models import DayOfWeek, Trainer
from trainers.wording import clock, short_day

# How far ahead a free time is looked for, where the gym takes bookings so far.
LOOK_AHEAD = timedelta(weeks=9)
# Most trainers have a free time today or tomorrow; the others are asked for weeks.
AT_FIRST = 2
AT_ONCE = 7
# A habit is offered again for so long after it was last kept, and so far ahead.
HABIT = timedelta(weeks=3)
AHEAD = timedelta(weeks=4)


class PartOfDay(models.TextChoices):
    MORNING = "morning", gettext_lazy("Morning")
    AFTERNOON = "afternoon", gettext_lazy("Afternoon")
    EVENING = "evening", gettext_lazy("Evening")

    @classmethod
    def of(cls, start: time) -> "PartOfDay":
        if start < NOON:
            return cls.MORNING
        return cls.AFTERNOON if start < EVENING else cls.EVENING


NOON, EVENING = time(12), time(17)


@dataclass(frozen=True)
class Occasion:
    """When somebody wants to train: "Tuesday evening", or whenever."""

    day_of_week: DayOfWeek | None = None
    part: PartOfDay | None = None
    start: time | None = None

    def __bool__(self) -> bool:
        return self != Occasion()

    def has_day(self, day: date) -> bool:
        return self.day_of_week is None or DayOfWeek.of(day) == self.day_of_week

    def has_time(self, start: time) -> bool:
        if self.start is not None:
            return start == self.start
        return self.part is None or PartOfDay.of(start) == self.part

    def is_met_by(self, cell: Cell) -> bool:
        fits = self.has_day(cell.day) and self.has_time(cell.start)
        return fits and cell.is_available


@dataclass(frozen=True)
class Place:
    """A cell and whose it is."""

    trainer: Trainer
    cell: Cell
    today: date

    @property
    def url(self) -> str:
        """The trainer's page with this cell's booking panel open."""
        week = self.cell.day - self.cell.day.weekday() * DAY
        return f"{self.trainer.get_absolute_url()}?week={week}&at={self.cell.at}"

    @property
    def label(self) -> str:
        """Thursday 10 December, 18:00 with Ana Ruiz: open"""
        return _("%(when)s with %(trainer)s: %(state)s") % {
            "when": self.cell.when,
            "trainer": self.trainer,
            "state": self.cell.state.spoken,
        }

    @property
    def when(self) -> str:
        """Today, 18:00 · Tomorrow, 09:00 · Thu 10 Dec, 18:00"""
        at = clock(self.cell.start)
        if self.cell.day == self.today:
            return _("Today, %(time)s") % {"time": at}
        if self.cell.day == self.today + DAY:
            return _("Tomorrow, %(time)s") % {"time": at}
        return f"{short_day(self.cell.day)}, {at}"


@dataclass(frozen=True)
class Card:
    """A trainer, and the next free time where there is one."""

    trainer: Trainer
    next_free: Place | None

    @property
    def turn(self) -> tuple[date, time]:
        """Its place in the order of time; who has nothing comes last."""
        if self.next_free is None:
            return date.max, time.max
        return self.next_free.cell.day, self.next_free.cell.start


@dataclass(frozen=True)
class Found:
    """The cards in order, and how many trainers have nothing then."""

    cards: Sequence[Card]
    left_out: int


class Order(models.TextChoices):
    SOONEST = "soonest", gettext_lazy("Next free time")
    NAME = "name", gettext_lazy("Name")
    PRICE = "price", gettext_lazy("Price")


# Sorting keeps the order of those who are equal: trainers come by name.
KEYS: dict[Order, Callable[[Card], Any]] = {
    Order.SOONEST: lambda card: card.turn,
    Order.NAME: lambda card: 0,
    Order.PRICE: lambda card: (card.trainer.hourly_rate, card.turn),
}


def next_openings(
    trainers: Sequence[Trainer],
    *,
    now: datetime,
    client_id: int | None = None,
    occasion: Occasion | None = None,
) -> dict[int, Place]:
    """The first time of each trainer that the client could book, by trainer's id.

    Who has none within LOOK_AHEAD is not in it.
    """
    wishes = [(trainer, occasion or Occasion()) for trainer in trainers]
    places = first_places(wishes, now=now, client_id=client_id, within=LOOK_AHEAD)
    return {place.trainer.pk: place for place in places if place}


def first_places(
    wishes: Sequence[tuple[Trainer, Occasion]],
    *,
    now: datetime,
    client_id: int | None,
    within: timedelta,
) -> list[Place | None]:
    """The first green cell of each wish, as far ahead as the gym takes bookings.

    Two queries for a stretch of days, however many trainers there are.
    """
    today = now.date()
    standing = standing_of(client_id, days=[today, date.max], now=now)
    last = min(today + within, standing.gym.last_day(now))
    found: dict[int, Place] = {}
    for stretch in stretches(today, last):
        missing = [n for n in range(len(wishes)) if n not in found]
        days = [
            day for day in stretch if any(wishes[n][1].has_day(day) for n in missing)
        ]
        if standing.may_book_nothing or not days:
            continue
        trainers = {wishes[n][0] for n in missing}
        cells = cells_of(trainers, days, standing=standing, client_id=client_id)
        for n in missing:
            trainer, occasion = wishes[n]
            cell = next(filter(occasion.is_met_by, cells[trainer.pk]), None)
            if cell:
                found[n] = Place(trainer, cell, today)
    return [found.get(n) for n in range(len(wishes))]


def stretches(first: date, last: date) -> Iterator[list[date]]:
    """The days in order, as many at once as are worth asking for."""
    size = AT_FIRST
    while first <= last:
        size = min(size, (last - first).days + 1)
        yield [first + n * DAY for n in range(size)]
        first, size = first + size * DAY, AT_ONCE


def find_trainers(
    trainers: Sequence[Trainer],
    *,
    now: datetime,
    client_id: int | None = None,
    occasion: Occasion | None = None,
    order: Order | None = None,
) -> Found:
    """A card for each, the soonest first; who has nothing then is only counted.

    Where no occasion is wanted everybody is shown, who has nothing at the end.
    """
    places = next_openings(trainers, now=now, client_id=client_id, occasion=occasion)
    cards = [Card(trainer, places.get(trainer.pk)) for trainer in trainers]
    shown = [card for card in cards if card.next_free or not occasion]
    return Found(
        sorted(shown, key=KEYS[order or Order.SOONEST]), len(cards) - len(shown)
    )


def soonest(cards: Sequence[Card], count: int) -> list[Place]:
    """The first free times of all, each of another trainer."""
    in_order = sorted(cards, key=KEYS[Order.SOONEST])
    return [card.next_free for card in in_order[:count] if card.next_free]


# --- again -------------------------------------------------------------------------


def book_again(client_id: int, *, now: datetime, count: int = 2) -> list[Place]:
    """Where the client's last sessions could be had again: same weekday, same time.

    The last of each kind first; only what is free within AHEAD.
    """
    wishes = [
        (
            habit.trainer,
            Occasion(DayOfWeek.of(habit.session_date), start=habit.start_time),
        )
        for habit in islice(last_habits(client_id, now), count)
    ]
    if not wishes:
        return []
    places = first_places(wishes, now=now, client_id=client_id, within=AHEAD)
    return [place for place in places if place]


def last_habits(client_id: int, now: datetime) -> Iterator[TrainingSession]:
    """One session for each trainer, weekday and time, from the latest back."""
    kept = TrainingSession.objects.exclude(status=SessionStatus.CANCELLED).filter(
        client=client_id, trainer__is_active=True
    )
    recent = kept.between(now.date() - HABIT, now.date()).select_related("trainer")
    seen = set()
    for session in recent.order_by("-session_date", "-start_time"):
        habit = session.trainer_id, session.session_date.weekday(), session.start_time
        if has_come(session.starts, now) and habit not in seen:
            seen.add(habit)
            yield session
