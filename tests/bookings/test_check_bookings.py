"""`manage.py check_bookings`: clean over ordinary life, red over each thing seeded."""

import threading
from contextlib import contextmanager
from datetime import date, time
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reopen_session,
    reschedule_session,
)
from bookings.domain.idempotency import book_once
from bookings.domain.invariants import GUARDS_STAND, INVARIANTS, check
from bookings.models import Hold, IdempotencyKey, TrainingSession
from finova import embedded_postgres
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.clock import at_gym
from trainers.models import Closure, ExtraHours, SlotStatus, TimeOff, WorkingHours
from trainers.schedule import fit_trainer_schedule, set_slot_status

pytestmark = pytest.mark.django_db

OURS = [
    model
    for app in ("trainers", "bookings")
    for model in apps.get_app_config(app).get_models(include_auto_created=True)
]


def check_bookings(*args):
    """What it printed, and what it ended with."""
    out = StringIO()
    try:
        call_command("check_bookings", *args, stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), None


def run_sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def gym(ana, maya, omar, frieda):
    """Some weeks of ordinary life; what the seeds below need to name, by name."""
    bruno = TrainerFactory(name="Bruno Keller")

    def move(session, trainer, day, hour):
        times = {"start_time": time(hour), "end_time": time(hour + 1)}
        place = {"trainer_id": trainer.pk, "session_date": day, **times}
        return reschedule_session(session, **place, by=frieda, now=NOW)

    booked = book(maya, ana, THURSDAY, 9, now=NOW)
    later = book(omar, ana, NEXT_THURSDAY, 9, now=NOW)
    cancelled = cancel_session(
        book(omar, ana, THURSDAY, 11, now=NOW), by=omar, now=NOW, reason="Ill"
    )
    confirm_session(book(maya, bruno, THURSDAY, 12, now=NOW), by=frieda, now=NOW)
    moved = move(book(omar, ana, MONDAY, 14, now=NOW), bruno, THURSDAY, 15)
    move(confirm_session(moved, by=frieda, now=NOW), bruno, THURSDAY, 16)
    completed = book(maya, ana, MONDAY, 8, now=NOW)
    complete_session(completed, by=frieda, now=at_gym(MONDAY, time(8)))
    missed = book(omar, ana, MONDAY, 7, now=NOW)
    mark_no_show(missed, by=frieda, now=at_gym(MONDAY, time(7)))
    reopened = cancel_session(book(omar, ana, MONDAY, 15, now=NOW), by=omar, now=NOW)
    reopen_session(reopened, by=frieda, now=NOW)
    neighbour = book(maya, ana, THURSDAY, 10, now=NOW)
    cancel_session(book(maya, ana, THURSDAY, 15, now=NOW), by=maya, now=NOW)
    move(neighbour, ana, THURSDAY, 15)
    for hour in (9, 8, 10):
        book(maya, ana, date(2026, 12, 11), hour, now=NOW)
    book(omar, ana, date(2026, 12, 8), 17, hours=3, now=NOW)

    # Deleted and moved past the verbs; a session whose history SQL forgot to write.
    book(maya, ana, MONDAY, 18, now=NOW).delete()
    TrainingSession.objects.create(
        trainer=bruno,
        client=maya,
        session_date=MONDAY,
        start_time=time(18, 30),
        end_time=time(19, 15),
        price=0,
    )
    run_sql(
        "INSERT INTO training_sessions "
        "(trainer_id, client_id, session_date, start_time, end_time, session_type) "
        f"VALUES ({bruno.pk}, {maya.pk}, '2026-12-09', '22:00', '23:30', 'demo')"
    )
    call_command("init_trainer_schedules", stdout=StringIO())

    wish = {"trainer_id": ana.pk, "start_time": time(12), "end_time": time(13)}
    for _ in range(2):
        book_once(maya, key="click", session_date=MONDAY, now=NOW, **wish)
        book_once(omar, key="click", session_date=THURSDAY, now=NOW, **wish)
    book_once(maya, key="gone", session_date=NEXT_THURSDAY, now=NOW, **wish)
    gone = IdempotencyKey.objects.get(key="gone")
    gone.session.delete()

    # A break over a booking, hours that leave one outside, and longer sessions.
    set_slot_status(ana.pk, [(4, time(9)), (4, time(10))], SlotStatus.BREAK)
    for start, end in [(9, 12), (14, 17)]:
        hours = WorkingHours.objects.create(
            trainer=bruno, day_of_week=4, starts_at=time(start), ends_at=time(end)
        )
    fit_trainer_schedule(bruno.pk)
    ana.session_minutes = 90
    ana.save()
    time_off = TimeOff.objects.create(
        trainer=bruno, first_day=THURSDAY, last_day=NEXT_THURSDAY
    )
    closure = Closure.objects.create(name="Fair", first_day=MONDAY, last_day=MONDAY)
    extra = ExtraHours.objects.create(
        trainer=bruno, date=THURSDAY, starts_at=time(18), ends_at=time(21)
    )
    ended_hold, hold = (
        Hold.objects.create(
            trainer=bruno,
            client=maya,
            session_date=THURSDAY,
            start_time=time(19),
            end_time=time(20),
            until=NOW,
            ended_at=ended_at,
        )
        for ended_at in (NOW, None)
    )
    bruno.is_active = False
    bruno.save()

    key = IdempotencyKey.objects.get(client=maya, key="click")
    free = ana.slots.get(day_of_week=4, time_slot=time(19))
    taken = ana.slots.get(day_of_week=1, time_slot=time(15))
    on_break = ana.slots.get(day_of_week=4, time_slot=time(9))
    before = ana.slots.get(day_of_week=4, time_slot=time(8))
    return {
        "ana": ana.pk,
        "bruno": bruno.pk,
        "maya": maya.pk,
        "omar": omar.pk,
        "booked": booked.pk,
        "later": later.pk,
        "cancelled": cancelled.pk,
        "completed": completed.pk,
        "moved": moved.pk,
        "key": key.pk,
        "keyed": key.session_id,
        "gone": gone.pk,
        "free": free.pk,
        "taken": taken.pk,
        "break": on_break.pk,
        "before": before.pk,
        "hours": hours.pk,
        "time_off": time_off.pk,
        "closure": closure.pk,
        "extra": extra.pk,
        "ended": ended_hold.pk,
        "hold": hold.pk,
        "event": booked.events.get().pk,
        "cancelling": cancelled.events.last().pk,
    }


def test_ordinary_life_breaks_no_promise(gym):
    printed, error = check_bookings()
    assert error is None, printed
    assert printed == [
        *(f"ok      {invariant.promise}" for invariant in INVARIANTS),
        f"All {len(INVARIANTS)} promises hold.",
    ]


def test_an_empty_gym_breaks_none_either():
    assert check_bookings()[1] is None


def after(*statements, expect):
    """A seed: what a promise finds after these statements, and what it should."""

    def seed(invariant, gym):
        with transaction.atomic():
            # Else the rows just written would stand in the way of ALTER TABLE.
            run_sql("SET CONSTRAINTS ALL IMMEDIATE")
            run_sql(*(statement.format(**gym) for statement in statements))
            found = check(invariant).ids
            transaction.set_rollback(True)
        return set(found), {gym.get(name, name) for name in expect}

    return seed


def unguarded(table, constraints, *statements, expect):
    dropped = (f"DROP CONSTRAINT {table}_{constraint}" for constraint in constraints)
    drop = f"ALTER TABLE {table} {', '.join(dropped)}"
    return after(*([drop] if constraints else []), *statements, expect=expect)


def session(constraints, statement, *expect):
    return unguarded("training_sessions", constraints, statement, expect=expect)


def session_set(columns, constraint=None, row="completed"):
    update = f"UPDATE training_sessions SET {columns} WHERE id = {{{row}}}"
    return session([constraint] if constraint else [], update, row)


def slot(columns, *constraints, row="free"):
    update = f"UPDATE trainer_schedules SET {columns} WHERE id = {{{row}}}"
    return unguarded("trainer_schedules", constraints, update, expect=[row])


def hours(columns, *constraints):
    update = f"UPDATE working_hours SET {columns} WHERE id = {{hours}}"
    return unguarded("working_hours", constraints, update, expect=["hours"])


def time_off(columns, *constraints):
    update = f"UPDATE time_off SET {columns}"
    return unguarded("time_off", constraints, update, expect=["time_off"])


def closure(columns, constraint):
    update = f"UPDATE closures SET {columns}"
    return unguarded("closures", [constraint], update, expect=["closure"])


def extra(columns, *constraints):
    update = f"UPDATE extra_hours SET {columns}"
    return unguarded("extra_hours", constraints, update, expect=["extra"])


def hold(columns, *constraints):
    update = f"UPDATE holds SET {columns} WHERE id = {{hold}}"
    return unguarded("holds", constraints, update, expect=["hold"])


def emptied(table, column, row):
    return after(
        f"ALTER TABLE {table} ALTER {column} DROP NOT NULL",
        f"UPDATE {table} SET {column} = NULL WHERE id = {{{row}}}",
        expect=[row],
    )


def key(columns, row="key"):
    return after(
        f"UPDATE idempotency_keys SET {columns} WHERE id = {{{row}}}", expect=[row]
    )


def event(columns, row="event"):
    return after(
        f"UPDATE booking_events SET {columns} WHERE id = {{{row}}}", expect=[row]
    )


NEW = 990001
NEW_SESSION = (
    "INSERT INTO training_sessions (id, trainer_id, client_id, session_date, "
    f"start_time, end_time) VALUES ({NEW}, "
)
NEW_KEY = (
    "INSERT INTO idempotency_keys (id, client_id, key, fingerprint, answer, session_id)"
    f" SELECT {NEW}, client_id, "
)


def half_built(index):
    """As a CREATE INDEX CONCURRENTLY that failed leaves it."""
    return after(
        "UPDATE pg_index SET indisvalid = false "
        f"WHERE indexrelid = '{index}'::regclass",
        expect=[index],
    )


# The database's clock, two minutes on.
LATER = (
    "CREATE SCHEMA later",
    (
        "CREATE FUNCTION later.clock_timestamp() RETURNS timestamptz "
        "RETURN pg_catalog.clock_timestamp() + interval '2 minutes'"
    ),
    "SET search_path = later, pg_catalog, public",
)


def two_minutes_later(invariant):
    with transaction.atomic():
        run_sql(*LATER)
        found = check(invariant).ids
        transaction.set_rollback(True)
    return set(found)


def another_connection(**more):
    params = connection.get_connection_params()
    del params["cursor_factory"], params["context"]
    return psycopg.connect(**params, **more)


def somebody_idles(invariant, gym):
    with another_connection() as idle:
        idle.execute("SELECT 1")
        # One transaction sees one picture of the others, and has looked before.
        run_sql("SELECT pg_stat_clear_snapshot()")
        assert check(invariant).ids == ()
        return two_minutes_later(invariant), {idle.info.backend_pid}


def somebody_waits(invariant, gym):
    lock = "SELECT pg_advisory_lock(1)"
    with another_connection() as holder, another_connection() as waiter:
        holder.execute(lock)
        waiting = threading.Thread(target=waiter.execute, args=[lock])
        waiting.start()
        try:
            wait_until_somebody_waits(holder)
            assert check(invariant).ids == ()
            return two_minutes_later(invariant), {waiter.info.backend_pid}
        finally:
            holder.execute("SELECT pg_advisory_unlock(1)")
            waiting.join()


def wait_until_somebody_waits(observer):
    asking = "SELECT FROM pg_locks WHERE NOT granted AND waitstart IS NOT NULL"
    while not observer.execute(asking).fetchall():
        pass


def somebody_forgot(invariant, gym):
    """On a server of its own: the usual one allows no prepared transactions."""
    # Ours has a transaction open, which waits meanwhile.
    run_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with embedded_postgres.held(folder):
            with prompt(folder) as sql:
                sql("ALTER SYSTEM SET max_prepared_transactions = 1")
            embedded_postgres.stop(folder)
            embedded_postgres.ensure_running(folder)
            with prompt(folder) as sql:
                for statement in (
                    "BEGIN",
                    "SELECT pg_current_xact_id()",
                    "PREPARE TRANSACTION 'forgotten'",
                ):
                    sql(statement)
                assert sql(invariant.sql).fetchall() == []
                for statement in LATER:
                    sql(statement)
                found = sql(invariant.sql).fetchall()
    return {gid for (gid,) in found}, {"forgotten"}


@contextmanager
def prompt(folder):
    at = embedded_postgres.address(folder)
    where = {"host": at["HOST"], "user": at["USER"], "dbname": at["NAME"]}
    with psycopg.connect(**where, autocommit=True) as opened:
        yield opened.execute


SEEDS = {
    "trainer_once": [
        session(
            ["no_trainer_overlap"],
            f"{NEW_SESSION} {{ana}}, {{omar}}, '2026-12-10', '09:59', '11:00')",
            "booked",
            NEW,
        ),
        session(
            ["no_trainer_overlap"],
            "UPDATE training_sessions SET status = 'confirmed', start_time = '08:00' "
            "WHERE id = {cancelled}",
            "cancelled",
            "booked",
        ),
        unguarded(
            "training_sessions",
            ["no_trainer_overlap", "trainer_id_7c3ab90c_fk_trainers_id"],
            "UPDATE training_sessions SET start_time = '09:30', end_time = '10:30' "
            "WHERE id = {moved}",
            "UPDATE training_sessions SET trainer_id = 987654 "
            "WHERE id IN ({booked}, {moved})",
            expect=["booked", "moved"],
        ),
    ],
    "client_once": [
        session(
            ["no_client_overlap"],
            f"{NEW_SESSION} {{bruno}}, {{maya}}, '2026-12-10', '08:00', '09:01')",
            "booked",
            NEW,
        ),
    ],
    "session_between_two": [
        session_set("trainer_id = 987654", "trainer_id_7c3ab90c_fk_trainers_id"),
        session_set("client_id = 987654", "client_id_fd7570d2_fk_users_id"),
    ],
    "session_words": [
        session_set("status = 'perhaps'", "status_known"),
        session_set("session_type = 'nap'", "type_known"),
        session_set("price = -1", "price_not_negative"),
        session_set("price = 'NaN'", "price_not_negative"),
        emptied("training_sessions", "status", "booked"),
        emptied("training_sessions", "session_type", "booked"),
    ],
    "session_times": [
        session_set("end_time = start_time", "end_after_start"),
        session_set("start_time = '23:00', end_time = '24:00'", "end_same_day"),
        session_set("session_date = 'infinity'", "date_readable"),
        session_set("session_date = '1999-12-31'", "date_readable"),
        session_set("created_at = 'infinity'"),
        session_set("updated_at = '-infinity'"),
        session_set("cancelled_at = '20000-01-01'"),
        emptied("training_sessions", "start_time", "completed"),
    ],
    "slot_once": [
        unguarded(
            "trainer_schedules",
            ["one_slot_per_time"],
            "INSERT INTO trainer_schedules (id, trainer_id, day_of_week, time_slot) "
            f"VALUES ({NEW}, {{ana}}, 4, '19:00')",
            expect=["free", NEW],
        ),
    ],
    "slot_words": [
        slot("status = 'perhaps'", "status_known"),
        slot("day_of_week = 7", "day_of_week_range", "day_of_week_check"),
        slot("time_slot = '24:00'", "time_readable"),
        emptied("trainer_schedules", "time_slot", "free"),
    ],
    "slot_follows_sessions": [
        slot("status = 'booked'"),
        slot("booking_id = {booked}"),
        slot("session_date = '2026-12-10'"),
        slot("client_id = {omar}", row="break"),
        slot("booking_id = {later}, session_date = '2026-12-17'", row="break"),
        slot("booking_id = NULL, client_id = NULL, session_date = NULL", row="break"),
        slot("status = 'available'", row="taken"),
        slot("client_id = {maya}", row="taken"),
        session(
            [], "DELETE FROM training_sessions WHERE id = {booked}", "break", "before"
        ),
        session(
            [],
            f"{NEW_SESSION} {{ana}}, {{omar}}, '2027-01-07', '20:29', '20:45')",
            "free",
        ),
    ],
    "slot_outside_hours": [slot("outside_hours = true")],
    "hours_times": [
        hours("ends_at = starts_at", "end_after_start", "no_overlap"),
        hours("ends_at = '24:00'", "end_same_day"),
        emptied("working_hours", "ends_at", "hours"),
        hours("day_of_week = 9", "day_of_week_range", "day_of_week_check"),
    ],
    "hours_once": [
        unguarded(
            "working_hours",
            ["no_overlap"],
            "INSERT INTO working_hours (id, trainer_id, day_of_week, starts_at, "
            f"ends_at) VALUES ({NEW}, {{bruno}}, 4, '16:59', '18:00')",
            expect=["hours", NEW],
        ),
    ],
    "time_off_times": [
        time_off("last_day = first_day - 1", "end_after_start"),
        time_off("last_day = first_day, ends_at = '00:00'", "end_after_start"),
        time_off("last_day = 'infinity'", "readable"),
        time_off("ends_at = '24:00'", "readable"),
        time_off("starts_at = '24:00'", "readable"),
        emptied("time_off", "first_day", "time_off"),
    ],
    "closure_times": [
        closure("last_day = first_day - 1", "end_after_start"),
        closure("last_day = 'infinity'", "readable"),
        emptied("closures", "first_day", "closure"),
    ],
    "extra_hours_times": [
        extra("ends_at = starts_at", "end_after_start"),
        extra("ends_at = '24:00'", "readable"),
        extra("date = 'infinity'", "readable"),
    ],
    "extra_hours_once": [
        unguarded(
            "extra_hours",
            ["no_overlap"],
            "INSERT INTO extra_hours (id, trainer_id, date, starts_at, ends_at) "
            f"VALUES ({NEW}, {{bruno}}, '2026-12-10', '20:59', '22:00')",
            expect=["extra", NEW],
        ),
    ],
    "hold_times": [
        hold("end_time = start_time", "end_after_start"),
        hold("end_time = '24:00'", "readable"),
        hold("session_date = '1999-12-31'", "readable"),
    ],
    "hold_once": [
        unguarded(
            "holds",
            ["no_overlap"],
            "UPDATE holds SET ended_at = NULL",
            expect=["ended", "hold"],
        ),
    ],
    "key_answered": [
        key("answer = '{{}}'"),
        key("client_id = {omar}, key = 'tap'"),
    ],
    "key_of_its_session": [
        key("session_id = NULL"),
        key("session_id = {booked}"),
        key("session_id = {booked}", row="gone"),
        after(
            "UPDATE training_sessions SET client_id = {omar} WHERE id = {keyed}",
            expect=["key"],
        ),
    ],
    "key_once": [
        unguarded(
            "idempotency_keys",
            ["one_per_client"],
            f"{NEW_KEY} key, '', answer, NULL FROM idempotency_keys WHERE id = {{key}}",
            expect=["key", NEW],
        ),
        after(
            f"{NEW_KEY} 'tap', '', answer, session_id FROM idempotency_keys "
            "WHERE id = {key}",
            expect=["key", NEW],
        ),
    ],
    "key_in_history": [
        after(
            "DELETE FROM booking_events WHERE session_id = {keyed}", expect=["keyed"]
        ),
    ],
    "history_up_to_date": [
        session_set("status = 'scheduled'"),
        session_set("price = price + 0.01"),
        session_set("price = NULL"),
        session_set("session_date = session_date + 1"),
        session_set("start_time = start_time + interval '1 minute'"),
        session_set("end_time = end_time + interval '1 minute'"),
        session_set("trainer_id = {bruno}"),
        session_set("client_id = {omar}"),
        after(
            "UPDATE booking_events SET after = '[]' WHERE id = {cancelling}",
            expect=["cancelled"],
        ),
    ],
    "history_steps": [
        event("action = 'dreamt'"),
        event("action = 'confirmed'"),
        event("""after = after || '{{"status": "no_show"}}'"""),
        event("after = after - 'status'"),
        event("at = 'infinity'"),
        event("session_id = {later}"),
    ],
    "history_begins": [
        event("before = after"),
        event("before = '{{}}'", row="cancelling"),
        event("action = 'booked', before = '{{}}'", row="cancelling"),
    ],
    "guards_stand": [
        after(
            "ALTER TABLE training_sessions "
            "DROP CONSTRAINT training_sessions_status_known, "
            "ADD CONSTRAINT training_sessions_status_known CHECK (true) NOT VALID",
            expect=["training_sessions_status_known"],
        ),
        after(
            "ALTER TABLE trainer_schedules DISABLE TRIGGER ALL",
            expect=[
                "trainer_schedules_trainer_id_c51a3d21_fk_trainers_id",
                "trainer_schedules_client_id_843d1e5e_fk_users_id",
                "trainer_schedules_booking_id_6b2c23ee_fk_training_sessions_id",
            ],
        ),
        half_built("training_sessions_no_client_overlap"),
    ],
    "columns_filled": [
        after(
            "ALTER TABLE training_sessions ALTER status DROP NOT NULL, "
            "ALTER client_id DROP NOT NULL",
            "ALTER TABLE trainer_schedules ALTER time_slot DROP NOT NULL",
            "ALTER TABLE idempotency_keys ALTER client_id DROP NOT NULL",
            expect=[
                "training_sessions.status",
                "training_sessions.client_id",
                "trainer_schedules.time_slot",
                "idempotency_keys.client_id",
            ],
        ),
    ],
    "indexes_valid": [half_built("sessions_trainer_active")],
    "nobody_idles": [somebody_idles],
    "nobody_waits": [somebody_waits],
    "nothing_prepared": [somebody_forgot],
}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda i: i.name)
def test_every_promise_is_seen_to_be_broken(gym, invariant):
    seeds = SEEDS.get(invariant.name, [])
    assert seeds, f"Nothing has shown yet that {invariant.name} can fail: seed it."
    assert check(invariant).ids == ()
    for number, seed in enumerate(seeds):
        found, expected = seed(invariant, gym)
        assert found == expected, f"seed {number}"


def test_every_constraint_of_ours_is_a_guard():
    """Each is missed when it is dropped, so a new one must join the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint "
            "WHERE conrelid = ANY (%s::regclass[]) AND contype IN ('c', 'f', 'u', 'x')",
            [[model._meta.db_table for model in OURS]],
        )
        constraints = cursor.fetchall()
    assert len(constraints) > 30
    for table, name in constraints:
        seed = after(f"ALTER TABLE {table} DROP CONSTRAINT {name}", expect=[name])
        found, expected = seed(GUARDS_STAND, {})
        assert found == expected


def test_the_command_says_what_is_broken_and_whose_it_is(gym):
    with transaction.atomic():
        run_sql(
            "SET CONSTRAINTS ALL IMMEDIATE",
            "ALTER TABLE training_sessions "
            "DROP CONSTRAINT training_sessions_no_trainer_overlap",
            f"{NEW_SESSION} {gym['ana']}, {gym['omar']}, '2026-12-10', '09:30', "
            "'10:30')",
            "UPDATE trainer_schedules SET status = 'available' "
            f"WHERE id = {gym['taken']}",
        )
        printed, error = check_bookings()
        transaction.set_rollback(True)

    assert error.startswith("3 promises are broken. `--repair` ")
    pair, times = f"{gym['booked']} and {NEW}", "09:00-10:00 and 09:30-10:30"
    assert printed[:3] == [
        "BROKEN  No trainer has two active sessions at the same time.",
        f"        trainer_once: {gym['booked']}, {NEW}",
        f"        sessions {pair}: Ana Ruiz, 2026-12-10, {times}",
    ]
    assert "        guards_stand: training_sessions_no_trainer_overlap" in printed
    assert len(printed) == len(INVARIANTS) + 4


def test_a_long_list_of_ids_is_cut(ana):
    ana.slots.update(status="booked")
    printed, error = check_bookings()
    assert error.startswith("1 promise is broken. ")
    assert "        and 66 more" in printed
    assert max(map(len, printed)) < 200


def test_repair_brings_the_slots_in_step_and_touches_nothing_else(gym):
    run_sql(
        f"UPDATE trainer_schedules SET status = 'booked' WHERE id = {gym['free']}",
        f"UPDATE trainer_schedules SET client_id = NULL WHERE id = {gym['break']}",
    )
    before = sorted(TrainingSession.objects.values_list())

    printed, error = check_bookings("--repair")
    assert error is None
    assert printed[0] == "2 slots corrected."
    assert sorted(TrainingSession.objects.values_list()) == before
    assert check_bookings("--repair")[0][0] == "0 slots corrected."


def test_what_repair_cannot_mend_stays_broken(gym):
    run_sql(f"UPDATE idempotency_keys SET session_id = NULL WHERE id = {gym['key']}")
    assert check_bookings("--repair")[1].startswith("1 promise is broken. ")
