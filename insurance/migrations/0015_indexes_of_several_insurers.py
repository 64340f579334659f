from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_WIDER = """
    ALTER TABLE insurance_ledgerentry DROP CONSTRAINT booked_once,
      ADD CONSTRAINT booked_once UNIQUE USING INDEX booked_once_of_each
"""
_NARROWER = """
    ALTER TABLE insurance_ledgerentry DROP CONSTRAINT booked_once,
      ADD CONSTRAINT booked_once UNIQUE (source, kind, leg)
"""


class Migration(migrations.Migration):
    """Built beside the work that goes on. Two insurers may give the same setl_id: a ledger entry is unique within its
    settlement."""

    atomic = False
    dependencies = [("insurance", "0014_several_insurers")]
    operations = [
        AddIndexConcurrently(
            "settlement",
            models.Index(
                fields=["insurer", "state", "id"],
                condition=~models.Q(state__in=["completed", "refused", "reversed"]),
                name="settlement_lane",
            ),
        ),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS booked_once_of_each"
            " ON insurance_ledgerentry (source, kind, leg, number)",
            "DROP INDEX IF EXISTS booked_once_of_each",
        ),
        migrations.RunSQL(
            _WIDER,
            _NARROWER,
            state_operations=[
                migrations.RemoveConstraint("ledgerentry", "booked_once"),
                migrations.AddConstraint(
                    "ledgerentry",
                    models.UniqueConstraint(fields=["source", "kind", "leg", "number"], name="booked_once"),
                ),
            ],
        ),
    ]
