from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

on_delete = import_module("bookings.migrations.0003_on_delete_clauses")

# The key is made anew with the column, and without its clause.
NAMES = ("calendar_feeds", "member_id", "1782cce3", "users")


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0009_holds_and_settings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="calendarfeed",
            name="kind",
            field=models.CharField(
                choices=[
                    ("member", "Own sessions"),
                    ("coach", "Sessions as a trainer"),
                ],
                db_default="member",
                default="member",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="calendarfeed",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calendar_feeds",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                fields=("member", "kind"), name="calendar_feeds_one_per_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["member", "coach"]),
                name="calendar_feeds_kind_known",
            ),
        ),
        migrations.RunSQL(
            sql=on_delete.statement(*NAMES, "ON DELETE CASCADE"),
            reverse_sql=on_delete.statement(*NAMES, ""),
        ),
    ]
