"""`python -m tests.acceptance.scaled celery|config.web …`: a process of the Procfile in which a minute is short.

What is scaled: the insurer's window, the brake with it, how late a message may arrive, leases, and the workers' own
timer; what the environment does not name keeps its real time. Queues get names of their own, so that nobody else's
workers on the same broker are disturbed.
"""

import gc
import os
import sys

import django

from hospital.archives import queue
from tasks import queues, second_path

WINDOW = "TEST_WINDOW_SECONDS"
LATE = "TEST_LATE_SECONDS"
LEASE = "TEST_LEASE_SECONDS"
TIMER = "TEST_TIMER_SECONDS"
PREFIX = "TEST_QUEUE_PREFIX"
NO_COOLING = "TEST_NO_COOLING"
"""For negative controls: a permit is free again with the answer."""

TASK_QUEUES = ("FILING", "NOTICES", "UPKEEP", "RECOVERY", "SETTLEMENT", "TRIAL", "DEAD")


def rename_queues(prefix: str) -> None:
    """Put `prefix` before the name of every queue."""
    for name in TASK_QUEUES:
        setattr(queues, name, prefix + getattr(queues, name))
    for group in ("GENERAL_QUEUES", "INSURANCE_QUEUES"):
        setattr(queues, group, tuple(prefix + name for name in getattr(queues, group)))
    for route in queues.ROUTES.values():
        route["queue"] = prefix + route["queue"]
    queue.NAME = prefix + queue.NAME


def scale_time() -> None:
    """Seconds where production has minutes."""
    from django.conf import settings  # noqa: PLC0415

    from insurance.payment import refunds  # noqa: PLC0415  models need Django's settings
    from insurance.quota import adapting, permits  # noqa: PLC0415
    from insurance.settlement import collecting, steps  # noqa: PLC0415
    from insurance.trial import turns  # noqa: PLC0415

    permits.WINDOW_SECONDS = _seconds(WINDOW, permits.WINDOW_SECONDS)
    permits.MARGIN_SECONDS *= permits.WINDOW_SECONDS / 60
    adapting.LOWER_EVERY_SECONDS = adapting.RISE_EVERY_SECONDS = 10 * permits.WINDOW_SECONDS / 60
    permits.LATE_SECONDS = _seconds(LATE, permits.LATE_SECONDS)
    if os.environ.get(NO_COOLING):
        vars(permits)["cooling_seconds"] = lambda: 0.0
    if LEASE in os.environ:
        collecting.LEASE_SECONDS = refunds.LEASE_SECONDS = lease = int(os.environ[LEASE])
        settings.PAYMENT_ASK_AFTER_SECONDS = lease
        for module in (turns, steps):
            vars(module)["lease_seconds"] = lambda: float(lease)
        # As often as in a hospital, only sooner; settled is what was sent so long ago that it cannot arrive any more.
        settings.SETTLEMENT_ATTEMPTS_SECONDS = [1, 1, 2, 3, 5, 8, 13]
        settings.SETTLEMENT_SETTLING_SECONDS = settings.INSURANCE_TIMEOUT_SECONDS + permits.LATE_SECONDS


def prepare() -> None:
    """Everything that is renamed or scaled, and Django."""
    rename_queues(os.environ[PREFIX])
    queues.BRAKE_FACTOR = round(queues.BRAKE_FACTOR * 60 / _seconds(WINDOW, 60))
    second_path.EVERY_SECONDS = _seconds(TIMER, second_path.EVERY_SECONDS)
    django.setup()
    scale_time()


def run() -> None:
    """Become the process that the command line names; from here on it is as in production."""
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "celery":
        import celery.bin.celery  # noqa: F401, PLC0415  by far the most of what `main` loads
        from celery.__main__ import main as become  # noqa: PLC0415
    else:
        from config.web import main as become  # type: ignore[assignment]  # noqa: PLC0415
    gc.enable()
    become()


def _seconds(name: str, real: float) -> float:
    return float(os.environ.get(name, real))


if __name__ == "__main__":
    prepare()
    run()
