from decimal import Decimal
from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

on_delete = import_module("bookings.migrations.0003_on_delete_clauses")

# As there: SQL can delete a session that was booked with a key, or whoever wrote a
# line of the history, like any other.
CLAUSES = [
    ("booking_events", "actor_id", "503a6ec7", "users", "SET NULL"),
    ("idempotency_keys", "client_id", "b3cf5309", "users", "CASCADE"),
    ("idempotency_keys", "session_id", "273bdbf8", "training_sessions", "SET NULL"),
]


class Migration(migrations.Migration):
    dependencies = [("bookings", "0004_meet_brought_rows")]

    operations = [
        migrations.RemoveConstraint(
            model_name="trainingsession", name="training_sessions_price_not_negative"
        ),
        migrations.AddConstraint(
            model_name="trainingsession",
            constraint=models.CheckConstraint(
                condition=Q(price__range=(0, Decimal("9999999999.99"))),
                name="training_sessions_price_not_negative",
            ),
        ),
        *(
            migrations.RunSQL(
                sql=on_delete.statement(*names, f"ON DELETE {action}"),
                reverse_sql=on_delete.statement(*names, ""),
            )
            for *names, action in CLAUSES
        ),
    ]
