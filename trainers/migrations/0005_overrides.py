import datetime
import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import trainers.times
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("trainers", "0004_names_for_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="timeoff",
            name="notice",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What members read beside the grid, like “On holiday”.",
                max_length=100,
                verbose_name="reason for members",
            ),
        ),
        migrations.CreateModel(
            name="Closure",
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
                (
                    "name",
                    models.CharField(
                        help_text="What members read beside the grid, like “Christmas Day”.",
                        max_length=100,
                        verbose_name="name",
                    ),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
            ],
            options={
                "verbose_name": "closure",
                "verbose_name_plural": "closures",
                "db_table": "closures",
                "ordering": ["first_day", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))),
                        name="closures_end_after_start",
                        violation_error_message="The closure ends before it starts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "first_day__range",
                                (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                            ),
                            (
                                "last_day__range",
                                (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                            ),
                        ),
                        name="closures_readable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExtraHours",
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
                ("date", models.DateField(verbose_name="date")),
                ("starts_at", models.TimeField(verbose_name="from")),
                ("ends_at", models.TimeField(verbose_name="until")),
                (
                    "trainer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="extra_hours",
                        to="trainers.trainer",
                        verbose_name="trainer",
                    ),
                ),
            ],
            options={
                "verbose_name": "extra hours",
                "verbose_name_plural": "extra hours",
                "db_table": "extra_hours",
                "ordering": ["date", "starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="extra_hours_end_after_start",
                        violation_error_message="These hours end before they start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "date__range",
                                (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                            ),
                            ("ends_at__lte", datetime.time(23, 59, 59, 999999)),
                        ),
                        name="extra_hours_readable",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (trainers.times.Int8Range("trainer"), "&&"),
                            (
                                trainers.times.TsRange(
                                    models.F("date"), "starts_at", "ends_at"
                                ),
                                "&&",
                            ),
                        ],
                        name="extra_hours_no_overlap",
                        violation_error_message="These hours overlap others of that date.",
                    ),
                ],
            },
        ),
    ]
