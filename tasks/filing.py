"""Filing. Beat calls it every FILING_EVERY_SECONDS; see `hospital.archives.filing`."""

from celery import shared_task

from hospital.archives import filing


@shared_task(name="tasks.filing.drain")
def drain() -> None:
    """File up to m of the oldest waiting archives."""
    filing.drain()
