"""How much of an answer is taken: never more than so many bytes, whatever was announced and however it is packed."""

import zlib

import httpx

PLAIN = ("", "identity")
PACKED = ("gzip", "x-gzip", "deflate")
EITHER_HEADER = 47  # zlib's own number: gzip or zlib, found out by itself


class Unreadable(ValueError):
    """Too large, packed in a way that nobody asked for, or torn."""


def read(answer: httpx.Response, most_bytes: int) -> bytes:
    """The body of a streamed answer, unpacked; a thousandfold in a packed one is not unfolded. Raises `Unreadable`,
    and what httpx raises while it reads."""
    raw = _within(answer, most_bytes)
    packing = answer.headers.get("content-encoding", "").strip().lower()
    if packing in PLAIN:
        return raw
    if packing not in PACKED:
        raise Unreadable("the answer is packed in a way that was not asked for")
    return _unpacked(raw, most_bytes)


def _within(answer: httpx.Response, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > most_bytes:
            raise Unreadable(f"the answer is larger than {most_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _unpacked(raw: bytes, most_bytes: int) -> bytes:
    unfolding = zlib.decompressobj(EITHER_HEADER)
    try:
        body = unfolding.decompress(raw, most_bytes + 1)
    except zlib.error as error:
        raise Unreadable("the answer cannot be unpacked") from error
    if len(body) > most_bytes:
        raise Unreadable(f"the answer is larger than {most_bytes} bytes")
    if not unfolding.eof:
        raise Unreadable("the answer is torn")
    return body
