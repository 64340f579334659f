"""The two files of 3202: what we say, and what the centre says of it. Pure. Source: protocol 3.12 (H t150, t151).

Each is a ZIP of one text: UTF-8, no header, columns parted by TAB; what is empty is written `null` (protocol 1.3).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from insurance.interface.amounts import to_yuan_in_full
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.statements import BALANCED
from insurance.interface.errors import OutcomeUnknown, scrub
from insurance.interface.statements import StatementDifference, StatementRow

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_TEXT_BYTES = 32 * 1024 * 1024
"""A day of 100 settlements a minute takes half of it; a small ZIP can unfold to a thousand times its size."""

_NAME = "statement.txt"
_NULL = "null"
RESULT_COLUMNS = (
    *("psn_no", "mdtrt_id", "setl_id", "msgid", "stmt_rslt", "refd_setl_flag", "memo"),
    *("medfee_sumamt", "fund_pay_sumamt", "acct_pay"),
)
_UNREADABLE = (BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError, ValueError)


def pack(rows: Iterable[StatementRow]) -> bytes:
    """The ZIP to upload with 9101; the same rows give the same bytes. Raises ValueError as `written` does."""
    file = BytesIO()
    entry = ZipInfo(_NAME)
    entry.external_attr = 0o644 << 16  # otherwise nobody may read what is unpacked
    with ZipFile(file, "w") as archive:
        archive.writestr(entry, written(rows), ZIP_DEFLATED)
    return file.getvalue()


def written(rows: Iterable[StatementRow]) -> str:
    """The text in it. Raises ValueError for an id that would break a row."""
    return "".join("\t".join(_columns(row)) + "\n" for row in rows)


def unpack(content: bytes) -> tuple[StatementDifference, ...]:
    """The result that 9102 brought, row by row, those that are equal too. Raises OutcomeUnknown if it is unreadable."""
    return read(_text(content))


def read(text: str) -> tuple[StatementDifference, ...]:
    """The text in it. A line may end with CR LF, and the last one need not end."""
    lines = enumerate(text.split("\n"), 1)
    return tuple(_difference(place, line.removesuffix("\r")) for place, line in lines if line not in ("", "\r"))


def _columns(row: StatementRow) -> Iterator[str]:
    for text in (row.setl_id, row.mdtrt_id, row.psn_no):
        if not text.isprintable():
            raise ValueError("an id of a statement holds a character that is not printable")
        yield text or _NULL
    for fen in (row.total_fen, row.fund_fen, row.account_fen):
        yield to_yuan_in_full(fen)
    yield "1" if row.is_refund else "0"


def _difference(place: int, line: str) -> StatementDifference:
    columns = line.split("\t")
    if len(columns) != len(RESULT_COLUMNS):
        raise OutcomeUnknown(f"row {place} has {len(columns)} columns, not {len(RESULT_COLUMNS)}")
    values = {name: "" if text.strip() == _NULL else text for name, text in zip(RESULT_COLUMNS, columns, strict=True)}
    row = Node(f"row {place}", values)
    result = row.text("stmt_rslt")
    setl_id, msgid = row.text_or_empty("setl_id"), row.text_or_empty("msgid")
    if not (setl_id or msgid):
        raise OutcomeUnknown(f"row {place} names neither a settlement nor a message")
    return StatementDifference(
        psn_no=row.text_or_empty("psn_no"),
        mdtrt_id=row.text_or_empty("mdtrt_id"),
        setl_id=setl_id,
        msgid=msgid,
        balanced=result in BALANCED,
        stmt_rslt=result,
        is_refund=row.text_or_empty("refd_setl_flag") == "1",
        memo=scrub(values["memo"]),
        total_fen=row.fen("medfee_sumamt"),
        fund_fen=row.fen("fund_pay_sumamt"),
        account_fen=row.fen("acct_pay"),
    )


def _text(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise OutcomeUnknown("the file is larger than 8 MiB")
    try:
        with ZipFile(BytesIO(content)) as archive:
            return _unpacked(archive)
    except _UNREADABLE as error:
        raise OutcomeUnknown(f"the file is no ZIP of a UTF-8 text: {type(error).__name__}") from None


def _unpacked(archive: ZipFile) -> str:
    """Called result.txt at one centre (OH); elsewhere it may have another name, but there is one."""
    entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".txt")]
    if len(entries) != 1:
        raise OutcomeUnknown(f"the file holds {len(entries)} texts, not one")
    if entries[0].compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise OutcomeUnknown("the file is packed in an unknown way")
    with archive.open(entries[0]) as packed:
        text = packed.read(MAX_TEXT_BYTES + 1)
    if len(text) > MAX_TEXT_BYTES:
        raise OutcomeUnknown("the text in the file is larger than 32 MiB")
    return text.decode("utf-8-sig")
