"""Money that came after the end is found among the orders whose money is in hand, and not among all that ended."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_IN_HAND = """
    UPDATE insurance_paymentorder paid SET in_hand = true FROM insurance_settlement settlement
     WHERE settlement.payment_id = paid.id AND paid.state = 'paid' AND settlement.state <> 'completed'
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("insurance", "0012_sweeps")]
    operations = [
        migrations.AddField("paymentorder", "in_hand", models.BooleanField(db_default=False, editable=False)),
        migrations.RunSQL(_IN_HAND, migrations.RunSQL.noop),
        AddIndexConcurrently(
            "paymentorder", models.Index(fields=["id"], condition=models.Q(in_hand=True), name="payment_in_hand")
        ),
    ]
