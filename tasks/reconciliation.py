"""Reconciliation. Asked for each minute; which days are due stands in the database (`insurance.reconciliation`)."""

from celery import shared_task

from hospital import ticks
from insurance.reconciliation import schedule


@shared_task(name="tasks.reconciliation.run")
def run() -> None:
    """Compare the days that are due."""
    ticks.seen("tasks.reconciliation.run")
    schedule.run_due()
