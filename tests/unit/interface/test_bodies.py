"""How much of an answer is taken, plain and packed."""

import gzip
import resource
import zlib

import httpx
import pytest

from insurance.interface import bodies

pytestmark = pytest.mark.security

MOST = 1024 * 1024
TEXT = b'{"infcode":0}'


def answer(body: bytes, packing: str = "") -> httpx.Response:
    headers = {"content-encoding": packing} if packing else {}
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


@pytest.mark.parametrize(
    ("body", "packing"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "X-GZIP"),
        (zlib.compress(TEXT), "deflate"),
    ],
    ids=("plain", "identity", "gzip", "capital letters", "deflate"),
)
def test_what_is_within_the_limit_is_read(body: bytes, packing: str) -> None:
    assert bodies.read(answer(body, packing), MOST) == TEXT


@pytest.mark.parametrize("size", [MOST - 1, MOST])
def test_up_to_the_limit(size: int) -> None:
    assert len(bodies.read(answer(b"0" * size), MOST)) == size
    assert len(bodies.read(answer(gzip.compress(b"0" * size), "gzip"), MOST)) == size


@pytest.mark.parametrize(
    ("body", "packing", "says"),
    [
        (b"0" * (MOST + 1), "", "larger"),
        (gzip.compress(b"0" * (MOST + 1)), "gzip", "larger"),
        (TEXT, "gzip", "unpacked"),
        (gzip.compress(TEXT)[:-9], "gzip", "torn"),
        (b"", "gzip", "torn"),
        (TEXT, "br", "not asked for"),
        (TEXT, "gzip, gzip", "not asked for"),
    ],
    ids=("larger", "larger unpacked", "not packed", "torn", "empty", "unknown packing", "packed twice"),
)
def test_what_is_not_is_refused(body: bytes, packing: str, says: str) -> None:
    with pytest.raises(bodies.Unreadable, match=says):
        bodies.read(answer(body, packing), MOST)


def test_a_bomb_is_not_unfolded() -> None:
    """256 MiB in 256 kB."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join([*(packing.compress(bytes(MOST)) for _ in range(256)), packing.flush()])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(bodies.Unreadable, match="larger"):
        bodies.read(answer(packed, "gzip"), MOST)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
