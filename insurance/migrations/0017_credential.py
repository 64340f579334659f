import hospital.privacy
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Electronic credentials that were scanned for a settlement; a table of its own, empty at first."""

    dependencies = [("insurance", "0016_signing_in")]
    operations = [
        migrations.CreateModel(
            "credential",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "settlement",
                    models.OneToOneField(
                        on_delete=CASCADE,
                        related_name="credential",
                        to="insurance.settlement",
                    ),
                ),
                ("number", hospital.privacy.EncryptedText(verbose_name="electronic credential")),
                ("given_at", models.DateTimeField(db_default=Now())),
            ],
        ),
    ]
