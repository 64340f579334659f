"""Networks that do to a request what networks do."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def late_wire(url: str, seconds: float) -> Iterator[str]:
    """A way to `url` on which one request arrives late and its answer never."""
    there = urlsplit(url)
    done = threading.Event()

    def carry() -> None:
        near, _ = listener.accept()
        request = _all_of_it(near)
        time.sleep(seconds)
        with socket.create_connection((there.hostname, there.port)) as far:
            far.sendall(request)
            far.recv(65536)
        near.close()
        done.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=carry, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        done.wait(timeout=10)


def _all_of_it(near: socket.socket) -> bytes:
    """What comes until nothing has come for a tenth of a second."""
    parts = b""
    near.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        while part := near.recv(65536):
            parts += part
    return parts


@contextmanager
def frozen() -> Iterator[int]:
    """A port that takes connections and never says a word: what a stopped server looks like. Its number."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield int(listener.getsockname()[1])
