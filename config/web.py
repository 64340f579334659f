"""`python -m config.web`: the web server. At `HOST` and `PORT`, `WEB_WORKERS` processes, and in each `WEB_THREADS` that
wait for an answer; few of them work at a time (config/door).

Granian takes HTTP apart outside Python: a booking costs a third less CPU than behind gunicorn and a look half
(docs/bench.md).
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from config.settings import LOGGING, WEB_THREADS, env

GRACE_SECONDS = 20
"""So long a worker may take to answer what it has begun."""

KEPT_OPEN_SECONDS = 75
"""So long a connection may be silent: longer than balancers keep theirs, so that none sends into one that closes."""

PARENT_SEEN_SECONDS = 1.0

WAITING_AT_MOST = 1_000
"""Requests in one worker that were read and not answered; beyond that nothing is read."""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

_ITS_LOGGERS = {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
"""The server's own lines go where ours go."""


def main() -> None:
    """Serve until SIGTERM or SIGINT. Raises `ImproperlyConfigured` for numbers that are none."""
    Granian(
        "config.web:application",
        factory=True,
        address=env.str("HOST", default="127.0.0.1"),
        port=env.positive("PORT", default=8000),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=KEPT_OPEN_SECONDS * 1000),
        websockets=False,
        workers=env.positive("WEB_WORKERS", default=2),
        blocking_threads=WEB_THREADS,
        backpressure=WAITING_AT_MOST,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels(LOGGING["root"]["level"].lower()),
        log_dictconfig=LOGGING | {"loggers": LOGGING["loggers"] | _ITS_LOGGERS},
    ).serve()


def application() -> Application:
    """Ours, in a worker. The server puts the process's environment into each request's: secrets have no place there."""
    ours: Application = import_module("config.wsgi").application  # only now: it sets Django up
    names = tuple(os.environ)
    threading.Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()

    def without_environment(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for name in names:
            environ.pop(name, None)
        return ours(environ, start_response)

    return without_environment


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would keep the port from the next one."""
    while os.getppid() == parent:
        time.sleep(PARENT_SEEN_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
