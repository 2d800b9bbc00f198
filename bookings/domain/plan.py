"""What other working hours would do to a trainer's slots and sessions, before they do.

A plan is made by changing the hours and taking that back, so it says exactly what
will happen. Sessions that it leaves without whole slots are stranded, and the hours
change only together with a decision about each of them.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.domain.alternatives import Alternative
from bookings.domain.booking import cancel_session, reschedule_session
from bookings.domain.cells import Cell, cells_of
from bookings.domain.projection import Refreshed, refresh_schedule
from bookings.domain.standing import standing_of
from bookings.domain.week import DAY
from bookings.exceptions import BookingRefused
from bookings.models import TrainingSession, lock_people
from bookings.transactions import persistent, writing
from trainers.clock import has_come
from trainers.models import DatedSlot, DayOfWeek, Trainer
from trainers.schedule import SlotTime, WeeklyHours, keep_weekly_hours
from trainers.slots import dated_slots

# Another time for a stranded session is looked for on so many days either side.
DAYS_AROUND = 3


class PlanChanged(BookingRefused):
    code = "plan_changed"
    sentence = _(
        "Nothing has been changed yet: the plan is no longer what you were shown. "
        "Please look at it again."
    )


class Fate(TextChoices):
    """What becomes of a stranded session."""

    KEEP = "keep", _("Keep at its time")
    MOVE = "move", _("Move")
    CANCEL = "cancel", pgettext_lazy("a session", "Cancel")


@dataclass(frozen=True)
class Stranded:
    """A session ahead that would no longer fill whole slots of the trainer's hours."""

    session: TrainingSession
    # The nearest time that it could move to, with the same trainer.
    instead: Alternative | None


@dataclass(frozen=True)
class DayChange:
    day: DayOfWeek
    hours_before: Sequence[tuple[time, time]]
    hours_after: Sequence[tuple[time, time]]
    added: int
    removed: int


@dataclass(frozen=True)
class Plan:
    """What changed hours do; equal digests mean that it is the same plan."""

    before: WeeklyHours
    after: WeeklyHours
    added: Collection[SlotTime]
    removed: Collection[SlotTime]
    stranded: Sequence[Stranded]
    refreshed: Refreshed

    def by_day(self) -> list["DayChange"]:
        """The days on which slots come or go, from Monday on."""
        gains = Counter(day for day, _start in self.added)
        losses = Counter(day for day, _start in self.removed)
        return [
            DayChange(day, self.before.on(day), self.after.on(day), *counts)
            for day in DayOfWeek.from_monday()
            if any(counts := (gains[day], losses[day]))
        ]

    @property
    def digest(self) -> str:
        sessions = [
            (
                entry.session.pk,
                entry.session.updated_at,
                entry.instead and entry.instead.at,
            )
            for entry in self.stranded
        ]
        slots = sorted(self.added), sorted(self.removed)
        facts = repr((self.before, self.after, slots, sessions))
        return hashlib.sha256(facts.encode()).hexdigest()


class TakenBack(Exception):
    """Ends the transaction of a trial, so that nothing of it stays."""


def plan_hours(
    trainer_id: int, hours: WeeklyHours | None = None, *, now: datetime
) -> Plan:
    """What these hours would change, or fitting the slots to those that there are.

    Nothing is changed. The queries do not grow with the sessions. Raises
    Trainer.DoesNotExist.
    """
    try:
        with writing():
            plan = lay_out(trainer_id, hours, now=now)
            raise TakenBack
    except TakenBack:
        return plan


@persistent
def change_hours(
    trainer_id: int,
    hours: WeeklyHours,
    *,
    by: AbstractBaseUser,
    now: datetime,
    seen: str = "",
    fates: Mapping[int, Fate] | None = None,
    reason: str = "",
) -> Plan:
    """Give the trainer these hours, and each stranded session its fate.

    `seen` is the digest of the plan that was decided about; without one, nothing may
    be stranded. All of it or nothing. Locks the members, then the trainer. Raises
    PlanChanged, Trainer.DoesNotExist or the refusal of a move or a cancellation.
    """
    fates = fates or {}
    touched = TrainingSession.objects.filter(pk__in=fates, trainer_id=trainer_id)
    with writing():
        lock_people(touched.values_list("client_id", flat=True), [trainer_id])
        plan = lay_out(trainer_id, hours, now=now)
        if plan.digest != seen and (seen or plan.stranded):
            raise PlanChanged
        for entry in plan.stranded:
            meet_fate(entry, fates, by=by, now=now, reason=reason)
    return plan


def meet_fate(
    entry: Stranded,
    fates: Mapping[int, Fate],
    *,
    by: AbstractBaseUser,
    now: datetime,
    reason: str,
) -> None:
    """A session that is kept stays in slots that take no new booking."""
    fate = fates.get(entry.session.pk)
    if fate == Fate.CANCEL:
        cancel_session(entry.session, by=by, now=now, reason=reason)
    elif fate == Fate.MOVE and entry.instead:
        reschedule_session(
            entry.session,
            trainer_id=entry.instead.trainer.pk,
            session_date=entry.instead.day,
            start_time=entry.instead.start,
            end_time=entry.instead.end,
            by=by,
            now=now,
        )
    elif fate != Fate.KEEP:
        raise PlanChanged


def lay_out(trainer_id: int, hours: WeeklyHours | None, *, now: datetime) -> Plan:
    """Change the hours and say what that did. Only inside a transaction."""
    trainer = Trainer.objects.lock_one(trainer_id)
    before, slots_before = WeeklyHours.of(trainer), slots_inside(trainer)
    ahead = list(sessions_ahead(trainer, now))
    stood = whole(ahead, trainer)
    if hours is not None:
        keep_weekly_hours(trainer_id, hours)
    refreshed = refresh_schedule(trainer_id)
    changed = Trainer.objects.get(pk=trainer_id)
    after, slots_after = WeeklyHours.of(changed), slots_inside(changed)
    fallen = stood - whole(ahead, changed)
    lost = [session for session in ahead if session.pk in fallen]
    return Plan(
        before=before,
        after=after,
        added=slots_after - slots_before,
        removed=slots_before - slots_after,
        stranded=list(with_another_time(lost, changed, now=now)),
        refreshed=refreshed,
    )


def slots_inside(trainer: Trainer) -> set[SlotTime]:
    rows = trainer.slots.filter(outside_hours=False)
    return {
        (DayOfWeek(day), at) for day, at in rows.values_list("day_of_week", "time_slot")
    }


def sessions_ahead(trainer: Trainer, now: datetime) -> Iterator[TrainingSession]:
    sessions = TrainingSession.objects.active().filter(
        trainer=trainer, session_date__gte=now.date()
    )
    for session in sessions.select_related("client", "trainer"):
        if not has_come(session.starts, now):
            yield session


def whole(sessions: Iterable[TrainingSession], trainer: Trainer) -> set[int]:
    """Those that fill slots in a row, inside the trainer's hours on their dates."""
    sessions, slots_on = list(sessions), defaultdict(list)
    for slot in dated_slots([trainer.pk], {row.session_date for row in sessions}):
        if not slot.outside_hours:
            slots_on[slot.day].append(slot)
    return {row.pk for row in sessions if fills(row, slots_on[row.session_date])}


def fills(session: TrainingSession, slots: Iterable[DatedSlot]) -> bool:
    reached = session.start_time
    for slot in slots:
        if slot.overlaps(session.session_date, session.start_time, session.end_time):
            if slot.starts != reached:
                return False
            reached = slot.ends
    return reached == session.end_time


def with_another_time(
    lost: Sequence[TrainingSession], trainer: Trainer, *, now: datetime
) -> Iterator[Stranded]:
    """Each with the nearest free time, which is then no longer free for the next."""
    days = days_around(lost, now)
    if not days or not trainer.is_active:
        yield from (Stranded(session, None) for session in lost)
        return
    standing = standing_of(None, days=days, now=now)
    cells = cells_of([trainer], days, standing=standing)[trainer.pk]
    others = other_sessions(lost, days)
    given: list[Alternative] = []
    for session in lost:
        instead = nearest(session, trainer, cells, [*given, *others[session.client_id]])
        given += [instead] if instead else []
        yield Stranded(session, instead)


def days_around(sessions: Iterable[TrainingSession], now: datetime) -> list[date]:
    around = range(-DAYS_AROUND, DAYS_AROUND + 1)
    days = {row.session_date + n * DAY for row in sessions for n in around}
    return sorted(day for day in days if day >= now.date())


def other_sessions(
    lost: Sequence[TrainingSession], days: Sequence[date]
) -> dict[int, list[TrainingSession]]:
    """What the members have on these dates, with whomever, by the member's id."""
    others: dict[int, list[TrainingSession]] = defaultdict(list)
    active = TrainingSession.objects.active().between(days[0], days[-1])
    for session in active.filter(client__in={row.client_id for row in lost}):
        others[session.client_id].append(session)
    return others


def nearest(
    session: TrainingSession,
    trainer: Trainer,
    cells: Iterable[Cell],
    in_the_way: Collection[Alternative | TrainingSession],
) -> Alternative | None:
    """The open time as long as the session that is the least away from it."""
    candidates = [
        Alternative(trainer, cell.day, cell.start, end)
        for cell in cells
        if (end := session.end_if_from(cell.start)) and end in cell.ends
    ]
    free = [
        one for one in candidates if not any(meet(one, other) for other in in_the_way)
    ]
    at = datetime.combine(session.session_date, session.start_time)
    return min(
        free,
        key=lambda one: abs(datetime.combine(one.day, one.start) - at),
        default=None,
    )


def meet(one: Alternative, other: Alternative | TrainingSession) -> bool:
    if isinstance(other, TrainingSession):
        day, start, end = other.session_date, other.start_time, other.end_time
    else:
        day, start, end = other.day, other.start, other.end
    return one.day == day and one.start < end and start < one.end
