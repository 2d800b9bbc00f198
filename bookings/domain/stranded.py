"""Sessions that cannot be, because the trainer is away or the gym is closed then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bookings.domain.offers import OfferState, state_of
from bookings.holds import OfferQuerySet
from bookings.models import (
    BookingEvent,
    Offer,
    TrainingSession,
    TrainingSessionQuerySet,
)
from trainers.models import (
    Closure,
    DayOfWeek,
    ExtraHours,
    SlotStatus,
    TimeOff,
    TrainerSchedule,
)


@dataclass(frozen=True)
class Absence:
    """From a moment until another, in gym time; of one trainer or of them all."""

    first_day: date
    starts_at: time
    last_day: date
    ends_at: time
    trainer_id: int | None = None

    @classmethod
    def of(cls, row: TimeOff | Closure) -> "Absence":
        if isinstance(row, Closure):
            return cls(row.first_day, time.min, row.last_day, time.max)
        ends_at = row.ends_at or time.max
        return cls(row.first_day, row.starts_at, row.last_day, ends_at, row.trainer_id)

    def hits(self, at: str = "") -> Q:
        """Whether the session there overlaps it, whatever became of it."""
        before = Q(**{f"{at}session_date": self.first_day})
        before &= Q(**{f"{at}end_time__lte": self.starts_at})
        after = Q(**{f"{at}session_date": self.last_day})
        after &= Q(**{f"{at}start_time__gte": self.ends_at})
        days = Q(**{f"{at}session_date__range": (self.first_day, self.last_day)})
        found = days & ~before & ~after
        return (
            found & Q(**{f"{at}trainer": self.trainer_id}) if self.trainer_id else found
        )

    def sessions(self) -> TrainingSessionQuerySet:
        return TrainingSession.objects.filter(self.hits())

    def moved_away(self) -> QuerySet[BookingEvent]:
        """The moves by which sessions with an offer left it."""
        first, last = f"{self.first_day}", f"{self.last_day}"
        starts, ends = f"{self.starts_at}", f"{self.ends_at}"
        moves = (
            BookingEvent.objects.filter(
                action=BookingEvent.Action.MOVED,
                session__offers__isnull=False,
                before__session_date__gte=first,
                before__session_date__lte=last,
            )
            .exclude(before__session_date=first, before__end_time__lte=starts)
            .exclude(before__session_date=last, before__start_time__gte=ends)
        )
        if self.trainer_id:
            moves = moves.filter(before__trainer_id=self.trainer_id)
        return moves


def booked_in(extra: ExtraHours, *, now: datetime) -> TrainingSessionQuerySet:
    """The active sessions ahead that no slot of the week has, but these hours."""
    day = DayOfWeek.of(extra.date)
    weekly = TrainerSchedule.objects.filter(
        trainer=extra.trainer_id, day_of_week=day, outside_hours=False
    ).exclude(status__in=[SlotStatus.BREAK, SlotStatus.UNAVAILABLE])
    sessions = TrainingSession.objects.active().upcoming(now)
    return (
        sessions.overlapping(extra.date, extra.starts_at, extra.ends_at)
        .filter(trainer=extra.trainer_id)
        .exclude(start_time__in=weekly.values("time_slot"))
    )


def hit_by_any(absences: Iterable[Absence], at: str = "") -> Q:
    """Whether one of them at least hits the session there."""
    return reduce(or_, (each.hits(at) for each in absences), Q(pk__in=[]))


@dataclass(frozen=True)
class Affected:
    """A session that the absence hits, or hit before its member was offered another."""

    session: TrainingSession
    offer: Offer | None
    state: OfferState

    @property
    def is_ahead(self) -> bool:
        """It still stands where it cannot be."""
        return self.state in (
            OfferState.NOT_OFFERED,
            OfferState.WAITING,
            OfferState.EXPIRED,
        )

    @property
    def is_waiting(self) -> bool:
        return self.state is OfferState.WAITING

    @property
    def can_be_offered(self) -> bool:
        return self.is_ahead and not self.is_waiting

    @property
    def must_be_called(self) -> bool:
        """Nobody has told its member, and no mail will."""
        if self.state is OfferState.NOT_OFFERED:
            return not self.session.client.email
        told = self.offer is not None and self.offer.mailed_at is not None
        return self.is_waiting and not told


def affected_sessions(absence: Absence, *, now: datetime) -> TrainingSessionQuerySet:
    """The active sessions ahead that cannot be, in order."""
    return absence.sessions().active().upcoming(now).select_related("trainer", "client")


def affected_by(absence: Absence, *, now: datetime) -> list[Affected]:
    """Each affected session with its offer, and those that an answer led elsewhere.

    Two queries, however many there are.
    """
    ahead = list(affected_sessions(absence, now=now))
    offers = latest_offers(absence)
    rows = [
        stranded(session, offers.pop(session.pk, None), now=now) for session in ahead
    ]
    rows += [
        Affected(offer.session, offer, state_of(offer, now=now))
        for offer in offers.values()
    ]
    return rows


def stranded(
    session: TrainingSession, offer: Offer | None, *, now: datetime
) -> Affected:
    """What was answered before says nothing of where the session stands now."""
    state = state_of(offer, now=now) if offer else OfferState.NOT_OFFERED
    if state not in (OfferState.WAITING, OfferState.EXPIRED):
        offer, state = None, OfferState.NOT_OFFERED
    return Affected(session, offer, state)


def offers_within(absence: Absence) -> OfferQuerySet:
    """Of the sessions that it hits, and of those that have left it."""
    moved_away = Q(session__in=absence.moved_away().values("session"))
    found = Offer.objects.filter(absence.hits("session__") | moved_away)
    return found.with_places().order_by("pk")


def latest_offers(absence: Absence) -> dict[int, Offer]:
    return {offer.session_id: offer for offer in offers_within(absence)}


# More at once are not read through; those that begin first are shown.
MOST_UNSETTLED = 10


def unsettled(*, now: datetime) -> list[Any]:
    """Time off and closures with a session whose member has no offer to answer.

    `standing` says how many sessions stand in each. Two queries, whatever there is.
    """
    first, last, start, trainer = map(
        OuterRef, ("first_day", "last_day", "starts_at", "trainer")
    )
    until = Coalesce(OuterRef("ends_at"), time.max)
    closed = Absence(first, time.min, last, time.max)  # type: ignore[arg-type]
    away = Absence(first, start, last, until, trainer)  # type: ignore[arg-type]
    found = [
        *with_standing(TimeOff.objects.select_related("trainer"), away, now=now),
        *with_standing(Closure.objects.all(), closed, now=now),
    ]
    return sorted(found, key=lambda row: row.first_day)[:MOST_UNSETTLED]


def with_standing(rows: QuerySet[Any], absence: Absence, *, now: datetime) -> Any:
    """Those from today on in which at least one session waits for the desk."""
    ahead = absence.sessions().active().upcoming(now).order_by()
    asked = Offer.objects.waiting(now).filter(session=OuterRef("pk"))
    count = ahead.annotate(count=Func(F("pk"), function="COUNT")).values("count")
    rows = rows.filter(Exists(ahead.exclude(Exists(asked))), last_day__gte=now.date())
    found = rows.annotate(standing=Subquery(count)).order_by("first_day", "pk")
    return found[:MOST_UNSETTLED]
