from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import TrainerFactory
from trainers.clock import gym_now
from trainers.models import DayOfWeek, Trainer, TrainerSchedule, WorkingHours
from trainers.schedule import initialize_trainer_schedule, slots_between


@given(st.dates())
def test_the_day_of_week_is_sqls(day):
    # C's %w counts as EXTRACT(DOW) does: 0 is Sunday.
    assert DayOfWeek.of(day) == int(f"{day:%w}")


def test_sunday_is_zero():
    assert DayOfWeek.of(date(2026, 12, 6)) is DayOfWeek.SUNDAY
    assert DayOfWeek.of(date(2026, 12, 12)) is DayOfWeek.SATURDAY


@pytest.mark.parametrize(
    ("utc", "gym_day"),
    [
        (datetime(2026, 12, 6, 22, 59, tzinfo=ZoneInfo("UTC")), date(2026, 12, 6)),
        (datetime(2026, 12, 6, 23, 0, tzinfo=ZoneInfo("UTC")), date(2026, 12, 7)),
        (datetime(2026, 7, 5, 21, 59, tzinfo=ZoneInfo("UTC")), date(2026, 7, 5)),
        (datetime(2026, 7, 5, 22, 0, tzinfo=ZoneInfo("UTC")), date(2026, 7, 6)),
    ],
)
def test_today_is_the_gyms(utc, gym_day):
    with time_machine.travel(utc, tick=False):
        assert gym_now().date() == gym_day


@pytest.mark.parametrize(
    ("start", "end", "minutes", "slots"),
    [
        ("07:00", "10:00", 60, ["07:00", "08:00", "09:00"]),
        ("07:00", "10:00", 45, ["07:00", "07:45", "08:30", "09:15"]),
        ("07:00", "07:50", 60, []),
        ("22:30", "23:59", 60, ["22:30"]),
    ],
)
def test_hours_are_cut_into_whole_slots(start, end, minutes, slots):
    made = slots_between(
        time.fromisoformat(start),
        time.fromisoformat(end),
        timedelta(minutes=minutes),
    )
    assert [f"{slot:%H:%M}" for slot in made] == slots


@pytest.mark.django_db
class TestSchedule:
    def test_a_new_trainer_has_the_usual_86_slots_at_once(self):
        trainer = TrainerFactory()
        assert trainer.slots.count() == 86
        assert {slot.status for slot in trainer.slots.all()} == {"available"}

    def test_initialising_keeps_what_is_there(self):
        trainer = TrainerFactory()
        trainer.slots.filter(day_of_week=1).delete()
        trainer.slots.filter(day_of_week=2).update(status="break")

        assert initialize_trainer_schedule(trainer.pk) == 13
        assert initialize_trainer_schedule(trainer.pk) == 0
        assert trainer.slots.filter(status="break").count() == 13

    def test_own_hours_replace_the_usual_ones(self):
        trainer = TrainerFactory(session_minutes=90)
        TrainerSchedule.objects.all().delete()
        WorkingHours.objects.create(
            trainer=trainer, day_of_week=6, starts_at=time(8), ends_at=time(12)
        )
        initialize_trainer_schedule(trainer.pk)
        assert [str(slot) for slot in trainer.slots.all()] == [
            "Saturday 08:00",
            "Saturday 09:30",
        ]

    def test_an_unknown_trainer(self):
        with pytest.raises(Trainer.DoesNotExist):
            initialize_trainer_schedule(0)

    def test_two_of_a_name_get_two_addresses(self):
        assert [TrainerFactory(name="Ana Ruiz").slug for _ in range(2)] == [
            "ana-ruiz",
            "ana-ruiz-2",
        ]

    def test_hours_overlap_only_ones_own(self):
        ana, bruno = TrainerFactory.create_batch(2)
        hours = {"day_of_week": 1, "starts_at": time(9), "ends_at": time(12)}
        WorkingHours.objects.create(trainer=ana, **hours)
        WorkingHours(trainer=bruno, **hours).full_clean()
        with pytest.raises(ValidationError, match="overlap others of that day"):
            WorkingHours(trainer=ana, **hours).full_clean()
