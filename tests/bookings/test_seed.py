"""The seed's own SQL, through psycopg, with only its ids and dates changed."""

from datetime import time
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from trainers.models import Trainer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sql(ana, maya):
    """A connection of its own, as a prompt would have it; rows as dictionaries."""
    params = connection.get_connection_params()
    del params["cursor_factory"], params["context"]
    with psycopg.connect(
        **params, autocommit=True, row_factory=psycopg.rows.dict_row
    ) as prompt:
        yield prompt.execute


def insert(sql, ana, maya, day="2026-12-07"):
    sql(
        "INSERT INTO training_sessions (trainer_id, client_id, session_date, "
        "start_time, end_time, session_type)\n"
        f"VALUES ({ana.pk}, {maya.pk}, '{day}', '09:00', '10:00', 'personal_training');"
    )


def test_the_seeds_select(sql, ana):
    rows = sql(
        f"SELECT * FROM trainer_schedules WHERE trainer_id = {ana.pk} "
        "AND day_of_week = 1;"
    ).fetchall()

    assert [row["time_slot"] for row in rows] == [time(hour) for hour in range(7, 20)]
    assert {row["status"] for row in rows} == {"available"}
    assert set(rows[0]) >= {
        "id",
        "trainer_id",
        "day_of_week",
        "time_slot",
        "status",
        "booking_id",
        "client_id",
        "session_date",
        "notes",
        "created_at",
        "updated_at",
    }


def test_the_seeds_insert_then_the_status_after_the_command(sql, ana, maya):
    insert(sql, ana, maya)
    call_command("init_trainer_schedules", stdout=StringIO())

    status = sql(
        f"SELECT status FROM trainer_schedules WHERE trainer_id = {ana.pk} "
        "AND day_of_week = 1 AND time_slot = '09:00';"
    ).fetchone()
    assert status == {"status": "booked"}
    session = sql("SELECT * FROM training_sessions").fetchone()
    assert (session["status"], session["price"]) == ("scheduled", None)


def test_a_raw_insert_is_never_booked_over(monday_morning, sql, ana, maya, as_omar):
    insert(sql, ana, maya)

    response = as_omar.post(
        f"/trainers/{ana.slug}/book/",
        {"at": "2026-12-07T09:00", "session_type": "personal_training"},
    )
    assert response.status_code == 409


def test_the_seeds_deletions(sql, ana, maya):
    insert(sql, ana, maya)
    call_command("init_trainer_schedules", stdout=StringIO())
    sql("DELETE FROM training_sessions")
    rows = sql("SELECT * FROM trainer_schedules WHERE status = 'booked'").fetchall()
    assert [row["booking_id"] for row in rows] == [None]
    sql("DELETE FROM trainers")
    assert not Trainer.objects.exists()
    assert sql("SELECT * FROM trainer_schedules").fetchall() == []


def test_sql_deletes_what_was_booked_with_a_key_too(monday_morning, sql, ana, as_maya):
    booking = {"at": "2026-12-07T09:00", "session_type": "personal_training"}
    as_maya.post(f"/trainers/{ana.slug}/book/", {**booking, "key": "the form's"})

    sql("DELETE FROM training_sessions")
    (key,) = sql("SELECT session_id FROM idempotency_keys").fetchall()
    assert key == {"session_id": None}
    sql("DELETE FROM users_groups")
    sql("DELETE FROM users")
    assert sql("SELECT * FROM idempotency_keys").fetchall() == []
    (event,) = sql("SELECT actor_id FROM booking_events").fetchall()
    assert event == {"actor_id": None}


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("trainer_schedules", "day_of_week, time_slot", "0, '24:00'"),
        ("working_hours", "day_of_week, starts_at, ends_at", "0, '22:00', '24:00'"),
        ("time_off", "first_day, last_day, reason", "'2026-12-07', 'infinity', ''"),
        (
            "time_off",
            "first_day, last_day, starts_at, reason",
            "'2026-12-07', '2026-12-08', '24:00', ''",
        ),
    ],
)
def test_what_no_page_could_read_is_refused(sql, ana, table, columns, values):
    with pytest.raises(psycopg.errors.CheckViolation):
        sql(f"INSERT INTO {table} (trainer_id, {columns}) VALUES ({ana.pk}, {values})")


OVERLAP = "conflicting key value violates exclusion constraint"


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ("{ana}, {omar}, '2026-12-07', '09:30', '10:30', 'demo', 'scheduled'", OVERLAP),
        (
            "{bruno}, {maya}, '2026-12-07', '09:59', '11:00', 'demo', 'confirmed'",
            OVERLAP,
        ),
        (
            "{ana}, {omar}, '2026-12-08', '10:00', '09:00', 'demo', 'scheduled'",
            "end_after_start",
        ),
        (
            "{ana}, {omar}, '2026-12-08', '10:00', '10:00', 'demo', 'scheduled'",
            "end_after_start",
        ),
        (
            "{ana}, {omar}, '2026-12-08', '23:00', '24:00', 'demo', 'scheduled'",
            "end_same_day",
        ),
        (
            "{ana}, {omar}, 'infinity', '09:00', '10:00', 'demo', 'scheduled'",
            "date_readable",
        ),
        (
            "{ana}, {omar}, '2026-12-08', '09:00', '10:00', 'demo', 'perhaps'",
            "status_known",
        ),
        (
            "{ana}, {omar}, '2026-12-08', '09:00', '10:00', 'nap', 'scheduled'",
            "type_known",
        ),
    ],
)
def test_the_database_itself_refuses(sql, ana, maya, omar, columns, refusal):
    bruno = Trainer.objects.create(name="Bruno", hourly_rate=60)
    insert(sql, ana, maya)
    values = columns.format(ana=ana.pk, bruno=bruno.pk, maya=maya.pk, omar=omar.pk)
    with pytest.raises(psycopg.IntegrityError, match=refusal):
        sql(
            "INSERT INTO training_sessions (trainer_id, client_id, session_date, "
            f"start_time, end_time, session_type, status) VALUES ({values})"
        )


@pytest.mark.parametrize(
    "columns",
    [
        "{ana}, {omar}, '2026-12-07', '10:00', '11:00', 'demo', 'scheduled'",
        "{ana}, {omar}, '2026-12-07', '09:00', '10:00', 'demo', 'cancelled'",
    ],
)
def test_the_database_allows_neighbours_and_what_is_over(sql, ana, maya, omar, columns):
    insert(sql, ana, maya)
    values = columns.format(ana=ana.pk, omar=omar.pk)
    sql(
        "INSERT INTO training_sessions (trainer_id, client_id, session_date, "
        f"start_time, end_time, session_type, status) VALUES ({values})"
    )
    assert len(sql("SELECT 1 FROM training_sessions").fetchall()) == 2


@pytest.mark.parametrize("column", ["day_of_week = 7", "status = 'perhaps'"])
def test_slots_are_checked_too(sql, ana, column):
    with pytest.raises(psycopg.errors.CheckViolation):
        sql(f"UPDATE trainer_schedules SET {column}")
