"""The two files of 3202: as the samples have them, and everything a wrong one can be."""

import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insurance.interface.dialects.national import files
from insurance.interface.errors import InterfaceError, OutcomeUnknown
from insurance.interface.statements import StatementDifference, StatementRow
from tests.unit.interface.words import CARD_NUMBER, NAME, sample

PSN_NO = "99990000000000000001"
ROWS = (
    StatementRow("S0001", "M0001", PSN_NO, 10_000, 6_000, 4_000),
    StatementRow("S0002", "M0002", PSN_NO, 5_000, 2_000, 3_000),
    StatementRow("S0003", "M0002", PSN_NO, -5_000, -2_000, -3_000, is_refund=True),
)
AGREED = StatementDifference(
    psn_no=PSN_NO,
    mdtrt_id="M0001",
    setl_id="S0001",
    msgid="H99999999999202401010900000001",
    balanced=True,
    stmt_rslt="0",
    is_refund=False,
    memo="",
    total_fen=10_000,
    fund_fen=6_000,
    account_fen=4_000,
)
CENTRE_HAS_MORE = replace(
    AGREED,
    mdtrt_id="",
    setl_id="",
    msgid="H99999999999202401010930000002",
    balanced=False,
    stmt_rslt="1",
    memo="中心多",
    total_fen=1_200,
    fund_fen=0,
    account_fen=1_200,
)


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def line(**changes: str) -> str:
    """The first row of the sample, otherwise."""
    (first, *_) = sample("synthetic/3202-result.txt").decode().splitlines()
    columns = dict(zip(files.RESULT_COLUMNS, first.split("\t"), strict=True))
    return "\t".join((columns | changes).values())


def test_what_we_say_is_the_sample() -> None:
    assert files.written(ROWS) == sample("synthetic/3202-upload.txt").decode()
    with zipfile.ZipFile(BytesIO(files.pack(ROWS))) as archive:
        (name,) = archive.namelist()
        assert name.endswith(".txt")
        assert archive.read(name) == sample("synthetic/3202-upload.txt")


def test_the_same_rows_are_the_same_bytes_and_none_is_an_empty_text() -> None:
    assert files.pack(iter(ROWS)) == files.pack(ROWS)
    with zipfile.ZipFile(BytesIO(files.pack(()))) as archive:
        assert archive.read(archive.namelist()[0]) == b""


def test_what_is_empty_is_written_null() -> None:
    assert files.written([replace(ROWS[0], mdtrt_id="")]).split("\t")[1] == "null"


@pytest.mark.parametrize("wrong", ["S\t1", "S\n1", "S\r1", "S\0"])
def test_an_id_that_would_break_a_row_is_not_written(wrong: str) -> None:
    with pytest.raises(ValueError, match="not printable"):
        files.pack([replace(ROWS[0], setl_id=wrong)])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["result.txt", "out/RESULT.TXT"])
def test_what_the_centre_says_is_the_sample(name: str, method: int) -> None:
    content = zipped((name, sample("synthetic/3202-result.txt")), ("readme", b"x"), method=method)
    assert files.unpack(content) == (AGREED, CENTRE_HAS_MORE)
    assert [row.centre_only for row in files.unpack(content)] == [False, True]


def test_ends_of_lines_and_a_byte_order_mark() -> None:
    text = sample("synthetic/3202-result.txt")
    for same in (text.replace(b"\n", b"\r\n"), text.rstrip(b"\n"), b"\xef\xbb\xbf" + text, text + b"\n\r\n"):
        assert files.unpack(zipped(("result.txt", same))) == (AGREED, CENTRE_HAS_MORE)
    assert files.unpack(zipped(("result.txt", b""))) == ()


@pytest.mark.parametrize(
    ("changes", "balanced"),
    [({"stmt_rslt": "000000"}, True), ({"stmt_rslt": "000103"}, False), ({"stmt_rslt": "1"}, False)],
)
def test_whether_the_centre_agrees(changes: dict[str, str], balanced: bool) -> None:
    (row,) = files.read(line(**changes))
    assert (row.balanced, row.stmt_rslt) == (balanced, changes["stmt_rslt"])


def test_a_refund_and_amounts_that_are_null() -> None:
    (row,) = files.read(line(refd_setl_flag="1", medfee_sumamt="-1.50", fund_pay_sumamt="null", acct_pay=""))
    assert (row.is_refund, row.total_fen, row.fund_fen, row.account_fen) == (True, -150, 0, 0)


def test_nobody_is_named() -> None:
    (row,) = files.read(line(memo=f"姓名：{NAME}，证件{CARD_NUMBER}\x07不符", psn_no=CARD_NUMBER))
    assert row.memo == "姓名：*，证件* 不符"
    for secret in (NAME, CARD_NUMBER):
        assert secret not in repr(row)
    assert PSN_NO not in repr(ROWS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\tb", "row 1 has 2 columns, not 10"),
        (line() + "\t", "row 1 has 11 columns"),
        (line() + "\n" + line()[:-20], "row 2 has"),
        (line() + "\n\t\t\t\t\t\t\t\t\t", "row 2.stmt_rslt is missing"),
        (line(stmt_rslt="null"), "row 1.stmt_rslt is missing"),
        (line(setl_id="null", msgid=""), "row 1 names neither"),
        (line(medfee_sumamt="much"), "row 1.medfee_sumamt is not an amount"),
        (line(acct_pay="1.005"), "row 1.acct_pay is not an amount"),
        (line(setl_id="S\x001"), "row 1.setl_id is not printable"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(OutcomeUnknown, match=said):
        files.read(text)


def with_flag(content: bytes, flag: int) -> bytes:
    """The general-purpose flag of the only entry, in both places where it stands."""
    changed = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[content.index(signature) + offset] |= flag
    return bytes(changed)


GOOD = zipped(("result.txt", sample("synthetic/3202-result.txt")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no ZIP"),
        (b"<html></html>", "no ZIP"),
        (GOOD[:-30], "no ZIP"),
        (GOOD[:40] + b"\0\0\0\0" + GOOD[44:], "no ZIP"),
        (with_flag(GOOD, 1), "no ZIP"),
        (zipped(("result.txt", "中心多".encode("gbk"))), "UnicodeDecodeError"),
        (zipped(("result.csv", b"")), "0 texts"),
        (zipped(("a.txt", b""), ("b.txt", b"")), "2 texts"),
        (zipped(("result.txt", b"x"), method=zipfile.ZIP_BZIP2), "unknown way"),
        (b"x" * (files.MAX_FILE_BYTES + 1), "larger than 8 MiB"),
    ],
    ids=[
        *("nothing", "a page", "cut off", "damaged", "encrypted", "another encoding"),
        *("no text", "two texts", "another method", "too large"),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes, said: str) -> None:
    with pytest.raises(OutcomeUnknown, match=said):
        files.unpack(content)


def test_a_bomb_is_not_unfolded() -> None:
    content = zipped(("result.txt", b"0" * (files.MAX_TEXT_BYTES + 1)))
    assert len(content) < files.MAX_TEXT_BYTES / 500
    with pytest.raises(OutcomeUnknown, match="larger than 32 MiB"):
        files.unpack(content)


def test_a_bomb_that_understates_its_size() -> None:
    """The size in the directory is a claim; what is read is counted."""
    content = bytearray(zipped(("result.txt", b"0" * (files.MAX_TEXT_BYTES + 1))))
    place = bytes(content).index(b"PK\x01\x02") + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(OutcomeUnknown):
        files.unpack(bytes(content))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.data())
def test_mutated_files_raise_interface_errors_only(data: st.DataObject) -> None:
    body = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        files.unpack(bytes(body))
    except InterfaceError:
        return


FIELD = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.lists(FIELD, min_size=9, max_size=11), max_size=4))
def test_any_rows_raise_interface_errors_only(rows: list[list[str]]) -> None:
    try:
        files.read("\n".join("\t".join(row) for row in rows))
    except InterfaceError:
        return


IDS: st.SearchStrategy[Any] = st.text(alphabet="MS0123456789", max_size=30)
FEN = st.integers(-(10**15), 10**15)


@given(st.lists(st.builds(StatementRow, IDS, IDS, IDS, FEN, FEN, FEN, st.booleans()), max_size=5))
def test_every_row_has_its_seven_columns(rows: list[StatementRow]) -> None:
    lines = files.written(rows).splitlines()
    assert [text.count("\t") for text in lines] == [6] * len(rows)
    assert all(all(text.split("\t")) for text in lines)
