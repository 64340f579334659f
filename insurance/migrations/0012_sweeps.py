"""What the sweep looks for is found by an index; of a line only who waits or is away is ever looked for."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("insurance", "0011_settlements_of_today")]
    operations = [
        AddIndexConcurrently(
            "trial",
            models.Index(fields=["valid_until"], condition=models.Q(state="priced"), name="trial_priced"),
        ),
        migrations.AlterField(
            "trial",
            "line",
            models.ForeignKey(
                to="insurance.line",
                on_delete=models.PROTECT,
                null=True,
                db_index=False,
                related_name="trials",
                verbose_name="line",
            ),
        ),
    ]
