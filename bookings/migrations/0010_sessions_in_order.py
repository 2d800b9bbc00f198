from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0009_holds_and_settings"),
        ("trainers", "0005_overrides"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="trainingsession",
            index=models.Index(
                fields=["session_date", "start_time", "id"], name="sessions_in_order"
            ),
        ),
    ]
