"""Keeping a trainer's time for a member, until a moment or until it is taken."""

from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext as _

from bookings.domain.booking import look_up
from bookings.exceptions import Held, InvalidBooking, MayNotBook
from bookings.models import Hold, TrainingSession, lock_people
from bookings.policy import check_rules
from bookings.transactions import persistent, writing


@persistent
def hold_time(
    client: AbstractBaseUser,
    *,
    trainer_id: int,
    session_date: date,
    start_time: time,
    end_time: time,
    until: datetime,
    why: Hold.Why,
    now: datetime,
    instead_of: TrainingSession | None = None,
) -> Hold:
    """Keep the time for the client; until then it is nobody else's.

    What could be booked by staff can be held: the rules for members do not bind.
    `instead_of` is a session of the client's that would give way to it. Locks the
    client, then the trainer. Raises the refusal of the first rule that is broken,
    Held too where the client has it already, InvalidBooking or MayNotBook.
    """
    place: dict[str, Any] = {
        "session_date": session_date,
        "start_time": start_time,
        "end_time": end_time,
    }
    with writing():
        clients, trainers = lock_people([client.pk], [trainer_id])
        if client.pk not in clients or not clients[client.pk].is_active:
            raise MayNotBook
        wish = look_up(
            trainers.get(trainer_id),
            client_id=client.pk,
            moving=instead_of,
            now=now,
            **place,
        )
        trainer = check_rules(wish)
        if wish.holds:
            raise Held(_("This time is being kept for this member already."))
        if until <= now:
            raise InvalidBooking(
                "until", _("This is over already. Choose a later end.")
            )
        end_what_ran_out(trainer_id, now=now, **place)
        return Hold.objects.create(
            client_id=client.pk, trainer=trainer, until=until, why=why, **place
        )


def end_what_ran_out(
    trainer_id: int,
    *,
    session_date: date,
    start_time: time,
    end_time: time,
    now: datetime,
) -> None:
    """The constraint on holds cannot know the time; it has to be told who is over."""
    run_out = Hold.objects.filter(
        trainer=trainer_id, ended_at=None, until__lte=now
    ).overlapping(session_date, start_time, end_time)
    run_out.update(ended_at=F("until"))


def release_hold(hold: Hold, *, now: datetime) -> None:
    """Give the time free again. Releasing twice is quiet."""
    Hold.objects.filter(pk=hold.pk, ended_at=None).update(ended_at=now)
