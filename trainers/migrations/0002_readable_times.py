import datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("trainers", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="timeoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "first_day__range",
                        (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                    ),
                    (
                        "last_day__range",
                        (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
                    ),
                    ("starts_at__lte", datetime.time(23, 59, 59, 999999)),
                    models.Q(
                        ("ends_at", None),
                        ("ends_at__lte", datetime.time(23, 59, 59, 999999)),
                        _connector="OR",
                    ),
                ),
                name="time_off_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="trainerschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("time_slot__lte", datetime.time(23, 59, 59, 999999))
                ),
                name="trainer_schedules_time_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="workinghours",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__lte", datetime.time(23, 59, 59, 999999))),
                name="working_hours_end_same_day",
            ),
        ),
    ]
