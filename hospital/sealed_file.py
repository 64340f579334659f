"""A file of lines, compressed and encrypted, that cannot be cut short, changed or put together anew unnoticed.

One line of JSON says what it is and which key opens it; then pieces, each with its length, its nonce and its
ciphertext (AES-256-GCM under the keys of personal data). What is authenticated with a piece is the first line, its
place, and whether it is the last.
"""

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag

from hospital import keys
from hospital.errors import Invalid
from hospital.privacy import NONCE_BYTES

PIECE_BYTES = 1 << 20
_LENGTH_BYTES = 4

Head = dict[str, Any]


def write(path: Path, head: Head, lines: Iterator[bytes]) -> None:
    """All or nothing: the file has its name only once it lies on the disk whole. Lines end in a line feed."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)  # who has left it, and perhaps still stands still over it, writes into no other
    with unfinished.open("xb") as file:
        pieces = _Pieces(file, {**head, "key": keys.ring().current.id})
        with gzip.GzipFile(fileobj=pieces, mode="wb", mtime=0) as packed:
            for line in lines:
                packed.write(line)
        pieces.end()
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """The name lies on the disk, too: what it stands for may be deleted elsewhere."""
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def head_of(path: Path) -> Head:
    """What it says that it is; whether that is true, `read` finds out."""
    with path.open("rb") as file:
        return dict(json.loads(file.readline()))


def read(path: Path) -> Iterator[bytes]:
    """Its lines. Raises `Invalid("changed")`, `UnknownKey`."""
    unpack, rest = zlib.decompressobj(wbits=31), b""
    for piece in _opened(path):
        *lines, rest = (rest + unpack.decompress(piece)).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest or not unpack.eof:
        raise Invalid("changed", f"{path.name} ends in the middle of a line")


def _opened(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        first = file.readline()
        key, place, is_last = keys.ring().named(json.loads(first)["key"]), 0, False
        while length := file.read(_LENGTH_BYTES):
            sealed = file.read(int.from_bytes(length, "big"))
            is_last = not file.peek(1)
            try:
                yield key.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(first, place, is_last))
            except InvalidTag as error:
                raise Invalid("changed", f"{path.name} was changed or cut short at piece {place}") from error
            place += 1
    if not is_last:
        raise Invalid("changed", f"{path.name} is empty")


def _bound(first: bytes, place: int, is_last: bool) -> bytes:
    return first + place.to_bytes(8, "big") + (b"last" if is_last else b"more")


class _Pieces(io.RawIOBase):
    """What is written is held back until there is enough of it, so that the last piece is known as such."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        self.file, self.place, self.held = file, 0, bytearray()
        self.first = json.dumps(head).encode() + b"\n"
        file.write(self.first)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        while len(self.held) > PIECE_BYTES:
            self._seal(bytes(self.held[:PIECE_BYTES]), is_last=False)
            del self.held[:PIECE_BYTES]
        return len(data)

    def end(self) -> None:
        """No more comes."""
        self._seal(bytes(self.held), is_last=True)

    def _seal(self, data: bytes, *, is_last: bool) -> None:
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + keys.ring().current.cipher.encrypt(nonce, data, _bound(self.first, self.place, is_last))
        self.file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self.place += 1
