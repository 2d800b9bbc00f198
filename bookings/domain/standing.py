"""Where a member stands with the gym's rules: what `policy.Standing` is made of."""

from collections.abc import Sequence
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db.models import Q

from bookings.gym import gym_settings
from bookings.models import ACTIVE, SessionStatus, TrainingSession
from bookings.policy import Standing, bar_on


def standing_of(
    client_id: int | None,
    *,
    days: Sequence[date],
    now: datetime,
    moving: TrainingSession | None = None,
) -> Standing:
    """The member's standing for bookings on these dates; a visitor has no sessions.

    A session that is about to be moved does not count. At most three queries.
    """
    if client_id is None:
        return Standing(gym_settings(), now)
    ahead = Q(session_date__gte=now.date(), status__in=ACTIVE)
    on_these_days = Q(session_date__range=(days[0], days[-1]))
    counting = (
        TrainingSession.objects.filter(client_id=client_id)
        .filter(ahead | on_these_days)
        .exclude(status=SessionStatus.CANCELLED)
    )
    if moving is not None:
        counting = counting.exclude(pk=moving.pk)
    gym = gym_settings()
    people = get_user_model().objects.only("blocked_because", "awaits_approval")
    member = people.filter(pk=client_id).first()
    bar = bar_on(member, gym) if member else None
    return Standing(gym, now, list(counting), bar)
