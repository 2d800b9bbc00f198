"""What other hours would do, and the decisions that they wait for."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.domain.plan import Fate, PlanChanged, change_hours, plan_hours
from bookings.models import TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.models import DayOfWeek, Trainer
from trainers.schedule import WeeklyHours, fit_trainer_schedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

MONDAY, TUESDAY, THURSDAYS = DayOfWeek.MONDAY, DayOfWeek.TUESDAY, DayOfWeek.THURSDAY


def hours(*spans, minutes=60):
    return WeeklyHours(
        tuple(sorted((day, time(start), time(end)) for day, start, end in spans)),
        minutes,
    )


MORNINGS = hours((MONDAY, 9, 12), (THURSDAYS, 9, 12))


@pytest.fixture
def bruno():
    """Thursdays from 9 to 20."""
    trainer = TrainerFactory(name="Bruno Keller")
    trainer.working_hours.create(day_of_week=4, starts_at=time(9), ends_at=time(20))
    fit_trainer_schedule(trainer.pk)
    return trainer


def change(trainer, wish, frieda, **decided):
    return change_hours(trainer.pk, wish, by=frieda, now=NOW, **decided)


class TestPlan:
    def test_it_counts_slots_by_day_and_changes_nothing(self, bruno):
        plan = plan_hours(bruno.pk, MORNINGS, now=NOW)
        days = [(day.day, day.added, day.removed) for day in plan.by_day()]
        assert days == [(MONDAY, 3, 0), (THURSDAYS, 0, 8)]
        assert bruno.slots.count() == 11
        assert bruno.working_hours.count() == 1

    def test_who_no_longer_stands_in_whole_slots_is_stranded(self, bruno, maya, omar):
        inside = book(maya, bruno, THURSDAY, 9, now=NOW)
        outside = book(omar, bruno, THURSDAY, 11, now=NOW, hours=2)
        plan = plan_hours(bruno.pk, MORNINGS, now=NOW)
        assert [entry.session for entry in plan.stranded] == [outside]
        longer = hours((THURSDAYS, 9, 20), minutes=90)
        plan = plan_hours(bruno.pk, longer, now=NOW)
        assert [entry.session for entry in plan.stranded] == [inside, outside]

    def test_neither_what_has_begun_nor_what_has_ended_is(self, bruno, maya):
        session = book(maya, bruno, THURSDAY, 15, now=NOW)
        begun = NOW.replace(day=10, hour=15, minute=1)
        assert plan_hours(bruno.pk, MORNINGS, now=begun).stranded == []
        TrainingSession.objects.get(pk=session.pk).delete()
        assert plan_hours(bruno.pk, MORNINGS, now=NOW).stranded == []

    def test_what_was_kept_before_is_not_asked_about_again(self, bruno, maya, frieda):
        session = book(maya, bruno, THURSDAY, 15, now=NOW)
        seen = plan_hours(bruno.pk, MORNINGS, now=NOW).digest
        change(bruno, MORNINGS, frieda, seen=seen, fates={session.pk: Fate.KEEP})
        later = hours((THURSDAYS, 9, 11))
        assert plan_hours(bruno.pk, later, now=NOW).stranded == []

    def test_extra_hours_hold_a_session(self, bruno, maya):
        bruno.extra_hours.create(date=THURSDAY, starts_at=time(14), ends_at=time(16))
        book(maya, bruno, THURSDAY, 15, now=NOW)
        assert plan_hours(bruno.pk, MORNINGS, now=NOW).stranded == []

    def test_each_is_offered_the_nearest_time_of_its_length(self, bruno, maya, omar):
        book(maya, bruno, THURSDAY, 11, now=NOW)
        book(maya, bruno, THURSDAY, 15, now=NOW)
        book(omar, bruno, THURSDAY, 16, now=NOW)
        book(omar, bruno, THURSDAY, 17, now=NOW, hours=3)
        instead = [
            entry.instead and entry.instead.at
            for entry in plan_hours(bruno.pk, MORNINGS, now=NOW).stranded
        ]
        assert instead == [
            "2026-12-10T10:00",
            "2026-12-10T09:00",
            # Three hours in a row there are on Monday alone.
            "2026-12-07T09:00",
        ]

    def test_not_one_at_which_the_member_is_busy(self, bruno, ana, maya):
        book(maya, bruno, THURSDAY, 15, now=NOW)
        book(maya, ana, THURSDAY, 11, now=NOW)
        (entry,) = plan_hours(bruno.pk, MORNINGS, now=NOW).stranded
        assert entry.instead.at == "2026-12-10T10:00"

    @pytest.mark.parametrize("count", [3, 300])
    def test_the_queries_do_not_grow(self, bruno, maya, count):
        for n in range(count):
            TrainingSession.objects.create(
                trainer=bruno,
                client=maya,
                session_date=THURSDAY + timedelta(weeks=n // 8),
                start_time=time(12 + n % 8),
                end_time=time(13 + n % 8),
            )
        with CaptureQueriesContext(connection) as queries:
            plan = plan_hours(bruno.pk, MORNINGS, now=NOW)
        assert len(plan.stranded) == count
        # Each slot that goes is asked twice whether it may.
        assert len(queries) <= 55 + 2 * len(plan.removed)


class TestChange:
    def test_where_nothing_is_stranded_it_happens_at_once(self, bruno, frieda):
        change(bruno, MORNINGS, frieda)
        assert bruno.slots.count() == 6
        assert WeeklyHours.of(Trainer.objects.get(pk=bruno.pk)) == MORNINGS

    def test_otherwise_somebody_decides_first(self, bruno, maya, frieda):
        session = book(maya, bruno, THURSDAY, 15, now=NOW)
        with pytest.raises(PlanChanged):
            change(bruno, MORNINGS, frieda)
        seen = plan_hours(bruno.pk, MORNINGS, now=NOW).digest
        with pytest.raises(PlanChanged):
            change(bruno, MORNINGS, frieda, seen=seen)
        with pytest.raises(PlanChanged):
            change(bruno, MORNINGS, frieda, fates={session.pk: Fate.KEEP})
        assert bruno.slots.count() == 11

    def test_kept_moved_and_cancelled_in_one_go(self, bruno, maya, omar, frieda):
        kept = book(maya, bruno, THURSDAY, 15, now=NOW)
        moved = book(omar, bruno, THURSDAY, 16, now=NOW)
        cancelled = book(maya, bruno, THURSDAY, 17, now=NOW)
        fates = {kept.pk: Fate.KEEP, moved.pk: Fate.MOVE, cancelled.pk: Fate.CANCEL}
        seen = plan_hours(bruno.pk, MORNINGS, now=NOW).digest

        change(bruno, MORNINGS, frieda, seen=seen, fates=fates, reason="New hours.")

        for session in (kept, moved, cancelled):
            session.refresh_from_db()
        assert (kept.start_time, kept.is_active) == (time(15), True)
        assert bruno.slots.get(time_slot=time(15)).outside_hours
        assert moved.start_time == time(10)
        assert cancelled.status == "cancelled"
        last = cancelled.events.last()
        assert (last.actor, last.reason) == (frieda, "New hours.")
        assert not bruno.slots.filter(time_slot__in=[time(16), time(17)]).exists()

    def test_what_changed_meanwhile_is_looked_at_again(self, bruno, maya, omar, frieda):
        session = book(maya, bruno, THURSDAY, 15, now=NOW)
        seen = plan_hours(bruno.pk, MORNINGS, now=NOW).digest
        other = book(omar, bruno, THURSDAY, 16, now=NOW)
        fates = {session.pk: Fate.CANCEL, other.pk: Fate.KEEP}
        with pytest.raises(PlanChanged):
            change(bruno, MORNINGS, frieda, seen=seen, fates=fates)
        session.refresh_from_db()
        assert session.is_active
        assert bruno.slots.count() == 11

    def test_hours_that_stay_keep_their_rows(self, bruno, frieda):
        row = bruno.working_hours.get()
        change(bruno, hours((THURSDAYS, 9, 20), (TUESDAY, 9, 10)), frieda)
        assert bruno.working_hours.get(day_of_week=4) == row
