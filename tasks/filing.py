"""Filing. Asked for each second, due every FILING_EVERY_SECONDS; see `hospital.archives.filing`."""

from celery import shared_task

from hospital import ticks
from hospital.archives import filing


@shared_task(name="tasks.filing.drain")
def drain() -> None:
    """If the tick is due: file up to m of the oldest waiting archives."""
    ticks.seen("tasks.filing.drain")
    filing.drain_if_due()
