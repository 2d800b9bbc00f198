from django.db import migrations

# Django acts on deletions itself and writes none of this into the database. The
# seed's tables had these clauses, and SQL typed at a prompt relies on them. The
# constraints keep the names that Django gave them, so later migrations find them.
CLAUSES = [
    ("trainer_schedules", "trainer_id", "c51a3d21", "trainers", "CASCADE"),
    ("trainer_schedules", "booking_id", "6b2c23ee", "training_sessions", "SET NULL"),
    ("trainer_schedules", "client_id", "843d1e5e", "users", "SET NULL"),
    ("booking_events", "session_id", "b3b57649", "training_sessions", "SET NULL"),
]


def statement(table: str, column: str, digest: str, target: str, clause: str) -> str:
    name = f"{table}_{column}_{digest}_fk_{target}_id"
    return (
        f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} "
        f"FOREIGN KEY ({column}) REFERENCES {target} (id) {clause} "
        "DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_initial"), ("trainers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=statement(*names, f"ON DELETE {action}"),
            reverse_sql=statement(*names, ""),
        )
        for *names, action in CLAUSES
    ]
