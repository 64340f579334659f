"""Lines of the Procfile as processes, on the benchmark's own servers."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from demo.home import ROOT
from demo.processes import Processes
from demo.stage import wait_until_ready

READY_SECONDS = 60


@contextmanager
def running(*names: str, **variables: str) -> Iterator[Processes]:
    """These lines, `web` among them, until it is ready; `variables` are added to the environment."""
    processes = Processes(ROOT / "Procfile", ROOT / "var" / "bench", {**os.environ, **variables})
    try:
        processes.start(*names)
        wait_until_ready(f"{os.environ['PUBLIC_URL']}/readyz", processes, time.monotonic() + READY_SECONDS)
        yield processes
    finally:
        processes.stop()
