from django.db import migrations, models


class Migration(migrations.Migration):
    """Constant defaults: no row is rewritten. What was booked before belongs to the default insurer ("")."""

    dependencies = [("hospital", "0011_sweeps")]
    operations = [
        migrations.AddField(
            "archive",
            "card_region",
            models.CharField("insured region", max_length=6, default="", db_default="", blank=True),
        ),
        migrations.AddField(
            "archive", "insurer", models.CharField("insurer", max_length=20, default="", db_default="", blank=True)
        ),
    ]
