from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0012_sessions_in_order")]

    operations = [
        migrations.AddIndex(
            model_name="trainingsession",
            index=models.Index(
                condition=models.Q(("status__in", ("scheduled", "confirmed"))),
                fields=["session_date", "start_time"],
                name="sessions_active_by_day",
            ),
        ),
    ]
