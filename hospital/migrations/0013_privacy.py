from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import hospital.privacy

QUEUE = "autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02"
"""Each row changes a few times, and never again: dead rows lie where the work is, and a fifth of the table, which is
what the default waits for, are years of them."""

COUNTER = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500"
"""Few rows, each of which changes all the time in columns without an index: room on the page for the next version."""

GROWS = "autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02"
"""Rows are added and hardly changed: seen to in small steps, not in a large one that has to freeze years of them."""

TABLES = {
    "hospital_archive": QUEUE,
    "hospital_notice": QUEUE,
    "hospital_session": COUNTER,
    "hospital_tick": COUNTER,
    "hospital_journal": GROWS,
    "hospital_idempotentrequest": QUEUE,
}


def kept_up(tables: dict[str, str]) -> list[migrations.RunSQL]:
    """Storage parameters: no row is rewritten, and the lock (SHARE UPDATE EXCLUSIVE) keeps nobody from reading or
    writing."""
    names = {table: ", ".join(one.split(" = ")[0] for one in options.split(", ")) for table, options in tables.items()}
    return [
        migrations.RunSQL(f"ALTER TABLE {table} SET ({options})", f"ALTER TABLE {table} RESET ({names[table]})")
        for table, options in tables.items()
    ]


class Migration(migrations.Migration):
    """A card's number says what it holds: nothing in its table changes. What is kept no longer is tidied away; who has
    seen somebody's data is found by an index; hot tables are vacuumed sooner."""

    atomic = False
    dependencies = [("hospital", "0012_insured_region")]
    operations = [
        migrations.AlterField(
            "card", "number", hospital.privacy.EncryptedText("number", holds="card_number")
        ),
        migrations.CreateModel(
            name="Tidied",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("until_id", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Access",
            fields=[],
            options={
                "verbose_name": "access to personal data",
                "verbose_name_plural": "accesses to personal data",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("hospital.change",),
        ),
        migrations.AlterModelOptions(
            name="patient",
            options={
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
                "permissions": [("erase_patient", "Can approve that a patient is erased")],
            },
        ),
        AddIndexConcurrently(
            "change",
            models.Index(fields=["-id"], condition=models.Q(field="personal data"), name="change_access"),
        ),
        *kept_up(TABLES),
    ]
