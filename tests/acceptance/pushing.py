"""The process `push` of the Procfile on the test's database, and somebody who listens to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx

from demo.home import ROOT
from demo.processes import Processes
from tests.acceptance.hospital import environment_of
from tests.races.together import wait_until
from tests.simulators import free_port

PATIENCE_SECONDS = 20


@contextmanager
def running(home: Path, public_url: str) -> Iterator[str]:
    """PUSH_URL of a running `push`."""
    port = free_port()
    given = {"HOST": "127.0.0.1", "PUSH_PORT": str(port), "PUBLIC_URL": public_url}
    processes = Processes(ROOT / "Procfile", home, environment_of(home, "amqp://nobody@127.0.0.1:9//", "") | given)
    try:
        processes.start("push")
        url = f"{public_url.rpartition(':')[0]}:{port}"
        wait_until(lambda: _answers(url, processes), seconds=40)
        yield f"{url}/push"
    finally:
        processes.stop()


def _answers(url: str, processes: Processes) -> bool:
    processes.check()
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


class Listener:
    """One open stream; its events come as they come."""

    def __init__(self, url: str, **headers: str) -> None:
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS)
        request = self._client.build_request("GET", url, headers=headers)
        self.answer = self._client.send(request, stream=True)
        self._events: Queue[tuple[str, str]] = Queue()

    def __enter__(self) -> "Listener":
        Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def event(self) -> tuple[str, str]:
        """The next one: its name and its id; ("closed", "") after the last."""
        return self._events.get(timeout=PATIENCE_SECONDS)

    def hears_nothing(self) -> bool:
        return self._events.empty()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.answer.iter_lines():
                if not line and "event" in fields:
                    self._events.put((fields["event"], fields["id"]))
                name, _, value = line.partition(": ")
                fields = fields | {name: value} if line else {}
        except (httpx.StreamError, httpx.TransportError):
            return  # closed by the test
        self._events.put(("closed", ""))
