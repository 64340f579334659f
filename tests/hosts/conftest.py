"""Hosts and a RabbitMQ cluster for all tests in here; the database is each test's own (`own_servers`)."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.broker import own_rabbitmq
from tests.broker.own_rabbitmq import Node
from tests.hosts.hospital import HOSTS
from tests.hosts.network import Network, network


@pytest.fixture(autouse=True)
def _database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Every test in here brings its own, and commits for real."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def hosts() -> Iterator[Network]:
    with network(*HOSTS) as made:
        yield made


@pytest.fixture(scope="session")
def nodes(hosts: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Three nodes of RabbitMQ, one cluster, on this machine."""
    with own_rabbitmq.cluster(tmp_path_factory.mktemp("cluster"), 3, hosts.here) as made:
        yield made
