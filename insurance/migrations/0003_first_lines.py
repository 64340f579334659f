"""Quotas belong to the default insurer, and everybody who waits gets a place, in the order in which they came."""

from collections import Counter

from django.db import migrations
from django.db.models import F

LAST_NODE = 2**40
FIRST_AT_ONCE, FIRST_SLOW_SECONDS = 10, 5


def give_places(apps, schema_editor):
    insurer_model, quota_model, line_model, trial_model = (
        apps.get_model("insurance", name) for name in ("Insurer", "Quota", "Line", "Trial")
    )
    quotas = quota_model.objects.filter(insurer=None)
    waiting = trial_model.objects.filter(state__in=["waiting", "calling", "frozen"], line=None)
    if not quotas.exists() and not waiting.exists():
        return
    first = {"at_once": FIRST_AT_ONCE, "slow_seconds": FIRST_SLOW_SECONDS}
    insurer = insurer_model.objects.get_or_create(name="default", defaults=first)[0]
    quotas.update(insurer=insurer, in_force=F("per_minute"))
    line = line_model.objects.create(insurer=insurer)
    gone = Counter()
    for trial in waiting.order_by("pk").iterator():
        line.joined += 1
        trial_model.objects.filter(pk=trial.pk).update(line=line, number=line.joined)
        if trial.state != "waiting":
            line.gone += 1
            gone.update(nodes_of(line.joined))
    line.save()
    node_model = apps.get_model("insurance", "LineNode")
    node_model.objects.bulk_create(node_model(line=line, node=node, gone=count) for node, count in gone.items())


def nodes_of(place):
    """The nodes of the tree that count this place (`insurance/trial/places.py`)."""
    while place <= LAST_NODE:
        yield place
        place += place & -place


class Migration(migrations.Migration):
    dependencies = [("insurance", "0002_lines_and_gate")]
    operations = [migrations.RunPython(give_places, migrations.RunPython.noop)]
