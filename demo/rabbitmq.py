"""A RabbitMQ for the tests that need one: where it answers, else one out of docker compose, else none."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kombu import Connection
from kombu.exceptions import OperationalError

from demo.home import ROOT, CannotStart

TEST_VARIABLE = "TEST_AMQP_URL"
STANDARD_URL = "amqp://guest:guest@127.0.0.1:5672//"
CONTAINER_SECONDS = 120
CONTAINER_NAME = "hospital-line-test-rabbitmq"
IMAGE = "rabbitmq:4-management"


@contextmanager
def found() -> Iterator[str | None]:
    """The address of a RabbitMQ that has let us in, or None."""
    named = os.environ.get("BROKER_URL", "")
    url = named if named.startswith("amqp") else STANDARD_URL
    if answers(url):
        yield url
    elif docker_runs():
        with _container() as started:
            yield started
    else:
        yield None


def answers(url: str) -> bool:
    """Whether an AMQP connection with this address and password opens."""
    try:
        with Connection(url, connect_timeout=3, transport_options={"max_retries": 0}) as connection:
            connection.connect()
    except (OSError, OperationalError, *_refusals()):
        return False
    return True


def _refusals() -> tuple[type[Exception], ...]:
    """What py-amqp raises where something else listens on the port, or the password is wrong."""
    return Connection(STANDARD_URL).connection_errors


def docker_runs() -> bool:
    """Whether a Docker daemon answers, and knows `compose`."""
    if not shutil.which("docker"):
        return False
    probes = (["docker", "info"], ["docker", "compose", "version"])
    return all(subprocess.run(probe, capture_output=True).returncode == 0 for probe in probes)
