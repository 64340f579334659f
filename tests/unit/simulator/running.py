"""Run a simulator in a thread on a free port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from insurance.simulator.server import App, build


@contextmanager
def running(app: App) -> Iterator[str]:
    """The base URL of `app`, served until the block ends."""
    # The socket listens before the server runs, so a first call waits in the backlog and nobody has to poll.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = build(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()
