"""Real workers, a real beat, a real web server, real brokers: everybody is carried to an end."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from kombu import Connection

from insurance.reconciliation import books
from tasks import queues
from tests.acceptance.hospital import Hospital, a_crowd, open_hospital
from tests.acceptance.patients import until_all_have_ended
from tests.books import settled_by_two_messages
from tests.races import brokers
from tests.races.together import wait_until
from tests.simulators import Simulator

PROCESSES = ("web", "general", "insurance", "beat")
PATIENTS = 30


@pytest.mark.broker
def test_thirty_patients_are_carried_through_every_step_and_poison_ends_apart(
    insurer: Simulator, payments: Simulator, tmp_path: Path
) -> None:
    broker = brokers.address("rabbitmq")
    with open_hospital(tmp_path, broker, insurer, payments, *PROCESSES) as hospital:
        ready(hospital)
        visitors = a_crowd(hospital, PATIENTS)
        send_for_a_task_of_nobody(broker, hospital.prefix)
        ends = until_all_have_ended(visitors, seconds=60)
        wait_until(lambda: depth(broker, hospital.prefix + queues.DEAD) == 1)
    assert ends == {"completed": PATIENTS}
    assert_never_over_the_limit(insurer)
    assert_books_agree(insurer, payments)


def test_without_a_beat_the_workers_own_timer_carries_everybody(
    insurer: Simulator, payments: Simulator, tmp_path: Path
) -> None:
    broker = brokers.address("valkey")
    with open_hospital(tmp_path, broker, insurer, payments, "web", "general", "insurance") as hospital:
        ready(hospital)
        ends = until_all_have_ended(a_crowd(hospital, PATIENTS), seconds=60)
    assert ends == {"completed": PATIENTS}
    assert_never_over_the_limit(insurer)
    assert_books_agree(insurer, payments)


def test_an_insurance_worker_killed_in_the_middle_leaves_nobody_behind_and_nothing_twice(
    insurer: Simulator, payments: Simulator, tmp_path: Path
) -> None:
    insurer.faults({"infno": ["2206A", "2207A", "5203"], "kind": "slow", "seconds": 0.4})
    broker = brokers.address("valkey")
    with open_hospital(tmp_path, broker, insurer, payments, *PROCESSES) as hospital:
        ready(hospital)
        visitors = a_crowd(hospital, PATIENTS)
        kill_when = under_way(insurer)

        def meanwhile() -> None:
            if "insurance" in hospital.processes.running and kill_when():
                hospital.kill("insurance")
                hospital.processes.start("insurance")
            time.sleep(0.1)

        ends = until_all_have_ended(visitors, seconds=80, meanwhile=meanwhile)
    assert ends == {"completed": PATIENTS}
    assert_never_over_the_limit(insurer)
    assert_books_agree(insurer, payments)
    assert settled_by_two_messages(insurer.ledger()) == []


def ready(hospital: Hospital) -> None:
    """The web server answers; the workers come when they come, as after a deployment."""

    def answers() -> bool:
        hospital.processes.check()
        try:
            return httpx.get(f"{hospital.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    wait_until(answers, seconds=40)


def under_way(insurer: Simulator) -> Callable[[], bool]:
    """True once: when some are settled and more are being priced."""
    done = False

    def now() -> bool:
        nonlocal done
        done, first = done or insurer.ledger()["totals"]["settlements"] >= 3, not done
        return done and first

    return now


def assert_never_over_the_limit(insurer: Simulator) -> None:
    seen = insurer.stats()["metered"]
    assert {each["over_limit"] for name, each in seen.items() if name != "all"} == {0}


def assert_books_agree(insurer: Simulator, payments: Simulator) -> None:
    ours, theirs, paid = books.totals(), insurer.ledger(), payments.ledger()
    for amount in ("settlements", "fund_fen", "account_fen", "cash_fen"):
        assert ours[amount] == theirs["totals"][amount]
    assert ours["payments"]["paid"] == paid["totals"]["paid"]
    assert ours["payments"]["cash_fen"] == paid["totals"]["cash_fen"]
    assert theirs["double"] == []


def send_for_a_task_of_nobody(broker: str, prefix: str) -> None:
    """As a newer release would, before the workers know the task."""
    headers = {"task": "tasks.of.nobody", "id": "1", "root_id": "1", "parent_id": None, "group": None, "lang": "py"}
    with Connection(broker) as connection:
        wait_until(lambda: depth(broker, prefix + queues.DEAD) >= 0)  # declared last: the others are bound
        connection.Producer().publish(
            ([], {}, {}),
            headers=headers,
            exchange="tasks",
            routing_key=prefix + queues.FILING,
            serializer="json",
            correlation_id="1",
        )


def depth(broker: str, queue: str) -> int:
    """Messages ready in a queue; -1 where there is no such queue yet."""
    with Connection(broker) as connection, connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return -1
