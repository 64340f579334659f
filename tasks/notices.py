"""Notices."""

from celery import shared_task

from hospital import ticks
from hospital.notices import delivery


@shared_task(name="tasks.notices.send")
def send() -> None:
    """Deliver what is due."""
    ticks.seen("tasks.notices.send")
    delivery.send_due()
