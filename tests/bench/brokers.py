"""The broker of a run (`--broker`): the embedded Valkey, or the RabbitMQ that answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from demo import rabbitmq


@contextmanager
def answering(kind: str) -> Iterator[str]:
    """Its address."""
    if kind == "valkey":
        yield os.environ["BROKER_URL"]
        return
    with rabbitmq.found() as url:
        if url is None:
            raise SystemExit("no RabbitMQ answers (BROKER_URL, else port 5672), and Docker does not run")
        yield url
