import resource
import time as clock
from datetime import time, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import demo
from bookings.demo import DEMO_DATABASE, NOTES, TRAINER, database_mark
from bookings.domain.idempotency import BATCH, book_once
from bookings.domain.today import build_today
from bookings.exceptions import SlotTaken
from bookings.models import BookingEvent, IdempotencyKey, TrainingSession
from finova.accounts.models import User
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.models import SlotStatus, Trainer, TrainerSchedule

pytestmark = pytest.mark.django_db


def init(*args):
    out, err = StringIO(), StringIO()
    try:
        call_command("init_trainer_schedules", *args, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue().splitlines(), err.getvalue()


def raw_session(trainer, client):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO training_sessions (trainer_id, client_id, session_date, "
            "start_time, end_time, session_type) VALUES "
            f"({trainer.pk}, {client.pk}, '2026-12-10', '09:00', '10:00', 'demo')"
        )


class TestInitTrainerSchedules:
    def test_on_an_empty_database(self):
        assert init() == (["0 trainers, 0 slots added, 0 corrected"], "")

    def test_three_trainers_twice(self, maya):
        trainers = TrainerFactory.create_batch(3)
        TrainerSchedule.objects.all().delete()
        raw_session(trainers[0], maya)

        first, _ = init()
        assert first == [
            f"{trainers[0]}: 86 slots added, 0 removed, 0 corrected, 1 booked",
            f"{trainers[1]}: 86 slots added, 0 removed, 0 corrected, 0 booked",
            f"{trainers[2]}: 86 slots added, 0 removed, 0 corrected, 0 booked",
            "3 trainers, 258 slots added, 0 corrected",
        ]
        again, _ = init()
        assert again[-1] == "3 trainers, 0 slots added, 0 corrected"

    def test_it_repairs_drift(self, ana, maya):
        raw_session(ana, maya)
        ana.slots.filter(day_of_week=2).update(status=SlotStatus.BOOKED)
        assert init()[0][-1] == "1 trainer, 0 slots added, 14 corrected"
        assert ana.slots.filter(status=SlotStatus.BOOKED).count() == 1

    def test_a_dry_run_changes_nothing(self, ana, maya):
        ana.slots.filter(day_of_week=2).delete()
        out, _ = init("--dry-run")
        assert out[-1] == (
            "1 trainer, 13 slots added, 0 corrected (dry run: nothing was changed)"
        )
        assert out[1:-1] == ["  Tuesday: 13 slots added, 0 removed"]
        assert ana.slots.count() == 73

    def test_a_dry_run_names_who_would_lose_their_time(self, monday_morning, ana, maya):
        book(maya, ana, THURSDAY, 15, now=NOW, notes="a bad knee")
        book(MemberFactory(name=""), ana, THURSDAY, 17, now=NOW)
        ana.working_hours.create(day_of_week=4, starts_at="09:00", ends_at="12:00")
        out, _ = init("--dry-run")
        nameless = TrainingSession.objects.get(start_time=time(17)).client_id
        assert out[4:] == [
            "  Thursday: 0 slots added, 10 removed",
            "  Friday: 0 slots added, 13 removed",
            "  Saturday: 0 slots added, 13 removed",
            "  Sunday: 0 slots added, 8 removed",
            "  2 of them are kept, closed, for their sessions",
            "  stranded: 2026-12-10 15:00 – 16:00, Maya Lindqvist",
            f"  stranded: 2026-12-10 17:00 – 18:00, member {nameless}",
            "1 trainer, 0 slots added, 0 corrected (dry run: nothing was changed)",
        ]
        assert ana.slots.count() == 86

    def test_one_trainer(self, ana):
        TrainerFactory()
        TrainerSchedule.objects.all().delete()
        assert init("--trainer", "ana-ruiz")[0][-1].startswith("1 trainer, 86")
        assert init("--trainer", str(ana.pk))[0][-1].startswith("1 trainer, 0")
        assert "no trainer ²" in init("--trainer", "²")[1]
        assert "no trainer nobody" in init("--trainer", "nobody")[1]

    @pytest.mark.django_db(transaction=True)
    def test_one_trainers_failure_does_not_stop_the_rest(self, ana):
        other = TrainerFactory()
        TrainerSchedule.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE trainer_schedules ADD CONSTRAINT not_ana "
                f"CHECK (trainer_id <> {ana.pk})"
            )
        try:
            out, err = init()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE trainer_schedules DROP CONSTRAINT not_ana")
        assert out[-1] == "1 trainer, 86 slots added, 0 corrected"
        assert "Ana Ruiz: failed, nothing changed" in err
        assert "1 trainers failed" in err
        assert other.slots.count() == 86

    def test_a_thousand_trainers_take_seconds_and_little_memory(self):
        Trainer.objects.bulk_create(
            Trainer(name=f"T{n}", slug=f"t{n}", hourly_rate=50) for n in range(1000)
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = clock.monotonic()
        init("--trainer", "t0")
        alone = clock.monotonic() - started
        out, _ = init()
        all_of_them = clock.monotonic() - started - alone

        assert out[-1] == "1000 trainers, 85914 slots added, 0 corrected"
        # No trainer takes longer for the others being there.
        assert all_of_them < 3 * 1000 * alone
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


class TestForgetOldKeys:
    def forget(self, *args):
        out = StringIO()
        call_command("forget_old_keys", *args, stdout=out)
        return out.getvalue()

    def key(self, client, name, *, age):
        made_at = NOW - age
        IdempotencyKey.objects.create(client=client, key=name, created_at=made_at)

    def test_thirty_days_are_remembered(self, monday_morning, maya):
        self.key(maya, "old", age=timedelta(days=30, seconds=1))
        self.key(maya, "young", age=timedelta(days=30))

        assert self.forget() == "1 key older than 30 days forgotten.\n"
        assert IdempotencyKey.objects.get().key == "young"
        assert self.forget() == "0 keys older than 30 days forgotten.\n"
        assert self.forget("--days", "29") == "1 key older than 29 days forgotten.\n"

    def test_what_it_booked_stands_and_a_repeat_books_anew(
        self, monday_morning, ana, maya
    ):
        wish = {"trainer_id": ana.pk, "start_time": time(9), "end_time": time(10)}
        first = book_once(maya, key="k", session_date=THURSDAY, now=NOW, **wish)
        IdempotencyKey.objects.update(created_at=NOW - timedelta(days=31))
        self.forget()

        assert first.still_stands()
        with pytest.raises(SlotTaken):
            book_once(maya, key="k", session_date=THURSDAY, now=NOW, **wish)

    def test_many_are_deleted_in_batches(self, monday_morning, maya):
        made_at = NOW - timedelta(days=31)
        IdempotencyKey.objects.bulk_create(
            IdempotencyKey(client=maya, key=f"{n}", created_at=made_at)
            for n in range(2 * BATCH + 1)
        )
        with CaptureQueriesContext(connection) as queries:
            assert self.forget().startswith(f"{2 * BATCH + 1} keys")
        deletions = [q["sql"] for q in queries if q["sql"].startswith("DELETE")]
        assert len(deletions) == 3

    @pytest.mark.parametrize("days", ["0", "-1", "99999999"])
    def test_a_day_at_least_and_no_more_than_a_date_can_say(self, days):
        with pytest.raises(CommandError, match="from 1 to 36500"):
            self.forget("--days", days)


def seed():
    call_command("seed_demo_gym", stdout=StringIO())


def test_the_demo_gym_is_alive_and_seeding_it_again_adds_a_day(client):
    somebody = MemberFactory(email="somebody@gym.example")
    be_easy_going(cancel_cut_off_hours=12)
    with time_machine.travel(NOW, tick=False):
        seed()
    # It may be somebody's own database.
    assert database_mark() == ""
    somebody.delete()

    assert Trainer.objects.count() >= 6
    assert User.objects.filter(groups__name="Members").count() >= 40
    yesterday = NOW.date() - timedelta(days=1)
    past = TrainingSession.objects.filter(session_date__lt=yesterday)
    assert set(past.values_list("status", flat=True)) == {"completed", "no_show"}
    # The front desk has something to do, and it was not the members who closed.
    today = build_today(NOW.date(), now=NOW)
    assert today.unmarked
    assert today.cancelled_late
    assert {person.name for person in today.newcomers} == set(demo.NEWEST)
    closed = BookingEvent.objects.filter(action__in=["completed", "no_show"])
    assert {event.actor.email for event in closed.select_related("actor")} == {
        demo.TRAINER,
        demo.FRONT_DESK,
    }
    dates = TrainingSession.objects.order_by("session_date")
    assert (NOW.date() - dates.first().session_date).days == 28
    assert (dates.last().session_date - NOW.date()).days == 21
    for facts in ("specialisation", "hourly_rate"):
        values = Trainer.objects.values_list(facts, flat=True)
        assert len(set(values)) == len(values)

    # Ana finds in her week who comes, and what some of them wrote.
    with time_machine.travel(NOW, tick=False):
        ana = Trainer.objects.get(user__email=TRAINER)
        week = TrainingSession.objects.filter(
            trainer=ana, session_date__range=(NOW, NOW + timedelta(days=6))
        )
        assert set(week.values_list("notes", flat=True)) - {""} <= set(NOTES)
        assert 0 < week.exclude(notes="").count() < week.count()
        assert any(session.client.phone for session in week)

    # All four colours show on the front page, whenever it is opened.
    for day in range(7, 14):
        for hour in (0, 12, 23):
            with time_machine.travel(NOW.replace(day=day, hour=hour), tick=False):
                page = client.get("/").content.decode()
            grid = page[page.index("<tbody") : page.index("</tbody")]
            for state in ("available", "booked", "break", "unavailable"):
                assert f"slot--{state}" in grid, (day, hour)

    before = TrainingSession.objects.count(), BookingEvent.objects.count()
    with time_machine.travel(NOW, tick=False):
        seed()
    assert (TrainingSession.objects.count(), BookingEvent.objects.count()) == before
    assert database_mark() == DEMO_DATABASE
    with time_machine.travel(NOW.replace(day=8), tick=False):
        seed()
    assert dates.last().session_date.day == 29


def test_production_refuses_the_demo_gym(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not in production"):
        seed()


def test_a_session_survives_the_command(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    init()
    assert ana.slots.get(booking=session).status == SlotStatus.BOOKED
