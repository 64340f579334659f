import importlib

from django.db import migrations

import hospital.privacy

before = importlib.import_module("hospital.migrations.0013_privacy")

TABLES = {
    "insurance_trial": before.QUEUE,
    "insurance_settlement": before.QUEUE,
    "insurance_paymentorder": before.QUEUE,
    "insurance_line": before.COUNTER,
    "insurance_linenode": before.COUNTER,
    "insurance_permit": before.COUNTER,
    "insurance_interfacecall": f"{before.GROWS}, autovacuum_vacuum_scale_factor = 0.01",
    "insurance_ledgerentry": before.GROWS,
}


class Migration(migrations.Migration):
    """The insurer's number of a person becomes a text: no row is rewritten, and `rotate_keys` encrypts what is there.
    Hot tables are vacuumed sooner (hospital 0013)."""

    atomic = False
    dependencies = [("insurance", "0017_credential"), ("hospital", "0013_privacy")]
    operations = [
        migrations.AlterField(
            "visit", "psn_no", hospital.privacy.EncryptedText(default="", clear_before=True)
        ),
        *before.kept_up(TABLES),
    ]
