"""A network between senders and receiver: requests arrive late, some answers never. A process of its own.

A sender's connection is one connection to the receiver. On it one request follows the other, each passed on whole and
unchanged, so nothing is merged and nothing overtakes. What was sent arrives, whatever the sender does meanwhile. A lost
answer is read from the receiver and kept; the sender's connection stays silent until the sender hangs up.
"""

import asyncio
import contextlib
import random
import socket
from asyncio import StreamReader, StreamWriter

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


class Wire:
    """The way to the receiver at port `there`. Every request takes 0 to `jitter` seconds."""

    def __init__(self, there: int, jitter: float, lose: float, seed: int) -> None:
        self.there = there
        self.jitter = jitter
        self.lose = lose
        self.chance = random.Random(seed)

    async def serve(self, door: socket.socket) -> None:
        """Carry until the process ends."""
        async with await asyncio.start_server(self._carry, sock=door) as server:
            await server.serve_forever()

    async def _carry(self, near: StreamReader, to_near: StreamWriter) -> None:
        """One connection, until either side has enough of it."""
        far, to_far = await asyncio.open_connection("127.0.0.1", self.there)
        try:
            for writer in (to_near, to_far):
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    to_near.write(await self._answer(await _message(near), far, to_far) or await near.read())
        finally:
            to_near.close()
            to_far.close()

    async def _answer(self, request: bytes, far: StreamReader, to_far: StreamWriter) -> bytes:
        """The answer; nothing if it is lost."""
        await asyncio.sleep(self.chance.uniform(0.0, self.jitter))
        to_far.write(request)
        answer = await _message(far)
        return b"" if self.chance.random() < self.lose else answer


def carry(door: socket.socket, there: int, jitter: float, lose: float, seed: int = 0) -> None:
    """The life of the process: a wire from a listening socket to the port `there`."""
    asyncio.run(Wire(there, jitter, lose, seed).serve(door))


async def _message(reader: StreamReader) -> bytes:
    """One whole request or answer, as it came. Every message on this wire has a length."""
    head = await reader.readuntil(END_OF_HEAD)
    lines = head.lower().split(b"\r\n")
    length = next((int(line[len(LENGTH) :]) for line in lines if line.startswith(LENGTH)), 0)
    return head + await reader.readexactly(length)
