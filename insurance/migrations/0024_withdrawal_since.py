import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("insurance", "0023_withdrawals")]

    operations = [
        migrations.AddField(
            "withdrawal",
            "since",
            models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
    ]
