from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, migrations

# Rows brought from another system are often loaded without the constraints, which are
# to follow. PostgreSQL would stop at the first overlap and name no other; so they are
# all listed before, while the table is locked against new ones.
OVERLAPS = """
    SELECT x.id, y.id, {who}, x.session_date::text,
           left(x.start_time::text, 5), left(x.end_time::text, 5),
           left(y.start_time::text, 5), left(y.end_time::text, 5)
    FROM training_sessions x
    JOIN training_sessions y
      ON y.{column} = x.{column} AND y.session_date = x.session_date
     AND y.start_time < x.end_time AND x.start_time < y.end_time
     AND y.id > x.id
    LEFT JOIN {table} who ON who.id = x.{column}
    WHERE x.status IN ('scheduled', 'confirmed')
      AND y.status IN ('scheduled', 'confirmed')
    ORDER BY x.session_date, x.start_time, x.id, y.id
"""
WHOSE = [
    {"column": "trainer_id", "table": "trainers", "who": "who.name"},
    {
        "column": "client_id",
        "table": "users",
        "who": "coalesce(nullif(who.name, ''), who.email)",
    },
]
BACKWARDS = """
    SELECT id, session_date::text, left(start_time::text, 5), left(end_time::text, 5)
    FROM training_sessions WHERE end_time <= start_time ORDER BY id
"""


def put_in_missing_constraints(apps, schema_editor):
    """Nothing to do where they are: in a database that was only ever migrated."""
    sessions = apps.get_model("bookings", "TrainingSession")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint "
            "WHERE conrelid = 'training_sessions'::regclass"
        )
        there = {name for (name,) in cursor.fetchall()}
        missing = [c for c in sessions._meta.constraints if c.name not in there]
        if not missing:
            return
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        try:
            cursor.execute("LOCK TABLE training_sessions IN SHARE ROW EXCLUSIVE MODE")
        except OperationalError as error:
            raise CommandError(
                f"{error}. Nothing was changed. Migrate while nobody books."
            ) from error
        if found := in_the_way(cursor):
            raise CommandError(
                "These sessions break rules that are about to be put in place. "
                "Nothing was changed. Cancel, move or delete what should not be, "
                "then migrate again.\n  " + "\n  ".join(found)
            )
    try:
        for constraint in missing:
            schema_editor.add_constraint(sessions, constraint)
    except IntegrityError as error:
        raise CommandError(
            f"{str(error).strip()}. Nothing was changed. `manage.py check_bookings` "
            "says which rows it is about."
        ) from error


def in_the_way(cursor):
    found = []
    for whose in WHOSE:
        cursor.execute(OVERLAPS.format(**whose))
        found += [
            f"sessions {one} and {other}: {who}, {day}, {begin}-{end} and {start}-{stop}"
            for one, other, who, day, begin, end, start, stop in cursor.fetchall()
        ]
    cursor.execute(BACKWARDS)
    found += [
        f"session {pk}: {day}, starts at {start}, but ends at {end}"
        for pk, day, start, end in cursor.fetchall()
    ]
    return list(dict.fromkeys(found))


class Migration(migrations.Migration):
    dependencies = [("bookings", "0003_on_delete_clauses")]

    # Backwards it leaves them: 0002 put them in, and takes them away.
    operations = [
        migrations.RunPython(put_in_missing_constraints, migrations.RunPython.noop)
    ]
