"""A load balancer as in front of any web hosts: connections go to those in turn that answer /healthz.

It knows no HTTP but that. When a host is found away its connections are closed, so that whoever waits there asks again
at once; a host that is drained is given no new ones. A thread with a loop of its own.
"""

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

LOOK_SECONDS = 0.3
PATIENCE_SECONDS = 4.0
"""A host that has not answered for so long is away."""

ASKED = b"GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """`well`: who answers. `drained`: who is to be given nothing new. Both by address."""

    def __init__(self, backends: Sequence[str], port: int) -> None:
        self.backends, self.port = tuple(backends), port
        self.well: set[str] = set()
        self.drained: set[str] = set()
        self._next = itertools.cycle(self.backends)
        self._open: dict[str, set[asyncio.StreamWriter]] = {backend: set() for backend in backends}

    async def serve(self, address: str) -> None:
        server = await asyncio.start_server(self._carry, address, self.port)
        async with server:
            await asyncio.gather(server.serve_forever(), *(self._watch(backend) for backend in self.backends))

    async def _watch(self, backend: str) -> None:
        while True:
            if await self._answers(backend):
                self.well.add(backend)
            else:
                self.well.discard(backend)
                for writer in list(self._open[backend]):
                    writer.transport.abort()
            await asyncio.sleep(LOOK_SECONDS)

    async def _answers(self, backend: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection(backend, self.port)
                writer.write(ASKED % backend.encode())
                said = await reader.read(64)
                writer.close()
        except (OSError, TimeoutError):
            return False
        return b" 200 " in said

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = await self._connected()
        if opened is None:
            writer.transport.abort()
            return
        backend, (from_host, to_host) = opened
        ends = {writer, to_host}
        self._open[backend] |= ends
        try:
            await asyncio.gather(_pour(reader, to_host), _pour(from_host, writer))
        finally:
            self._open[backend] -= ends

    async def _connected(self) -> tuple[str, Pipe] | None:
        for _ in self.backends:
            backend = next(self._next)
            if backend in self.well and backend not in self.drained:
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        return backend, await asyncio.open_connection(backend, self.port)
        return None


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    with suppress(OSError, RuntimeError):
        target.close()


@contextmanager
def running(address: str, port: int, backends: Sequence[str]) -> Iterator[Balancer]:
    """Listens at `address`; it and the hosts behind it have the same port."""
    balancer, loop = Balancer(backends, port), asyncio.new_event_loop()
    serving = loop.create_task(balancer.serve(address))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)

    thread = threading.Thread(target=run, name="balancer")
    thread.start()
    try:
        yield balancer
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)
