"""What the sweep looks for is found by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("hospital", "0010_notice_taken_back")]
    operations = [
        AddIndexConcurrently(
            "notice",
            models.Index(fields=["leased_until"], condition=models.Q(state="sending"), name="notice_sending"),
        ),
    ]
