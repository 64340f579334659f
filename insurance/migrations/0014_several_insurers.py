from django.db import migrations, models


class Migration(migrations.Migration):
    """Constant defaults: no row is rewritten, and what was there before belongs to the default insurer."""

    dependencies = [("insurance", "0013_money_in_hand"), ("hospital", "0012_insured_region")]
    operations = [
        migrations.AddField(
            "interfacecall",
            "insurer",
            models.CharField("insurer", max_length=20, default="default", db_default="default"),
        ),
        migrations.AddField(
            "settlement",
            "insurer",
            models.CharField("insurer", max_length=20, default="default", db_default="default"),
        ),
    ]
