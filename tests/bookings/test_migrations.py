"""Rows brought from another system meet the constraints."""

from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bookings.domain.invariants import GUARDS_STAND, check
from tests.process import manage
from trainers.models import Trainer

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, AFTER = "0003_on_delete_clauses", "0004_meet_brought_rows"
GUARDS = {
    "training_sessions_no_trainer_overlap",
    "training_sessions_no_client_overlap",
    "training_sessions_end_after_start",
    "training_sessions_status_known",
}


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def migrate(**more):
    """Its exit status, and what it said."""
    with manage("migrate", "bookings", AFTER, **more) as process:
        try:
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, said


@pytest.fixture
def back_then():
    """The database as it was before, and as it is again for the tests that follow."""
    call_command("migrate", "bookings", BEFORE, verbosity=0)
    yield
    sql("DELETE FROM training_sessions")
    call_command("migrate", verbosity=0)
    assert check(GUARDS_STAND).ids == ()


@pytest.fixture
def unguarded(back_then):
    """A database whose rows were loaded while the constraints were away."""
    drops = ", ".join(f"DROP CONSTRAINT {guard}" for guard in GUARDS)
    sql(f"ALTER TABLE training_sessions {drops}")


def load(*rows):
    for row in rows:
        sql(
            "INSERT INTO training_sessions (id, trainer_id, client_id, session_date, "
            f"start_time, end_time, status) VALUES ({row})"
        )


def state():
    """All that a migration which stops must leave as it was."""
    return (
        sql("SELECT * FROM training_sessions ORDER BY id"),
        sql("SELECT name FROM django_migrations WHERE app = 'bookings' ORDER BY id"),
        check(GUARDS_STAND).ids,
    )


def test_overlaps_are_listed_and_nothing_changes_until_they_are_gone(
    unguarded, ana, maya, omar
):
    bruno = Trainer.objects.create(name="Bruno Keller", hourly_rate=60)
    load(
        f"1, {ana.pk}, {maya.pk}, '2026-12-10', '09:00', '10:00', 'scheduled'",
        f"2, {ana.pk}, {omar.pk}, '2026-12-10', '09:30', '10:30', 'confirmed'",
        f"3, {bruno.pk}, {omar.pk}, '2026-12-10', '10:00', '11:00', 'scheduled'",
        f"4, {ana.pk}, {omar.pk}, '2026-12-10', '09:00', '10:00', 'cancelled'",
        f"5, {ana.pk}, {maya.pk}, '2026-12-10', '10:30', '11:30', 'scheduled'",
        f"6, {bruno.pk}, {maya.pk}, '2026-12-11', '10:00', '09:00', 'scheduled'",
    )
    before = state()

    status, said = migrate()
    assert status == 1
    listed = [
        "sessions 1 and 2: Ana Ruiz, 2026-12-10, 09:00-10:00 and 09:30-10:30",
        "sessions 2 and 3: Omar Haddad, 2026-12-10, 09:30-10:30 and 10:00-11:00",
        "session 6: 2026-12-11, starts at 10:00, but ends at 09:00",
    ]
    sentence = (
        "These sessions break rules that are about to be put in place. Nothing was "
        "changed. Cancel, move or delete what should not be, then migrate again."
    )
    assert f"CommandError: {sentence}\n  " + "\n  ".join(listed) + "\n" in said
    assert state() == before

    # The check before migrating says the same of them.
    printed = StringIO()
    with pytest.raises(CommandError):
        call_command("check_bookings", stdout=printed)
    for line in listed[:2]:
        assert line in printed.getvalue()

    sql("UPDATE training_sessions SET status = 'cancelled' WHERE id = 2")
    sql("DELETE FROM training_sessions WHERE id = 6")
    status, said = migrate()
    assert (status, "Applying bookings.0004" in said) == (0, True)
    assert not set(GUARDS) & set(check(GUARDS_STAND).ids)
    with pytest.raises(Exception, match="no_trainer_overlap"):
        load(f"7, {ana.pk}, {omar.pk}, '2026-12-10', '09:59', '10:30', 'scheduled'")


def test_other_dirt_is_named_by_the_rule_that_it_breaks(unguarded, ana, maya):
    load(f"1, {ana.pk}, {maya.pk}, '2026-12-10', '09:00', '10:00', 'perhaps'")
    before = state()
    status, said = migrate()
    assert status == 1
    assert "training_sessions_status_known" in said
    assert said.endswith(
        "Nothing was changed. `manage.py check_bookings` says which rows it is about.\n"
    )
    assert state() == before


@contextmanager
def busy_table():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("LOCK TABLE training_sessions IN ROW EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def test_a_busy_table_is_not_waited_for_without_end(unguarded, ana, maya):
    """Who waits for a table's lock holds up everybody behind it."""
    before = state()
    patient = f"{connection.settings_dict['NAME']}?options=-c lock_timeout=0"
    with busy_table():
        status, said = migrate(database=patient)
    assert status == 1
    assert said.endswith(
        "CommandError: canceling statement due to lock timeout. Nothing was changed. "
        "Migrate while nobody books.\n"
    )
    assert state() == before


def test_where_nothing_is_missing_nothing_is_locked(back_then):
    with busy_table():
        assert migrate()[0] == 0
