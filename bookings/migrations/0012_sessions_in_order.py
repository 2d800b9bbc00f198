from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0011_permissions_of_staff"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="trainingsession",
            index=models.Index(
                fields=["session_date", "start_time", "id"], name="sessions_in_order"
            ),
        ),
    ]
