import hospital.privacy
from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    """Orders that trials open at the insurer; a table of its own, empty at first. Their numbers may be longer than a
    settlement's was: a longer text needs no row and no index to be written anew."""

    dependencies = [("insurance", "0020_gateway_clock")]
    operations = [
        migrations.AlterField(
            "settlement",
            "setl_id",
            models.CharField("settlement id", db_index=True, default="", max_length=64),
        ),
        migrations.CreateModel(
            "InsurerOrder",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(db_index=True, max_length=64)),
                ("token", hospital.privacy.EncryptedText(holds="order_token")),
                ("msgid", models.CharField(max_length=30, unique=True)),
                ("visit", models.ForeignKey(on_delete=PROTECT, related_name="orders", to="insurance.visit")),
            ],
        ),
    ]
