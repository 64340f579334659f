"""Filing. Asked for each second, due every FILING_EVERY_SECONDS; see `hospital.archives.filing`."""

from celery import shared_task

from hospital.archives import filing


@shared_task(name="tasks.filing.drain")
def drain() -> None:
    """If the tick is due: file up to m of the oldest waiting archives."""
    filing.drain_if_due()
