from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

on_delete = import_module("bookings.migrations.0003_on_delete_clauses")

# As there: SQL can delete a person, and the feed goes with them.
NAMES = ("calendar_feeds", "member_id", "1782cce3", "users")


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_booking_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "renewed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
            ],
            options={"db_table": "calendar_feeds"},
        ),
        # Apart, because a column's key is there at once, and a table's only at the end.
        migrations.AddField(
            model_name="calendarfeed",
            name="member",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calendar_feed",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(
            sql=on_delete.statement(*NAMES, "ON DELETE CASCADE"),
            reverse_sql=on_delete.statement(*NAMES, ""),
        ),
    ]
