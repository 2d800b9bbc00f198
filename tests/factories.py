from datetime import time

import factory
from factory.django import DjangoModelFactory, Password

from bookings.domain.booking import book_session
from bookings.gym import GymSettings
from finova.accounts.models import User
from trainers.models import Trainer

PASSWORD = "correct horse battery"


def be_easy_going(**rules):
    """A gym that asks nothing of its members but what `rules` say."""
    nothing_asked = {
        "minimum_notice_hours": 0,
        "horizon_days": 730,
        "most_upcoming": 1000,
        "most_per_day": 24,
        "cancel_cut_off_hours": 0,
    }
    GymSettings.objects.update_or_create(defaults={**nothing_asked, **rules})


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Member {n}")
    email = factory.Sequence(lambda n: f"member{n}@example.com")
    password = Password(PASSWORD)


class TrainerFactory(DjangoModelFactory):
    """Works the usual hours, in hourly slots."""

    class Meta:
        model = Trainer

    name = factory.Sequence(lambda n: f"Trainer {n}")
    hourly_rate = 60


def book(client, trainer, day, hour, *, now, hours=1, **details):
    """A session from `hour` o'clock, through the verb."""
    return book_session(
        client,
        trainer_id=trainer.pk,
        session_date=day,
        start_time=time(hour),
        end_time=time(hour + hours),
        now=now,
        **details,
    )
