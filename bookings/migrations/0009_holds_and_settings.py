from importlib import import_module
import datetime
import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import trainers.times
from django.conf import settings
from django.db import migrations, models


on_delete = import_module("bookings.migrations.0003_on_delete_clauses")

# As there: SQL can delete a session or a person, and what points to them goes too.
CLAUSES = [
    ("holds", "client_id", "eaa006fa", "users", "CASCADE"),
    ("holds", "trainer_id", "6d4fa092", "trainers", "CASCADE"),
    ("offers", "hold_id", "07ff5611", "holds", "CASCADE"),
    ("offers", "session_id", "4cebbdf6", "training_sessions", "CASCADE"),
    ("offers", "made_by_id", "5a717583", "users", "SET NULL"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0008_names_for_people"),
        ("trainers", "0005_overrides"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GymSettingsChange",
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
                ("at", models.DateTimeField(verbose_name="at")),
                ("before", models.JSONField(default=dict, verbose_name="before")),
                ("after", models.JSONField(default=dict, verbose_name="after")),
            ],
            options={
                "verbose_name": "change of the settings",
                "verbose_name_plural": "changes of the settings",
                "db_table": "gym_settings_changes",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
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
                ("session_date", models.DateField(verbose_name="date")),
                ("start_time", models.TimeField(verbose_name="from")),
                ("end_time", models.TimeField(verbose_name="until")),
                (
                    "why",
                    models.CharField(
                        choices=[("offer", "Offered in place of a session")],
                        max_length=20,
                        verbose_name="why",
                    ),
                ),
                ("until", models.DateTimeField(verbose_name="held until")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="ended at"
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "db_table": "holds",
                "ordering": ["session_date", "start_time", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Offer",
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
                    "cause",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        verbose_name="what the member is told",
                    ),
                ),
                (
                    "digest",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "mailed_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="mailed at"
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("exchanged", "Chose another time"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="answered at"
                    ),
                ),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "db_table": "offers",
                "ordering": ["pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="gymsettings",
            options={
                "verbose_name": "settings of the gym",
                "verbose_name_plural": "settings of the gym",
            },
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="contact",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where members can call or come: a phone number, a place.",
                max_length=200,
                verbose_name="how to reach the front desk",
            ),
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="currency",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Three letters, like EUR. Changing it converts no price.",
                max_length=3,
                verbose_name="currency",
            ),
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="joining",
            field=models.CharField(
                choices=[
                    ("open", "Everybody who signs up"),
                    ("approval", "Who signs up, once staff have approved"),
                    ("invitation", "Whom staff invite"),
                ],
                db_default="open",
                default="open",
                max_length=10,
                verbose_name="who may join",
            ),
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the gym, as members read it on every page and in mails.",
                max_length=60,
                verbose_name="name",
            ),
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="opening",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="One line each, like “Monday to Friday 06:00–22:00”.",
                max_length=500,
                verbose_name="opening hours",
            ),
        ),
        migrations.AddField(
            model_name="gymsettings",
            name="welcome",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What the first page says above the trainers.",
                max_length=1000,
                verbose_name="welcome",
            ),
        ),
        migrations.AddField(
            model_name="trainingsession",
            name="checked_in_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="checked in at"
            ),
        ),
        migrations.AlterField(
            model_name="bookingevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("booked", "Booked"),
                    ("confirmed", "Confirmed"),
                    ("moved", "Moved"),
                    ("cancelled", "Cancelled"),
                    ("completed", "Completed"),
                    ("no_show", "Marked as no-show"),
                    ("reopened", "Opened again"),
                    ("checked_in", "Checked in"),
                    ("check_in_undone", "Check-in taken back"),
                    ("mark_undone", "Mark taken back"),
                    ("priced", "Price changed"),
                    ("type_changed", "Session type changed"),
                ],
                max_length=20,
                verbose_name="action",
            ),
        ),
        migrations.AddConstraint(
            model_name="gymsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("joining__in", ["open", "approval", "invitation"])),
                name="gym_settings_joining_known",
            ),
        ),
        migrations.AddField(
            model_name="gymsettingschange",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="actor",
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="holds",
                to=settings.AUTH_USER_MODEL,
                verbose_name="member",
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="trainer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="holds",
                to="trainers.trainer",
                verbose_name="trainer",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="hold",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="offer",
                to="bookings.hold",
                verbose_name="hold",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="made by",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="offers",
                to="bookings.trainingsession",
                verbose_name="session",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_time__gt", models.F("start_time"))),
                name="holds_end_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_time__lte", datetime.time(23, 59, 59, 999999)),
                    (
                        "session_date__range",
                        (datetime.date(2000, 1, 1), datetime.date(9999, 12, 31)),
                    ),
                ),
                name="holds_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("ended_at", None)),
                expressions=[
                    (trainers.times.Int8Range("trainer"), "&&"),
                    (
                        trainers.times.TsRange(
                            models.F("session_date"), "start_time", "end_time"
                        ),
                        "&&",
                    ),
                ],
                name="holds_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True),
                        ("answered_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="offers_answered_once",
            ),
        ),
        *[
            migrations.RunSQL(
                sql=on_delete.statement(*names, f"ON DELETE {action}"),
                reverse_sql=on_delete.statement(*names, ""),
            )
            for *names, action in CLAUSES
        ],
    ]
