"""One HTTP POST over asyncio streams: all that a callback needs."""

import asyncio
from urllib.parse import urlsplit

ANSWER_SECONDS = 10.0


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """The status answered. `OSError`, `ValueError` or `IndexError` if there was none."""
    async with asyncio.timeout(ANSWER_SECONDS):
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure or None)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            writer.write(_head(target, parts.netloc, headers, len(body)) + body)
            await writer.drain()
            status_line = await reader.readline()
            return int(status_line.split()[1])
        finally:
            writer.close()


def _head(target: str, host: str, headers: dict[str, str], length: int) -> bytes:
    usual = {"Host": host, "Content-Type": "application/json", "Content-Length": str(length), "Connection": "close"}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in {**usual, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode()
