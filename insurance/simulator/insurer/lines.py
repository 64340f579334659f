"""The centre at the end of a TCP line: what the host of a vendor's DLL does. One line in, one line out."""

import asyncio
import socket
import struct
import time

from insurance.simulator.asgi import JSON, dumps, encoded
from insurance.simulator.insurer.app import Insurer
from insurance.simulator.insurer.faces import Message

LONGEST = 1024 * 1024
ABORT = struct.pack("ii", 1, 0)


class LineExchange:
    """One line that came, and the one thing done about it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer

    async def send(self, status: int, body: bytes, kind: bytes = JSON) -> None:
        self.writer.write(body.replace(b"\n", b" ") + b"\n")
        await self.writer.drain()

    async def send_json(self, status: int, value: object) -> None:
        await self.send(status, dumps(value))

    async def answer(self, value: object) -> None:
        await self.send(200, encoded(value)[0])

    async def send_half(self, value: object) -> None:
        """The first half of the line, and no end."""
        body = encoded(value)[0]
        self.writer.write(body[: len(body) // 2])
        await self.writer.drain()
        self.writer.close()

    async def abort(self) -> None:
        """Drop the connection without an answer."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.writer.transport.abort()


async def listen(insurer: Insurer, host: str, port: int) -> asyncio.Server:
    """Take lines at this address, beside whatever else the loop serves."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                await insurer.take(LineExchange(writer), Message("", line.rstrip(b"\r\n")), time.monotonic_ns())
        except (OSError, ValueError):  # hung up, or a line longer than is taken
            writer.transport.abort()
        finally:
            writer.close()

    return await asyncio.start_server(serve, host, port, limit=LONGEST)
