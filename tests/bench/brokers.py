"""The broker of a run (`--broker`): the embedded Valkey, or the RabbitMQ that answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from demo import rabbitmq


@contextmanager
def found(kind: str) -> Iterator[str | None]:
    """Its address; None where there is none."""
    if kind == "valkey":
        yield os.environ["BROKER_URL"]
        return
    with rabbitmq.found() as url:
        yield url


@contextmanager
def answering(kind: str) -> Iterator[str]:
    """Its address. Without one the program ends."""
    with found(kind) as url:
        if url is None:
            raise SystemExit("no RabbitMQ answers (BROKER_URL, else port 5672), and Docker does not run")
        yield url
