"""3202: the institution's file against the books, settlement by settlement (protocol 3.12, H t149-151)."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from insurance.simulator.insurer.envelope import Call, Refused, text
from insurance.simulator.insurer.files import laid_out
from insurance.simulator.insurer.ledger import File, Ledger, Settlement
from insurance.simulator.insurer.queries import BALANCED, NOT_BALANCED, entries_of
from insurance.simulator.money import JsonObject, fen

REQUIRED = (
    *("setl_optins", "file_qury_no", "stmt_begndate", "stmt_enddate"),
    *("medfee_sumamt", "fund_pay_sumamt", "cash_payamt", "fixmedins_setl_cnt"),
)
COLUMNS = 7
NULL = "null"
RESULT_ZIP, RESULT_TEXT = "result.zip", "result.txt"
DIFFERENT, CENTRE_ONLY, INSTITUTION_ONLY = "结算信息不一致", "中心多", "医疗机构多"

Key = tuple[str, bool]
"""A settlement's setl_id, and whether its refund is meant."""


@dataclass(frozen=True, slots=True)
class Said:
    """One row of the institution's file; `amounts` are total, fund and account in fen."""

    setl_id: str
    mdtrt_id: str
    psn_no: str
    amounts: tuple[int, int, int]
    refund: bool


def details(ledger: Ledger, call: Call) -> JsonObject:
    """3202: compare with what 3201 counts in the same period, and lay the result out for 9102."""
    data = call.node("data", REQUIRED)
    uploaded = ledger.files.get(text(data, "file_qury_no"))
    if uploaded is None:
        raise Refused("未查询到上传的对账文件，文件查询号不正确")
    rows = compared(ledger, entries_of(ledger, data), list(_said(uploaded.content)))
    file_qury_no = ledger.add_file(call.region, File(RESULT_ZIP, _packed("".join(rows))))
    return {"fileinfo": laid_out(call, file_qury_no, RESULT_ZIP)}


def compared(ledger: Ledger, entries: list[Settlement], said: list[Said]) -> Iterator[str]:
    """A row for each row said, also where both agree, and one for each entry that nobody said. Said twice, the second
    is one too many."""
    left = {_key(entry): entry for entry in entries}
    for row in said:
        entry = left.pop(_key_said(ledger, row), None)
        if entry is None:
            yield _result(row, "", INSTITUTION_ONLY)
        else:
            yield _result(_as_said(entry, row.setl_id), entry.msgid, "" if _agrees(row, entry) else DIFFERENT)
    for entry in left.values():
        yield _result(_as_said(entry, ""), entry.msgid, CENTRE_ONLY)


def _key(entry: Settlement) -> Key:
    return (entry.reverses or entry).setl_id, entry.reverses is not None


def _key_said(ledger: Ledger, row: Said) -> Key:
    """A refund may be said under its own setl_id or, where that was never learnt, under that of the settlement."""
    entry = ledger.settlements.get(row.setl_id) if row.refund else None
    return (entry.reverses.setl_id if entry and entry.reverses else row.setl_id), row.refund


def _as_said(entry: Settlement, setl_id: str) -> Said:
    """The entry as the institution would say it; one that it did not say shows neither settlement nor visit."""
    amounts = (entry.amounts.total, entry.amounts.fund, entry.amounts.account)
    mdtrt_id = entry.visit.mdtrt_id if setl_id else ""
    return Said(setl_id, mdtrt_id, entry.visit.psn_no, amounts, entry.reverses is not None)


def _agrees(row: Said, entry: Settlement) -> bool:
    return row == _as_said(entry, row.setl_id)


def _result(row: Said, msgid: str, memo: str) -> str:
    amounts = (f"{each / 100:.2f}" for each in row.amounts)
    result, flag = NOT_BALANCED if memo else BALANCED, "1" if row.refund else "0"
    columns = (row.psn_no, row.mdtrt_id, row.setl_id, msgid, result, flag, memo, *amounts)
    return "\t".join(column or NULL for column in columns) + "\n"


def _said(content: bytes) -> Iterator[Said]:
    for place, line in enumerate(_unpacked(content).splitlines(), 1):
        columns = ["" if column == NULL else column for column in line.split("\t")]
        if len(columns) != COLUMNS or not all(columns) or columns[-1] not in {"0", "1"}:
            raise Refused(f"对账文件第{place}行格式不正确")
        try:
            total, fund, account = (fen(column) for column in columns[3:6])
        except ValueError as error:
            raise Refused(f"对账文件第{place}行金额不是数值") from error
        yield Said(columns[0], columns[1], columns[2], (total, fund, account), columns[-1] == "1")


def _unpacked(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            (name,) = archive.namelist()
            return archive.read(name).decode()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise Refused("对账文件不是ZIP压缩的UTF-8文本") from error


def _packed(rows: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RESULT_TEXT, rows)
    return file.getvalue()
