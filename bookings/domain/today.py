"""The day at the front desk: who is expected, who has come, and what is left to do.

The admin's first page prints what is here and asks nothing. Nothing here holds what
members wrote to their trainers: the desk's list carries no notes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.domain.day import within_the_calendar
from bookings.models import SessionStatus, TrainingSession, TrainingSessionQuerySet
from trainers.clock import at_gym, has_come
from trainers.models import Closure, TimeOff

DAY = timedelta(days=1)
# A column of the timeline.
STEP_MINUTES = 5
STEPS_PER_HOUR = 60 // STEP_MINUTES
# On one page; trainers whose day does not fit on it any more are on the next.
MOST_VISITS = 200
MOST_LATE = 20
MOST_CANCELLED = 20
SEARCH_FROM = 40
# More than this nobody closes by looking at each, so the page says how many there are.
MOST_UNMARKED = 30
MOST_COUNTED = 1000
MOST_PEOPLE = 10
NEW_FOR = timedelta(days=7)


class Progress(StrEnum):
    """Where a session stands, to who is at the front desk."""

    EXPECTED = "expected"
    LATE = "late"
    CHECKED_IN = "checked_in"
    UNDER_WAY = "under_way"
    UNMARKED = "unmarked"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED_LATE = "cancelled_late"

    @property
    def word(self) -> Promise:
        return WORDS[self]


WORDS = {
    Progress.EXPECTED: _("Expected"),
    Progress.LATE: pgettext_lazy("a member who has not come yet", "Late"),
    Progress.CHECKED_IN: _("Checked in"),
    Progress.UNDER_WAY: _("Under way"),
    Progress.UNMARKED: _("Not yet marked"),
    Progress.COMPLETED: _("Completed"),
    Progress.NO_SHOW: _("No-show"),
    Progress.CANCELLED_LATE: _("Cancelled late"),
}


class Step(StrEnum):
    """What the desk can do with a session by one click."""

    CHECK_IN = "check_in"
    UNDO_CHECK_IN = "undo_check_in"
    COMPLETE = "complete"
    COMPLETE_EARLY = "complete_early"
    NO_SHOW = "no_show"
    TAKE_BACK = "take_back"
    REOPEN = "reopen"

    @property
    def label(self) -> Promise:
        return LABELS[self]

    @property
    def weight(self) -> str:
        """How its button looks: what goes on stands out, what goes back does not."""
        if self in (Step.CHECK_IN, Step.COMPLETE):
            return "main"
        return "plain" if self is Step.NO_SHOW else "quiet"


LABELS = {
    Step.CHECK_IN: pgettext_lazy("button", "Check in"),
    Step.UNDO_CHECK_IN: pgettext_lazy("button", "Not here after all"),
    Step.COMPLETE: pgettext_lazy("button", "Completed"),
    Step.COMPLETE_EARLY: pgettext_lazy("button", "Complete it now"),
    Step.NO_SHOW: pgettext_lazy("button", "No-show"),
    Step.TAKE_BACK: pgettext_lazy("button", "Take back"),
    Step.REOPEN: pgettext_lazy("button", "Book it again"),
}

STEPS = {
    Progress.EXPECTED: (Step.CHECK_IN,),
    Progress.LATE: (Step.NO_SHOW, Step.CHECK_IN),
    Progress.CHECKED_IN: (Step.UNDO_CHECK_IN, Step.COMPLETE),
    Progress.UNDER_WAY: (Step.UNDO_CHECK_IN, Step.COMPLETE),
    Progress.UNMARKED: (Step.NO_SHOW, Step.COMPLETE),
    Progress.COMPLETED: (Step.TAKE_BACK,),
    Progress.NO_SHOW: (Step.TAKE_BACK,),
    Progress.CANCELLED_LATE: (Step.REOPEN,),
}


@dataclass(frozen=True)
class Visit:
    """A session as the desk sees it at the moment."""

    pk: int
    day: date
    start: time
    end: time
    member: str
    phone: str
    trainer: str
    trainer_id: int
    session_type: str
    progress: Progress
    steps: Sequence[Step]

    @property
    def key(self) -> str:
        return str(self.pk)

    @property
    def buttons(self) -> list[tuple[str, Step]]:
        """The value of each, and what it is for."""
        return [(f"{step}:{self.pk}", step) for step in self.steps]


@dataclass(frozen=True)
class Block:
    """A visit in the timeline, or a gap, and how many steps wide it is."""

    width: int
    visit: Visit | None = None


@dataclass(frozen=True)
class Row:
    """A trainer's day. One line, but where a time was given away twice."""

    trainer: str
    lines: Sequence[Sequence[Block]]


@dataclass(frozen=True)
class Timeline:
    hours: Sequence[time]
    rows: Sequence[Row]
    # Steps from the first hour to now; None where now is not in it.
    now: int | None

    @property
    def hour_width(self) -> int:
        return STEPS_PER_HOUR

    @property
    def width(self) -> int:
        return len(self.hours) * STEPS_PER_HOUR

    @property
    def after_now(self) -> int:
        return self.width - (self.now or 0) - 1


@dataclass(frozen=True)
class Newcomer:
    pk: int
    name: str
    joined: date
    awaits_approval: bool

    @property
    def key(self) -> str:
        return str(self.pk)


@dataclass(frozen=True)
class Today:
    day: date
    today: date
    # Of one page of trainers: how many pages there are, and which this is.
    visits: Sequence[Visit]
    page: int
    pages: int
    # The members' names it was asked for.
    query: str
    timeline: Timeline
    # Of all trainers, wherever they are.
    late: Sequence[Visit]
    # Of yesterday and before, the newest first, and how many there are in all.
    unmarked: Sequence[Visit]
    unmarked_count: int
    cancelled_late: Sequence[Visit]
    newcomers: Sequence[Newcomer]
    # Why the gym is closed, and which trainers are away for all of the day or a part.
    closures: Sequence[str]
    away: Sequence[str]

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def previous(self) -> date:
        return within_the_calendar(self.day - DAY)

    @property
    def next(self) -> date:
        return within_the_calendar(self.day + DAY)

    @property
    def coming(self) -> Visit | None:
        """The first that is not over, where others are: the list leads there."""
        is_over = (Progress.UNMARKED, Progress.COMPLETED, Progress.NO_SHOW)
        ahead = [each for each in self.visits if each.progress not in is_over]
        leads = self.is_today and ahead and ahead[0] != self.visits[0]
        return ahead[0] if leads else None

    @property
    def page_before(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def page_after(self) -> int | None:
        return self.page + 1 if self.page < self.pages else None

    @property
    def first_trainer(self) -> str:
        return self.timeline.rows[0].trainer

    @property
    def last_trainer(self) -> str:
        return self.timeline.rows[-1].trainer

    @property
    def can_be_searched(self) -> bool:
        """Where the eye does not find a member at once."""
        return bool(self.query) or self.pages > 1 or len(self.visits) > SEARCH_FROM

    @cached_property
    def tally(self) -> list[tuple[Progress, int]]:
        """How many of each, in the order in which a day goes."""
        count = Counter(visit.progress for visit in self.visits)
        return [(progress, count[progress]) for progress in Progress if count[progress]]

    @property
    def close_all(self) -> str:
        """The value of the button that completes all that the page lists."""
        return f"{Step.COMPLETE}:{','.join(str(visit.pk) for visit in self.unmarked)}"

    @property
    def has_more_unmarked(self) -> bool:
        return self.unmarked_count > len(self.unmarked)

    @property
    def has_uncounted(self) -> bool:
        return self.unmarked_count >= MOST_COUNTED


def build_today(day: date, *, now: datetime, page: int = 1, query: str = "") -> Today:
    """The day as it is at `now`, and what is left of the days before. Nine queries.

    With a `query`, only the sessions of members who are called so.
    """
    sessions = of_the_day(day, query)
    pages = pages_of(sessions)
    page = min(max(page, 1), len(pages))
    visits = visits_of(
        sessions.filter(trainer__in=pages[page - 1]).order_by(
            "start_time", "trainer__name", "pk"
        ),
        now,
    )
    before = for_the_desk().unmarked(now).filter(session_date__lt=now.date())
    newest = before.order_by("-session_date", "-start_time", "-pk")
    return Today(
        day=day,
        today=now.date(),
        visits=visits,
        page=page,
        pages=len(pages),
        query=query,
        timeline=timeline_of(visits, now if day == now.date() else None),
        late=late_ones(now) if day == now.date() else [],
        unmarked=visits_of(newest[:MOST_UNMARKED], now),
        unmarked_count=before.order_by()[:MOST_COUNTED].count(),
        cancelled_late=visits_of(cancelled_late_since(now), now),
        newcomers=newcomers(now),
        closures=list(on_the_day(Closure.objects, day).values_list("name", flat=True)),
        away=away_on(day),
    )


def on_the_day(overrides: Any, day: date) -> Any:
    return overrides.filter(first_day__lte=day, last_day__gte=day)


def away_on(day: date) -> list[str]:
    names = on_the_day(TimeOff.objects, day).order_by("trainer__name", "trainer")
    return list(dict.fromkeys(names.values_list("trainer__name", flat=True)))


def visits_of(sessions: Iterable[TrainingSession], now: datetime) -> list[Visit]:
    return [visit_of(session, now) for session in sessions]


def of_the_day(day: date, query: str) -> TrainingSessionQuerySet:
    """What was cancelled in time is nobody's business here any more."""
    gone = Q(status=SessionStatus.CANCELLED, cancelled_late=False)
    sessions = for_the_desk().filter(session_date=day).exclude(gone)
    return sessions.filter(client__name__icontains=query) if query else sessions


def pages_of(sessions: TrainingSessionQuerySet) -> list[list[int]]:
    """The trainers by name, as many to a page as have room on it; at least one page."""
    counts = sessions.order_by("trainer__name", "trainer").values_list("trainer")
    pages: list[list[int]] = [[]]
    filled = 0
    for trainer_id, count in counts.annotate(count=Count("pk")):
        if pages[-1] and filled + count > MOST_VISITS:
            pages.append([])
            filled = 0
        pages[-1].append(trainer_id)
        filled += count
    return pages


def late_ones(now: datetime) -> list[Visit]:
    """Who has waited longest first."""
    here = for_the_desk().active().filter(session_date=now.date(), checked_in_at=None)
    begun = here.filter(start_time__lte=now.time(), end_time__gt=now.time())
    visits = visits_of(begun.order_by("start_time", "trainer__name")[:MOST_LATE], now)
    return [visit for visit in visits if visit.progress is Progress.LATE]


def for_the_desk() -> TrainingSessionQuerySet:
    people = TrainingSession.objects.select_related("trainer", "client")
    return people.only(
        "session_date",
        "start_time",
        "end_time",
        "session_type",
        "status",
        "checked_in_at",
        "cancelled_late",
        "trainer",
        "trainer__name",
        "client",
        "client__name",
        "client__email",
        "client__phone",
    )


def cancelled_late_since(now: datetime) -> TrainingSessionQuerySet:
    """Yesterday and today. Who cancels late does so for a session still to come."""
    yesterday = now.date() - DAY
    late = for_the_desk().filter(cancelled_late=True, session_date__gte=yesterday)
    recent = late.filter(cancelled_at__gte=at_gym(yesterday, time.min))
    return recent.order_by("-cancelled_at")[:MOST_CANCELLED]


def newcomers(now: datetime) -> list[Newcomer]:
    """Who waits to be let in, then who has just joined."""
    people = get_user_model().objects.filter(is_active=True, is_staff=False)
    new = people.filter(date_joined__gte=now - NEW_FOR, trainer=None)
    waiting = people.filter(awaits_approval=True)
    found = (waiting | new).order_by("-awaits_approval", "-date_joined", "-pk")
    return [
        Newcomer(person.pk, str(person), localday(person, now), person.awaits_approval)
        for person in found[:MOST_PEOPLE]
    ]


def localday(person: Any, now: datetime) -> date:
    joined: datetime = person.date_joined
    return joined.astimezone(now.tzinfo).date()


def visit_of(session: TrainingSession, now: datetime) -> Visit:
    progress = progress_of(session, now)
    return Visit(
        pk=session.pk,
        day=session.session_date,
        start=session.start_time,
        end=session.end_time,
        member=str(session.client),
        phone=session.client.phone,
        trainer=session.trainer.name,
        trainer_id=session.trainer_id,
        session_type=session.get_session_type_display(),
        progress=progress,
        steps=steps_for(session, progress, now),
    )


def progress_of(session: TrainingSession, now: datetime) -> Progress:
    """Nothing is guessed: what is over and was not marked stays unmarked."""
    if session.status == SessionStatus.CANCELLED:
        return Progress.CANCELLED_LATE
    if not session.is_active:
        return Progress(session.status)
    if has_come(session.ends, now):
        return Progress.UNMARKED
    if has_come(session.starts, now):
        return Progress.UNDER_WAY if session.checked_in_at else Progress.LATE
    return Progress.CHECKED_IN if session.checked_in_at else Progress.EXPECTED


def steps_for(
    session: TrainingSession, progress: Progress, now: datetime
) -> Sequence[Step]:
    """Without those that the verbs would refuse at once."""
    if progress is Progress.EXPECTED and session.session_date != now.date():
        return ()
    if progress is Progress.CANCELLED_LATE and has_come(session.starts, now):
        return ()
    if progress is Progress.UNMARKED and session.checked_in_at:
        return STEPS[Progress.UNDER_WAY]
    return STEPS[progress]


def timeline_of(visits: Sequence[Visit], now: datetime | None) -> Timeline:
    """A row for each trainer who has anything that day, along whole hours."""
    if not visits:
        return Timeline([], [], None)
    first = min(visit.start.hour for visit in visits)
    last = max(-(-step_of(visit.end) // STEPS_PER_HOUR) for visit in visits)
    hours = [time(hour) for hour in range(first, last)]
    origin, end = first * STEPS_PER_HOUR, last * STEPS_PER_HOUR
    here = step_of(now.time()) - origin if now else -1
    by_trainer = sorted(visits, key=lambda each: (each.trainer, each.trainer_id))
    rows = [
        Row(name, [list(blocks_of(line, origin, end)) for line in lines_of(theirs)])
        for (name, _pk), theirs in groupby(
            by_trainer, lambda each: (each.trainer, each.trainer_id)
        )
    ]
    return Timeline(hours, rows, here if 0 <= here < end - origin else None)


def step_of(at: time) -> int:
    """Midnight at the end of a day is its last microsecond."""
    minutes = at.hour * 60 + at.minute + (at == time.max)
    return minutes // STEP_MINUTES


def lines_of(visits: Iterable[Visit]) -> list[list[Visit]]:
    """What overlaps, because its time was given away anew, goes on a line below."""
    lines: list[list[Visit]] = []
    for visit in sorted(visits, key=lambda each: (each.start, each.pk)):
        free = (line for line in lines if line[-1].end <= visit.start)
        line = next(free, None)
        if line is None:
            lines.append([visit])
        else:
            line.append(visit)
    return lines


def blocks_of(line: Iterable[Visit], reached: int, end: int) -> Iterator[Block]:
    for visit in line:
        start = max(step_of(visit.start), reached)
        if start > reached:
            yield Block(start - reached)
        reached = max(step_of(visit.end), start + 1)
        yield Block(reached - start, visit)
    if end > reached:
        yield Block(end - reached)
