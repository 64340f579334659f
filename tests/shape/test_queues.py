"""Every queue has a worker, every task a queue, every tick a task."""

import fnmatch
import inspect
import re
from pathlib import Path

from config.celery import app
from insurance.quota import lanes
from tasks import queues, second_path

ROOT = Path(__file__).parents[2]


def our_tasks() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if name.startswith("tasks."))


def queue_of(task: str) -> str:
    return next(route["queue"] for pattern, route in queues.ROUTES.items() if fnmatch.fnmatch(task, pattern))


def read_by_workers() -> set[str]:
    procfile = (ROOT / "Procfile").read_text()
    return {name for group in re.findall(r"--queues (\S+)", procfile) for name in group.split(",")}


def test_every_task_has_a_queue_that_a_worker_reads() -> None:
    assert our_tasks()
    assert (
        {queue_of(task) for task in our_tasks()}
        == read_by_workers()
        == set(queues.GENERAL_QUEUES + queues.INSURANCE_QUEUES)
    )


def test_no_task_takes_an_argument_so_that_none_can_hold_a_person() -> None:
    """But for the insurer whose turn it is: a name that nobody has is refused."""
    takes = {name: tuple(inspect.signature(app.tasks[name].run).parameters) for name in our_tasks()}
    taking = {name: arguments for name, arguments in takes.items() if arguments}
    assert taking == dict.fromkeys(lanes.TASKS.values(), ("insurer",))
    assert app.conf.task_ignore_result


def test_every_tick_and_every_brake_names_a_task() -> None:
    named = {tick["task"] for tick in queues.schedule().values()} | set(queues.brakes(100, 100, 100))
    assert named | set(second_path.TICKS) <= set(our_tasks())


def test_the_second_path_asks_for_every_tick_of_beat() -> None:
    assert set(second_path.TICKS) == {tick["task"] for tick in queues.schedule().values()}


def test_the_brake_has_headroom() -> None:
    assert queues.BRAKE_FACTOR == lanes.BRAKE_FACTOR > 1
    assert queues.brakes(100, None, None) == {"tasks.insurance.trial": {"rate_limit": "200/m"}}


def test_poison_messages_end_in_a_queue_of_their_own() -> None:
    declared = {queue.name: queue for queue in queues.queues(quorum=True)}
    assert queues.DEAD in declared
    for name in queues.GENERAL_QUEUES + queues.INSURANCE_QUEUES:
        arguments = declared[name].queue_arguments
        assert arguments["x-delivery-limit"] == queues.DELIVERY_LIMIT
        assert arguments["x-dead-letter-routing-key"] == queues.DEAD
