"""The interface lanes. Each task is a turn, not a ticket: one more call of its lane may be made (design 4)."""

from celery import shared_task

from insurance.settlement import collecting, steps
from insurance.trial import turns


@shared_task(name="tasks.insurance.trial")
def trial() -> None:
    """The next trial in the line."""
    turns.take_one()


@shared_task(name="tasks.insurance.settle")
def settle() -> None:
    """The next settlement at the insurer."""
    steps.settle_one()


@shared_task(name="tasks.insurance.recover")
def recover() -> None:
    """The next settlement that is to be confirmed or undone."""
    steps.recover_one()


@shared_task(name="tasks.insurance.collect")
def collect() -> None:
    """Open the payment orders that are due and follow those that have changed. Needs no permit."""
    collecting.collect_due()
