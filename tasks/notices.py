"""Notices."""

from celery import shared_task

from hospital.notices import delivery


@shared_task(name="tasks.notices.send")
def send() -> None:
    """Deliver what is due."""
    delivery.send_due()
