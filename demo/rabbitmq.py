"""A RabbitMQ for the tests that need one: where it answers, else one out of docker compose, else none."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from amqp.exceptions import AMQPError
from kombu import Connection
from kombu.exceptions import OperationalError

from demo.engines import free_ports
from demo.home import ROOT, CannotStart

TEST_VARIABLE = "TEST_AMQP_URL"
STANDARD_URL = "amqp://guest:guest@127.0.0.1:5672//"
CONTAINER_SECONDS = 120
COMPOSE = ("docker", "compose", "--env-file", ".env.example", "--project-name", "hospital-test")


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
    except (OSError, OperationalError, AMQPError):
        return False
    return True


def docker_runs() -> bool:
    """Whether a Docker daemon answers, and knows `compose`."""
    if not shutil.which("docker"):
        return False
    probes = (["docker", "info"], ["docker", "compose", "version"])
    return all(subprocess.run(probe, capture_output=True).returncode == 0 for probe in probes)


@contextmanager
def _container() -> Iterator[str]:
    """The RabbitMQ of docker-compose.yml, on a free port, removed afterwards."""
    port = free_ports(1)[0]
    account = ("-e", "RABBITMQ_DEFAULT_USER=test", "-e", "RABBITMQ_DEFAULT_PASS=test")
    run = (
        *COMPOSE,
        "run",
        "--detach",
        "--rm",
        "--no-deps",
        "--publish",
        f"127.0.0.1:{port}:5672",
        *account,
        "rabbitmq",
    )
    started = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    if started.returncode:
        raise CannotStart(f"docker compose could not start RabbitMQ: {started.stderr.strip()[-300:]}")
    try:
        url = f"amqp://test:test@127.0.0.1:{port}//"
        _wait_for(url)
        yield url
    finally:
        down = (*COMPOSE, "down", "--volumes", "--remove-orphans")
        subprocess.run(down, cwd=ROOT, capture_output=True, check=True)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + CONTAINER_SECONDS
    while not answers(url):
        if time.monotonic() > deadline:
            raise CannotStart(f"RabbitMQ in docker compose did not answer within {CONTAINER_SECONDS} s")
        time.sleep(0.5)
