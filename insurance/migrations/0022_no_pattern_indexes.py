from django.db import migrations

from hospital import pattern_indexes


class Migration(migrations.Migration):
    """What a booking, a filing, a call, a claim and a ledger entry each write: an index or two less."""

    atomic = False
    dependencies = [("hospital", "0015_notice_scan_again"), ("insurance", "0021_orders")]
    operations = [migrations.RunPython(pattern_indexes.drop, migrations.RunPython.noop)]
