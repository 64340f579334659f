"""Upkeep: send the turns that permits allow, pick up what was left lying. Nothing depends on a message surviving."""

from celery import current_app, shared_task

from hospital import ticks
from insurance import upkeep
from insurance.quota.lanes import TASKS
from insurance.quota.turns import wanted
from tasks import broker


@shared_task(name="tasks.upkeep.turns")
def turns() -> None:
    """As many turns of each lane as rows wait and permits come free, while few still lie in the broker."""
    ticks.seen("tasks.upkeep.turns")
    for lane, count in wanted().items():
        task = TASKS[lane]
        for _ in range(min(count, broker.room_for(task, most=2 * count))):
            current_app.send_task(task, retry=False)


@shared_task(name="tasks.upkeep.sweep")
def sweep() -> None:
    """Leases that are over, trials no longer valid, payments to ask about, notices and orders without a message."""
    ticks.seen("tasks.upkeep.sweep")
    upkeep.sweep()


@shared_task(name="tasks.upkeep.records")
def records() -> None:
    """What is measured and tidied up now and then."""
    ticks.seen("tasks.upkeep.records")
    upkeep.keep_records()
