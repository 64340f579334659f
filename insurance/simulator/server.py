"""Run a simulator under uvicorn, with the two things uvicorn does not give: the socket and the arrival time."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from insurance.simulator.asgi import Receive, Scope, Send

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Beside = Callable[[], Awaitable[asyncio.Server]]


class Protocol(HttpToolsProtocol):
    """uvicorn's own protocol, which also tells the app when the request came and on which connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        connection = transport.get_extra_info("socket")
        # Nagle's algorithm holds the body back until the head is acknowledged: 40 ms a call on loopback.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"].update(transport=self.transport, arrived_ns=time.monotonic_ns())


def build(app: App, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A server ready to `run()`; it ends within a second of SIGTERM, whatever it is still holding open."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,  # whoever starts it says how lines are written
        log_level="warning",
        server_header=False,
        backlog=4096,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def run(app: App, host: str, port: int, beside: Beside | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `beside` starts what else is served from the same loop."""
    server = build(app, host, port)
    # uvicorn raises Ctrl-C once more after it has shut down cleanly; by then it has done its work.
    with contextlib.suppress(KeyboardInterrupt):
        if beside is None:
            server.run()
        else:
            asyncio.run(_serve(server, beside))


async def _serve(server: uvicorn.Server, beside: Beside) -> None:
    other = await beside()
    await server.serve()
    other.close()
