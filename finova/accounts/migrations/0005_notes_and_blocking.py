from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_language"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="awaits_approval",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="waits for approval"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="blocked_because",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The member is shown this reason. Empty: the member may book.",
                max_length=200,
                verbose_name="booking blocked because",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="staff_notes",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Neither the member nor the trainers read them.",
                max_length=2000,
                verbose_name="notes for staff",
            ),
        ),
    ]
