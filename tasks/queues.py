"""Queues, routes, brakes and the schedule: the page an operator reads. No Django, no Celery, no project import.

Every queue has a worker in the `Procfile`; `tests/shape` proves it.
"""

from typing import Any

from kombu import Exchange, Queue

# The worker `general` reads these.
FILING = "filing"
NOTICES = "notices"
UPKEEP = "upkeep"
# The worker `insurance` reads these. One queue a lane, so that trials never stand in front of settlements, and one for
# what compares whole days.
RECOVERY = "insurance.recovery"
SETTLEMENT = "insurance.settlement"
TRIAL = "insurance.trial"
RECONCILIATION = "insurance.reconciliation"

# Nobody reads this one: what lies in it is a person's job.
DEAD = "dead"
DELIVERY_LIMIT = 5
QUORUM = {"x-queue-type": "quorum"}

GENERAL_QUEUES = (FILING, NOTICES, UPKEEP)
INSURANCE_QUEUES = (RECOVERY, SETTLEMENT, TRIAL, RECONCILIATION)

ROUTES: dict[str, dict[str, str]] = {
    "tasks.filing.*": {"queue": FILING},
    "tasks.notices.*": {"queue": NOTICES},
    "tasks.upkeep.*": {"queue": UPKEEP},
    "tasks.insurance.trial": {"queue": TRIAL},
    "tasks.insurance.settle": {"queue": SETTLEMENT},
    "tasks.insurance.collect": {"queue": SETTLEMENT},
    "tasks.insurance.recover": {"queue": RECOVERY},
    "tasks.reconciliation.*": {"queue": RECONCILIATION},
}

BRAKE_FACTOR = 2
"""The brake lets through so many times n: headroom, so that it never decides."""


def queues(quorum: bool) -> list[Queue]:
    """Every task queue. RabbitMQ: quorum queues, whose poison messages end in `dead` after five deliveries. `dead` is
    one too: a queue that lies on one node only cannot be declared while that node is away, and who starts declares all.
    """
    exchange = Exchange("tasks", "topic")
    names = GENERAL_QUEUES + INSURANCE_QUEUES
    if not quorum:
        return [Queue(name, exchange, routing_key=name) for name in names]
    dead_letters = {"x-dead-letter-exchange": exchange.name, "x-dead-letter-routing-key": DEAD}
    arguments = {**QUORUM, "x-delivery-limit": DELIVERY_LIMIT, **dead_letters}
    working = [Queue(name, exchange, routing_key=name, queue_arguments=arguments) for name in names]
    return [*working, Queue(DEAD, exchange, routing_key=DEAD, queue_arguments=QUORUM)]


def brakes(trial: int | None, settlement: int | None, recovery: int | None) -> dict[str, dict[str, str]]:
    """Celery's own rate limits from what each lane may send a minute: a brake per worker process, with headroom.

    Never what decides (design 3): a lane that is not limited has none.
    """
    limits = {
        "tasks.insurance.trial": trial,
        "tasks.insurance.settle": settlement,
        "tasks.insurance.recover": recovery,
    }
    return {task: {"rate_limit": f"{BRAKE_FACTOR * n}/m"} for task, n in limits.items() if n}


def schedule() -> dict[str, dict[str, Any]]:
    """Beat's ticks. Each may come never, late, twice or at once with another; a tick that waited is dropped.

    Filing is asked for each second: beat's schedule is fixed, staff change FILING_EVERY_SECONDS while it runs, and the
    database decides whether it is due (`hospital/ticks.py`). So it does for the days to compare (RECONCILE_AT), and for
    the months that go into files, each hour (ARCHIVE_FOLDER).
    """

    def every(task: str, seconds: float) -> dict[str, Any]:
        return {"task": task, "schedule": seconds, "options": {"expires": max(2 * seconds, 5)}}

    return {
        "file the oldest waiting archives": every("tasks.filing.drain", 1),
        "deliver due notices": every("tasks.notices.send", 2),
        "send the turns that permits allow": every("tasks.upkeep.turns", 1),
        "pick up what was left lying": every("tasks.upkeep.sweep", 5),
        "keep records": every("tasks.upkeep.records", 60),
        "compare the days that are due": every("tasks.reconciliation.run", 60),
        "put old months into files": every("tasks.upkeep.archive", 60),
    }
