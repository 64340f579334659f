"""The interface lanes. Each task is a turn, not a ticket: one more call of its lane may be made (design 4)."""

from celery import shared_task

from insurance.quota.directory import DEFAULT
from insurance.settlement import collecting, steps
from insurance.trial import turns
from tasks import threads


@shared_task(name="tasks.insurance.trial")
def trial(insurer: str = DEFAULT) -> None:
    """The next trial in the insurer's line."""
    with threads.of(insurer) as has_room:
        has_room and turns.take_one(insurer)


@shared_task(name="tasks.insurance.settle")
def settle(insurer: str = DEFAULT) -> None:
    """The next settlement at the insurer."""
    with threads.of(insurer) as has_room:
        has_room and steps.settle_one(insurer)


@shared_task(name="tasks.insurance.recover")
def recover(insurer: str = DEFAULT) -> None:
    """The next settlement that is to be confirmed or undone at the insurer."""
    with threads.of(insurer) as has_room:
        has_room and steps.recover_one(insurer)


@shared_task(name="tasks.insurance.collect")
def collect() -> None:
    """Open the payment orders that are due and follow those that have changed. Needs no permit."""
    collecting.collect_due()
