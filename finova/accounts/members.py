"""What staff see of a member: how often they came, and when they come next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bookings.models import ACTIVE, SessionStatus, TrainingSession
from finova.accounts.models import User

LATEST = 20
PHONE_SIGNS = set("+0123456789 ()/.-")


@dataclass(frozen=True)
class MemberSessions:
    upcoming: Sequence[TrainingSession]
    past: Sequence[TrainingSession]
    # Whether there are more than are shown.
    has_more: bool


def with_counts(people: QuerySet[User], *, now: datetime) -> QuerySet[User]:
    """Each with `upcoming`, `missed` and `cancelled_late`, counted by the database."""
    sessions = TrainingSession.objects
    return people.annotate(
        upcoming=count_of(sessions.active().upcoming(now)),
        missed=count_of(sessions.filter(status=SessionStatus.NO_SHOW)),
        cancelled_late=count_of(sessions.filter(cancelled_late=True)),
    )


def count_of(sessions: QuerySet[TrainingSession]) -> Any:
    theirs = sessions.filter(client=OuterRef("pk")).order_by().values("client")
    return Coalesce(Subquery(theirs.annotate(count=Count("pk")).values("count")), 0)


def sessions_of(member: User, *, now: datetime) -> MemberSessions:
    """What is ahead, the next first, and what is over, the latest first."""
    theirs = TrainingSession.objects.filter(client=member).select_related("trainer")
    ahead = list(theirs.active().upcoming(now)[: LATEST + 1])
    not_ahead = (
        ~Q(status__in=ACTIVE)
        | Q(session_date__lt=now.date())
        | Q(session_date=now.date(), start_time__lte=now.time())
    )
    latest = theirs.filter(not_ahead).order_by("-session_date", "-start_time", "-pk")
    past = list(latest[: LATEST + 1])
    has_more = len(ahead) > LATEST or len(past) > LATEST
    return MemberSessions(ahead[:LATEST], past[:LATEST], has_more)


def digits_in(text: str) -> str:
    return "".join(filter(str.isdecimal, text))
