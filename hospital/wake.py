"""Hints after a commit: "there is work". Given to the broker by one thread a process, never in a request's way.

A publish can hang for ever on a frozen broker (design 4), so a request only drops its hint into a bounded line and
goes on. A hint that is lost delays and never loses: the ticks find the row. The only module below `tasks` that knows
Celery.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)

HINTS_AT_MOST = 10_000
BATCH = 200
PAUSE_SECONDS = 0.05
"""From one giving to the next: a hint that comes alone goes out at once, a crowd's go together, since going to the
broker costs more than what is taken there."""

Give = Callable[[list[Any]], Any]
"""Gives many hints of one kind to the broker."""

Hint = tuple[Give, Any]


class _Line:
    """The line of hints and the thread that gives them out, made anew in each process."""

    def __init__(self) -> None:
        self.hints: queue.Queue[Hint] = queue.Queue(maxsize=HINTS_AT_MOST)
        self.process_id = os.getpid()
        threading.Thread(target=self._give_out, name="hints", daemon=True).start()

    def _give_out(self) -> None:
        while True:
            batch = self._next_batch()
            began = time.monotonic()
            for give, items in batch.items():
                try:
                    give(items)
                except Exception as error:  # noqa: BLE001  whatever the broker does, the next hint must still be given
                    log.warning("hints not given (the ticks will find the work): %s", type(error).__name__)
            time.sleep(max(0.0, began + PAUSE_SECONDS - time.monotonic()))

    def _next_batch(self) -> dict[Give, list[Any]]:
        """Wait for a hint and take along what stands behind it: under load many go out on one channel."""
        give, item = self.hints.get()
        batch: dict[Give, list[Any]] = {give: [item]}
        for _ in range(min(self.hints.qsize(), BATCH - 1)):
            give, item = self.hints.get_nowait()
            batch.setdefault(give, []).append(item)
        return batch


_line: _Line | None = None
_making = threading.Lock()


def task(name: str, *arguments: str) -> None:
    """After the commit, ask for one run of the task `name`, under the id of what is done now."""
    after_commit(_send, (name, arguments, copy_context()))


def after_commit(give: Give, item: Any) -> None:
    """After the commit, have the broker's thread give `item`, together with its like. Returns at once, always."""
    transaction.on_commit(partial(_drop_in, (give, item)), robust=True)


def _drop_in(hint: Hint) -> None:
    try:
        _current_line().hints.put_nowait(hint)
    except queue.Full:
        log.warning("the broker takes no hints; the ticks will find the work")


def _current_line() -> _Line:
    global _line
    with _making:
        if _line is None or _line.process_id != os.getpid():
            _line = _Line()
        return _line


def _send(hints: list[tuple[str, tuple[str, ...], Context]]) -> None:
    """Each in the context of who gave it: this thread has none of its own."""
    for name, arguments, context in hints:
        context.run(current_app.send_task, name, args=arguments, retry=False)
