"""Somebody else gives the sessions of a trainer who cannot come today."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.contrib.auth.models import AbstractBaseUser

from bookings.domain.booking import reschedule_session
from bookings.domain.cells import Cell, cells_of
from bookings.exceptions import BookingRefused
from bookings.gym import GymSettings
from bookings.models import BookingEvent, TrainingSession
from bookings.policy import Standing
from trainers.clock import at_gym
from trainers.models import Trainer


@dataclass(frozen=True)
class Gap:
    """A session whose trainer is missing, and who could give it, the best first."""

    session: TrainingSession
    could: Sequence[Trainer]


def sessions_left(trainer: Trainer, *, now: datetime) -> list[TrainingSession]:
    """What of the trainer's today has not begun yet, in order."""
    today = TrainingSession.objects.active().between(now.date(), now.date())
    left = today.filter(trainer=trainer).upcoming(now)
    return list(left.select_related("trainer", "client"))


def find_stand_ins(sessions: Sequence[TrainingSession], *, now: datetime) -> list[Gap]:
    """For each session of one day the trainers who are free then and give its type.

    Who could give most of them comes first, so that few are asked. Three queries.
    """
    if not sessions:
        return []
    trainers = list(Trainer.objects.active())
    # The rules for members are no reason to leave one without a trainer.
    asks_nothing = Standing(GymSettings(minimum_notice_hours=0, horizon_days=730), now)
    cells = cells_of(trainers, [sessions[0].session_date], standing=asks_nothing)
    could = [
        [each for each in trainers if fits(session, each, cells[each.pk])]
        for session in sessions
    ]
    most = Counter(trainer for each in could for trainer in each)
    return [
        Gap(session, sorted(free, key=lambda trainer: (-most[trainer], trainer.name)))
        for session, free in zip(sessions, could, strict=True)
    ]


def fits(session: TrainingSession, trainer: Trainer, cells: Iterable[Cell]) -> bool:
    return (
        trainer.pk != session.trainer_id
        and session.session_type in trainer.session_types
        and any(
            cell.start == session.start_time and session.end_time in cell.ends
            for cell in cells
        )
    )


def substitute(
    gaps: Iterable[Gap], *, by: AbstractBaseUser, now: datetime
) -> Iterator[TrainingSession]:
    """Put somebody else in wherever somebody fits; one after the other.

    Each session keeps its time and its price. Yields those that were handed over;
    for the others nothing has changed.
    """
    for gap in gaps:
        for trainer in gap.could:
            try:
                yield reschedule_session(
                    gap.session,
                    trainer_id=trainer.pk,
                    session_date=gap.session.session_date,
                    start_time=gap.session.start_time,
                    end_time=gap.session.end_time,
                    by=by,
                    now=now,
                )
                break
            except BookingRefused as refusal:
                # Taken in this moment: perhaps the next one is free.
                if not refusal.is_about_time:
                    break


def handed_over(trainer: Trainer, *, now: datetime) -> list[TrainingSession]:
    """Today's sessions that were taken from the trainer today, in order."""
    moves = BookingEvent.objects.filter(
        action=BookingEvent.Action.MOVED,
        at__gte=at_gym(now.date(), time.min),
        before__trainer_id=trainer.pk,
        before__session_date=f"{now.date()}",
    )
    today = TrainingSession.objects.active().between(now.date(), now.date())
    others = today.filter(pk__in=moves.values("session")).exclude(trainer=trainer)
    return list(others.select_related("trainer", "client"))
