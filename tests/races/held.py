"""Somebody else's transaction that has a row."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.models import Model


@contextmanager
def held_elsewhere(kind: type[Model], pk: int) -> Iterator[None]:
    """Its row is locked by somebody else's transaction until the block ends."""
    locked, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            kind._default_manager.select_for_update().get(pk=pk)
            locked.set()
            leave.wait(timeout=30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(timeout=10)
    try:
        yield
    finally:
        leave.set()
        holder.join(timeout=10)
