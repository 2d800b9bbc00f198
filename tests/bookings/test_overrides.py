"""What is different on some dates: closures, time off with a notice, extra hours."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from bookings.domain.availability import get_available_slots
from bookings.domain.week import Week, build_week
from bookings.exceptions import SlotUnavailable
from bookings.models import ACTIVE
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.models import Closure, DayOfWeek, ExtraHours, SlotStatus, TimeOff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

SUNDAY = MONDAY + timedelta(days=6)


def work_longer(trainer, day, start, end):
    """Extra hours from `start` to `end` o'clock, which may be a time."""
    span = [at if isinstance(at, time) else time(at) for at in (start, end)]
    return ExtraHours.objects.create(
        trainer=trainer, date=day, starts_at=span[0], ends_at=span[1]
    )


def states(trainer, day, **viewer):
    grid = build_week(trainer, Week.of(day), now=NOW, **viewer)
    column = next(column for column in grid.days if column.date == day)
    slots = [cell for cell in column.cells if cell.end > cell.start]
    return {cell.start.hour: str(cell.state) for cell in slots}


def page_of(trainer, day):
    return Client().get(f"/trainers/{trainer.slug}/?day={day}").content.decode()


class TestClosures:
    @pytest.fixture(autouse=True)
    def fair(self, db):
        return Closure.objects.create(
            name="Trade fair", first_day=THURSDAY, last_day=THURSDAY
        )

    def test_nobody_can_be_booked_on_the_date(self, ana, maya):
        for trainer in (ana, TrainerFactory()):
            assert set(states(trainer, THURSDAY).values()) == {"closed"}
            assert get_available_slots(trainer.pk, THURSDAY) == []
            with pytest.raises(SlotUnavailable):
                book(maya, trainer, THURSDAY, 9, now=NOW)

    def test_the_days_around_it_are_as_ever(self, ana, maya):
        for day in (THURSDAY - timedelta(days=1), THURSDAY + timedelta(days=1)):
            assert book(maya, ana, day, 9, now=NOW).status in ACTIVE

    def test_every_grid_names_it(self, ana):
        for trainer in (ana, TrainerFactory()):
            page = page_of(trainer, THURSDAY)
            assert "Thursday 10 December: Trade fair" in page
            assert "Trade fair. Closed on this day." in page

    def test_a_session_that_stands_is_still_shown(self, ana, maya, fair):
        fair.delete()
        book(maya, ana, THURSDAY, 9, now=NOW)
        Closure.objects.create(name="Flood", first_day=MONDAY, last_day=SUNDAY)
        assert states(ana, THURSDAY, client_id=maya.pk)[9] == "mine"
        assert states(ana, THURSDAY)[9] == "booked"
        assert states(ana, THURSDAY)[10] == "closed"

    @pytest.mark.parametrize("last", [THURSDAY - timedelta(days=1), date.max])
    def test_it_ends_when_it_starts_or_later(self, last):
        closure = Closure(name="Odd", first_day=THURSDAY, last_day=last)
        if last == date.max:
            closure.save()
            return
        with pytest.raises(IntegrityError), transaction.atomic():
            closure.save()


class TestTimeOff:
    def test_members_read_what_is_meant_for_them(self, ana):
        TimeOff.objects.create(
            trainer=ana,
            first_day=THURSDAY,
            last_day=THURSDAY,
            starts_at=time(12),
            reason="Root canal",
            notice="Away in the afternoon",
        )
        page = page_of(ana, THURSDAY)
        assert "Thursday 10 December: Away in the afternoon" in page
        assert "Root canal" not in page
        assert states(ana, THURSDAY)[11] == "available"
        assert states(ana, THURSDAY)[12] == "time_off"

    def test_without_a_notice_nothing_is_said(self, ana):
        TimeOff.objects.create(
            trainer=ana, first_day=THURSDAY, last_day=THURSDAY, reason="Root canal"
        )
        assert "10 December:" not in page_of(ana, THURSDAY)


class TestExtraHours:
    def test_they_can_be_booked_on_that_date_alone(self, ana, maya):
        work_longer(ana, SUNDAY, 17, 20)
        assert [hour for hour in states(ana, SUNDAY) if hour > 16] == [17, 18, 19]
        session = book(maya, ana, SUNDAY, 18, hours=2, now=NOW)
        assert states(ana, SUNDAY, client_id=maya.pk)[19] == "mine"
        assert session.price == 150
        assert 17 not in states(ana, SUNDAY + timedelta(days=7))
        assert not ana.slots.filter(time_slot=time(18), day_of_week=0).exists()

    def test_they_continue_the_weeks_own(self, ana, maya):
        """From the last weekly slot into the extra ones, without a gap."""
        work_longer(ana, SUNDAY, 16, 18)
        assert book(maya, ana, SUNDAY, 15, hours=2, now=NOW).end_time == time(17)

    @pytest.mark.parametrize("word", [SlotStatus.BREAK, SlotStatus.UNAVAILABLE])
    def test_they_open_what_is_shut_in_other_weeks(self, ana, maya, word):
        ana.slots.filter(day_of_week=DayOfWeek.THURSDAY).update(status=word)
        work_longer(ana, THURSDAY, 9, 11)
        found = states(ana, THURSDAY)
        assert [hour for hour, state in found.items() if state == "available"] == [
            9,
            10,
        ]
        book(maya, ana, THURSDAY, 9, hours=2, now=NOW)

    def test_what_the_week_has_is_not_made_twice(self, ana):
        """The half hours between would overlap it."""
        work_longer(ana, THURSDAY, time(18, 30), time(22, 30))
        day = get_available_slots(ana.pk, THURSDAY)
        assert day[-4:] == [time(18), time(19), time(20, 30), time(21, 30)]

    def test_time_off_and_closures_go_before(self, ana):
        work_longer(ana, SUNDAY, 17, 20)
        off = TimeOff.objects.create(trainer=ana, first_day=SUNDAY, last_day=SUNDAY)
        assert set(states(ana, SUNDAY).values()) == {"time_off"}
        off.delete()
        Closure.objects.create(name="Fair", first_day=SUNDAY, last_day=SUNDAY)
        assert set(states(ana, SUNDAY).values()) == {"closed"}

    def test_two_spans_of_a_date_do_not_overlap(self, ana):
        work_longer(ana, SUNDAY, 17, 20)
        work_longer(ana, SUNDAY, 20, 21)
        work_longer(TrainerFactory(), SUNDAY, 19, 21)
        with pytest.raises(IntegrityError), transaction.atomic():
            work_longer(ana, SUNDAY, 19, 22)

    def test_a_span_shorter_than_a_slot_makes_none(self, ana):
        work_longer(ana, SUNDAY, 17, time(17, 59))
        assert max(states(ana, SUNDAY)) == 15
