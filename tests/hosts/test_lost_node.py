"""Nodes of RabbitMQ are lost, one after the other: two of three carry on, and the third comes back to them."""

import json
import time
from pathlib import Path

import pytest
from amqp.exceptions import NotFound
from kombu import Connection, Queue

from tests.broker.own_rabbitmq import Node
from tests.hosts.hospital import opened
from tests.hosts.network import Network
from tests.hosts.visitors import crowd, told, wrong
from tests.races.together import wait_until

QUORUM = {"x-queue-type": "quorum"}
WHOLE_SECONDS = 120


@pytest.mark.timeout(1800)
def test_patients_are_carried_through_while_nodes_are_lost(hosts: Network, nodes: list[Node], tmp_path: Path) -> None:
    began = time.monotonic()
    with opened(hosts, nodes, tmp_path) as there:
        with crowd(there) as visiting:
            visiting.until_priced(5)
            for node in nodes[:2]:
                node.kill()
                visiting.until_priced(15)
                node.start()
                wait_until(lambda: is_whole(nodes), WHOLE_SECONDS)
            visiting.until_over()
        there.close()
        print(told(there, visiting, began))
        assert wrong(there, visiting) == {}


@pytest.mark.timeout(600)
def test_a_queue_on_one_node_is_away_with_it(nodes: list[Node]) -> None:
    """Negative control: what the dead letters' queues would be if they were not quorum queues. Every worker declares
    them all, and would end."""
    lost, other = nodes[0], nodes[1]
    declare(lost, "classic", None)
    declare(lost, "quorum", QUORUM)
    lost.kill()
    try:
        declare(other, "quorum", QUORUM)
        with pytest.raises(NotFound):
            declare(other, "classic", None)
    finally:
        lost.start()


def declare(node: Node, name: str, arguments: dict[str, str] | None) -> None:
    with Connection(node.url) as connection, connection.channel() as channel:
        Queue(name, queue_arguments=arguments)(channel).declare()


def is_whole(nodes: list[Node]) -> bool:
    """Whether every queue is held by all nodes again: then another may be lost."""
    queues = json.loads(nodes[-1].told("list_queues", "--formatter=json", "type", "online"))
    held = [queue["online"] for queue in queues if queue["type"].endswith("quorum")]
    return bool(held) and all(len(nodes_of) == len(nodes) for nodes_of in held)
