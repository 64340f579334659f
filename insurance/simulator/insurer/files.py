"""Files handed over and fetched: 9101, 9102 (protocol 3.12)."""

from datetime import timedelta

from insurance.simulator.insurer.envelope import DATETIME, Call, Refused, text
from insurance.simulator.insurer.ledger import File, Ledger
from insurance.simulator.money import JsonObject

KEPT = timedelta(days=7)


def upload(ledger: Ledger, call: Call) -> JsonObject:
    """9101: keep the file under a number of its own, also one handed over before. What is in it, 3202 will see."""
    about = call.node("fsUploadIn", ("filename", "fixmedins_code"))
    if not call.file:
        raise Refused("上传文件内容不能为空")
    filename = text(about, "filename")
    file_qury_no = ledger.add_file(call.region, File(filename, call.file))
    return {**laid_out(call, file_qury_no, filename), "fixmedins_code": text(about, "fixmedins_code")}


def download(ledger: Ledger, call: Call) -> bytes:
    """9102: the file itself; a failure is told as for every other call."""
    about = call.node("fsDownloadIn", ("file_qury_no", "filename", "fixmedins_code"))
    file = ledger.files.get(text(about, "file_qury_no"))
    if file is None or file.filename != text(about, "filename"):
        raise Refused("未查询到文件，文件查询号或文件名不正确")
    return file.content


def laid_out(call: Call, file_qury_no: str, filename: str) -> JsonObject:
    """Where a file lies and until when."""
    return {
        "file_qury_no": file_qury_no,
        "filename": filename,
        "dld_endtime": (call.at + KEPT).strftime(DATETIME),
    }
