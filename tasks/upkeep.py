"""Upkeep: send the turns that permits allow, pick up what was left lying. Nothing depends on a message surviving."""

from collections.abc import Mapping

from celery import current_app, shared_task

from hospital import ticks
from insurance import upkeep
from insurance.archiving import runs
from insurance.quota import insurers
from insurance.quota.lanes import TASKS
from insurance.quota.turns import wanted
from tasks import broker

ARCHIVE_SECONDS = 1_500
"""Below the half hour after which RabbitMQ gives a message that is not acknowledged to somebody else."""


@shared_task(name="tasks.upkeep.turns")
def turns() -> None:
    """As many turns of each lane as rows wait and permits come free, while few still lie in the broker."""
    ticks.seen("tasks.upkeep.turns")
    found = {insurer.name: wanted(insurer) for insurer in insurers.everyone()}
    for lane, task in TASKS.items():
        in_turn = _in_turn({name: counts[lane] for name, counts in found.items()})
        for name in in_turn[: broker.room_for(task, most=2 * len(in_turn))]:
            current_app.send_task(task, args=[name], retry=False)


def _in_turn(counts: Mapping[str, int]) -> list[str]:
    """So many of each, one of each at a time: where not all find room, nobody's many take it from the others."""
    return [name for place in range(max(counts.values())) for name, count in counts.items() if place < count]


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


@shared_task(name="tasks.upkeep.archive", soft_time_limit=ARCHIVE_SECONDS, time_limit=ARCHIVE_SECONDS + 60)
def archive() -> None:
    """Months that are old enough go into files, where there is a place for them. A month's file is written in one."""
    ticks.seen("tasks.upkeep.archive")
    runs.run_due()
