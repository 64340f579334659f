"""Whatever a centre or a payment institution answers: one of the failures that are told, soon, and in bounded memory.

`bin/test -m fuzz` goes on for FUZZ_SECONDS (an hour); each failure is shown by the smallest answer that causes it.
"""

import io
import os
import resource
import time
import zipfile
from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from insurance.interface.dialects import DIALECTS, load
from insurance.interface.dialects.national import files
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Exchange, Reply
from tests.unit.interface import fuzzing
from tests.unit.interface.fuzzing import Decoder

pytestmark = pytest.mark.security

SOON_SECONDS = 2.0
"""Of this thread's own work: what others do on the machine does not count."""

QUICKLY = 600
AT_A_TIME = 5_000
MIB = 1024 * 1024


def tried(decoder: Decoder, reply: Reply) -> None:
    """It answers, or fails as it may, soon."""
    began = time.thread_time()
    with suppress(*decoder.may_raise):
        decoder.decode(reply)
    assert time.thread_time() - began < SOON_SECONDS, decoder.name


def fuzz(examples: int, *, derandomize: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=derandomize,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzzing.tries())
    def some(given: tuple[Decoder, Reply]) -> None:
        tried(*given)

    some()


def test_every_decoder_of_every_dialect_is_there() -> None:
    assert {decoder.name.partition(":")[0] for decoder in fuzzing.ALL} >= set(DIALECTS)
    named = {decoder.name for decoder in fuzzing.ALL}
    for name in DIALECTS:
        dialect = load(name)
        said = [each.name for each in fields(dialect) if isinstance(getattr(dialect, each.name), Exchange)]
        assert len(said) > 10 and {f"{name}: {operation}" for operation in said} <= named
    assert len(fuzzing.CORPUS) > 20


FILES = ("3202: file", "day file", "amount", "fhir: upload", "fhir: download", "national: download")
"""They read no text of the corpus, or what is in headers and files: `test_files.py`, `test_day_file.py`, …"""

TEXTS = [decoder for decoder in fuzzing.ALL if decoder.name not in FILES]


@pytest.mark.parametrize(
    "decoder", [each for each in fuzzing.ALL if each.name not in FILES], ids=lambda each: each.name
)
def test_what_is_changed_would_be_taken_as_it_is(decoder: Decoder) -> None:
    """Else its end is never reached: an answer of another visit, say, is read no further."""
    assert fuzzing.taken(decoder)


def test_an_invented_answer_is_a_failure_that_is_told() -> None:
    fuzz(QUICKLY, derandomize=True)


def test_a_decoder_that_fails_otherwise_is_found() -> None:
    """Negative control."""

    def careless(reply: Reply) -> object:
        return reply.body.decode("utf-8")

    with pytest.raises(UnicodeDecodeError):
        tried(Decoder("careless", careless, (OutcomeUnknown,)), Reply(200, {}, b"\xff"))


def bomb(unfolded: int) -> bytes:
    """A ZIP of one text that unfolds to so many bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("result.txt", "w") as entry:
        for _ in range(unfolded // MIB):
            entry.write(b"0" * MIB)
    return file.getvalue()


def grown(before_kib: int) -> int:
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) // 1024


def test_a_small_file_that_unfolds_to_very_much_is_not_unfolded() -> None:
    """400 MiB in 400 kB; the text may have 32."""
    content = bomb(400 * MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(content) < MIB
    with pytest.raises(OutcomeUnknown, match="larger than 32 MiB"):
        files.unpack(content)
    assert grown(before) < 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"infcode":0,"output":' * 20_000,
        b'{"infcode":0,"output":' + b"9" * 900_000 + b"}",
        b'{"infcode":0,"output":{"x":1e' + b"9" * 900_000 + b"}}",
        b'{"infcode":-1,"err_msg":"' + "超过".encode() * 150_000 + b'"}',
        b'{"infcode":-1,"err_msg":"' + b"a1" * 450_000 + b'"}',
        b'{"infcode":-1,"err_msg":"' + b"[" * 900_000 + b'"}',
        b'"' + b"\\u0000" * 150_000,
        b"<a>" * 300_000,
        b"<a " + b" ".join(b'x%d=""' % number for number in range(90_000)) + b"/>",
    ],
    ids=[
        "brackets",
        "nested",
        "digits",
        "exponent",
        "rate words",
        "mixed runs",
        "codes",
        "nulls",
        "tags",
        "attributes",
    ],
)
def test_the_longest_answer_that_is_taken_costs_little(body: bytes) -> None:
    for decoder in fuzzing.ALL:
        tried(decoder, Reply(200, {}, body))


@pytest.mark.fuzz
@pytest.mark.timeout(0)
def test_for_as_long_as_one_has() -> None:
    ends_at = time.monotonic() + float(os.environ.get("FUZZ_SECONDS", "3600"))
    examples = 0
    while time.monotonic() < ends_at:
        fuzz(AT_A_TIME, derandomize=False)
        examples += AT_A_TIME
    print(f"{examples} answers were invented")
