"""Files handed over, compared and fetched: 9101, 3202, 9102."""

import json
import zipfile
from datetime import datetime, timedelta, timezone
from io import BytesIO

import httpx
import pytest

from tests.unit.simulator.hospital import AtHospital, Hospital, Json, decoded

CENTRE_TIME = timezone(timedelta(hours=8))
CODE = "H33018300564"


def zipped(text: str | bytes, *more: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("statement.txt", *more):
            archive.writestr(name, text)
    return file.getvalue()


def hand_over(hospital: Hospital, content: bytes | None, **changes: object) -> Json:
    """9101 as it comes: the envelope and the file as two parts of a form."""
    about = {"in": "", "filename": "a.zip", "fixmedins_code": CODE, **changes}
    envelope = {"infno": "9101", "msgid": hospital.msgid(), "input": {"fsUploadIn": about}}
    files = {"file": ("a.zip", content)} if content is not None else {"other": ("b", b"")}
    return decoded(hospital.http.post("/9101", data={"jsonStr": json.dumps(envelope)}, files=files))


def uploaded(hospital: Hospital, content: bytes) -> str:
    reply = hand_over(hospital, content)
    assert reply["infcode"] == 0, reply
    return str(reply["output"]["file_qury_no"])


def fetch(hospital: Hospital, file_qury_no: str, filename: str = "result.zip") -> httpx.Response:
    about = {"file_qury_no": file_qury_no, "filename": filename, "fixmedins_code": CODE}
    return hospital.post("9102", {"fsDownloadIn": about})


def asked(file_qury_no: str, **changes: str) -> Json:
    """The `data` of 3202: yesterday and today, so that a run over midnight finds what it settled."""
    now = datetime.now(CENTRE_TIME)
    period = {"stmt_begndate": f"{now - timedelta(days=1):%Y-%m-%d}", "stmt_enddate": f"{now:%Y-%m-%d}"}
    money = {"medfee_sumamt": "0", "fund_pay_sumamt": "0", "cash_payamt": "0", "fixmedins_setl_cnt": "0"}
    return {"data": {"setl_optins": "330100", **period, **money, "file_qury_no": file_qury_no, **changes}}


def compare(hospital: Hospital, *rows: str, **changes: str) -> list[list[str]]:
    """The columns of the result for these rows of ours."""
    number = uploaded(hospital, zipped("".join(f"{row}\n" for row in rows)))
    info = hospital.ask("3202", asked(number, **changes))["fileinfo"]
    assert info["filename"] == "result.zip" and datetime.fromisoformat(info["dld_endtime"])
    answer = fetch(hospital, info["file_qury_no"])
    assert answer.headers["content-type"] == "application/octet-stream"
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        return [line.split("\t") for line in archive.read("result.txt").decode().splitlines()]


def settled(hospital: Hospital, number: str, msgid: str) -> Json:
    visit = hospital.visit(number, ipt_otp_no=msgid)
    visit.upload("100.00")
    info: Json = visit.settle(msgid)["setlinfo"]
    return {**info, "visit": visit}


def money(info: Json, sign: int = 1) -> list[str]:
    return [f"{info[name] * sign + 0:.2f}" for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]


def said(info: Json, setl_id: str = "", refund: bool = False) -> str:
    """A row of ours."""
    who = [setl_id or info["setl_id"], info["mdtrt_id"], info["psn_no"]]
    return "\t".join([*who, *money(info, -1 if refund else 1), "1" if refund else "0"])


def of_visit(info: Json) -> AtHospital:
    visit = info["visit"]
    assert isinstance(visit, AtHospital)
    return visit


@pytest.fixture
def info(hospital: Hospital) -> Json:
    return settled(hospital, "999999199001010011", "M-1")


def test_a_file_comes_back_as_it_was(hospital: Hospital) -> None:
    content = b"PK\r\n\r\n--x\0\xff\r\n"
    reply = hand_over(hospital, content)
    assert reply["output"]["filename"] == "a.zip" and reply["output"]["fixmedins_code"] == CODE
    number = reply["output"]["file_qury_no"]
    assert fetch(hospital, number, "a.zip").content == content
    assert uploaded(hospital, content) != number


def test_what_is_no_file_is_refused(hospital: Hospital) -> None:
    for reply in (
        hand_over(hospital, None),
        hand_over(hospital, b""),
        hand_over(hospital, b"x", filename=""),
        hand_over(hospital, b"x", fixmedins_code=None),
        decoded(hospital.http.post("/9101", data={"other": "1"}, files={"file": ("a", b"x")})),
        hospital.call("9101", {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": CODE}}),
    ):
        assert (reply["infcode"], reply["output"]) == (-1, None)


def test_a_file_that_is_not_there_is_told_in_json(hospital: Hospital) -> None:
    number = uploaded(hospital, b"x")
    for answer in (fetch(hospital, "M00/nowhere"), fetch(hospital, number, "b.zip"), fetch(hospital, "")):
        assert answer.headers["content-type"].startswith("application/json")
        assert decoded(answer)["infcode"] == -1


def test_what_is_the_same_on_both_sides_is_balanced(hospital: Hospital, info: Json) -> None:
    who = [info["psn_no"], info["mdtrt_id"], info["setl_id"], "M-1"]
    assert compare(hospital, said(info)) == [[*who, "0", "0", "null", *money(info)]]
    assert compare(hospital, said(info), insutype=info["insutype"], clr_type="11")[0][4] == "0"


@pytest.mark.parametrize("column", [1, 2, 3, 4, 5])
def test_a_row_that_differs_shows_what_the_centre_has(hospital: Hospital, info: Json, column: int) -> None:
    columns = said(info).split("\t")
    columns[column] = "7.00" if column > 2 else "another"
    (row,) = compare(hospital, "\t".join(columns))
    assert row[:5] == [info["psn_no"], info["mdtrt_id"], info["setl_id"], "M-1", "1"]
    assert (row[6], row[7:]) == ("结算信息不一致", money(info))


def test_what_only_the_centre_has_is_named_by_its_message(hospital: Hospital, info: Json) -> None:
    (row,) = compare(hospital)
    assert row == [info["psn_no"], "null", "null", "M-1", "1", "0", "中心多", *money(info)]


def test_what_only_the_institution_has_and_what_it_says_twice(hospital: Hospital, info: Json) -> None:
    rows = compare(hospital, said(info), said(info), said(info, "S-9"), said(info, refund=True))
    assert [(row[2], row[3], row[4], row[6]) for row in rows] == [
        (info["setl_id"], "M-1", "0", "null"),
        (info["setl_id"], "null", "1", "医疗机构多"),
        ("S-9", "null", "1", "医疗机构多"),
        (info["setl_id"], "null", "1", "医疗机构多"),
    ]


def test_a_refund_is_an_entry_of_its_own(hospital: Hospital, info: Json) -> None:
    refund = of_visit(info).cancel(info["setl_id"])["setlinfo"]
    rows = compare(hospital, said(info))
    assert [(row[2], row[4], row[5], row[7:]) for row in rows] == [
        (info["setl_id"], "0", "0", money(info)),
        ("null", "1", "1", money(info, -1)),
    ]
    for setl_id in (refund["setl_id"], info["setl_id"]):  # its own, or that of what it took back
        rows = compare(hospital, said(info), said(info, setl_id, refund=True))
        assert [(row[2], row[4]) for row in rows] == [(info["setl_id"], "0"), (setl_id, "0")]


def test_what_was_reversed_was_never_there(hospital: Hospital, info: Json) -> None:
    hospital.ask("2601", {"data": {"psn_no": info["psn_no"], "omsgid": "M-1", "oinfno": "2207A"}})
    assert compare(hospital) == []
    assert compare(hospital, said(info))[0][6] == "医疗机构多"


def test_the_period_and_the_office_are_those_asked_for(hospital: Hospital, info: Json) -> None:
    for changes in (
        {"stmt_begndate": "2001-01-01", "stmt_enddate": "2001-01-01"},
        {"setl_optins": "430100"},
        {"clr_type": "21"},
    ):
        assert compare(hospital, **changes) == []


def test_every_insurance_is_compared_at_once(hospital: Hospital) -> None:
    numbers = (f"99999919900101{serial:04d}" for serial in range(100))
    found: dict[str, Json] = {}
    for number in numbers:
        if (insutype := hospital.person(number)["insutype"]) not in found:
            found[insutype] = settled(hospital, number, f"M-{insutype}")
    assert set(found) == {"310", "390"}
    assert [row[4] for row in compare(hospital, *map(said, found.values()))] == ["0", "0"]
    assert [row[3] for row in compare(hospital, insutype="390")] == ["M-390"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"no zip", "对账文件不是ZIP"),
        (zipped("a", "b.txt"), "对账文件不是ZIP"),
        (zipped("中心多".encode("gbk")), "对账文件不是ZIP"),
        (zipped("S\tM\tP\t1\t1\t1\n"), "第1行格式不正确"),
        (zipped("S\tM\tP\t1\t1\t1\t0\nS\tM\tnull\t1\t1\t1\t0\n"), "第2行格式不正确"),
        (zipped("S\tM\tP\t1\t1\t1\t2\n"), "第1行格式不正确"),
        (zipped("S\tM\tP\tmuch\t1\t1\t0\n"), "第1行金额不是数值"),
    ],
    ids=["no zip", "two files", "another encoding", "a column short", "null number", "no flag", "no amount"],
)
def test_a_file_that_cannot_be_compared_is_refused(hospital: Hospital, content: bytes, text: str) -> None:
    assert text in hospital.refusal("3202", asked(uploaded(hospital, content)))


def test_a_comparison_without_its_file_is_refused(hospital: Hospital) -> None:
    assert "未查询到上传的对账文件" in hospital.refusal("3202", asked("M00/nowhere"))
    assert "file_qury_no不能为空" in hospital.refusal("3202", asked(""))


@pytest.mark.parametrize("kind", ["lose", "half", "drop_before"])
def test_faults_strike_files_too(hospital: Hospital, kind: str) -> None:
    number = uploaded(hospital, b"x" * 1000)
    hospital.faults({"infno": ["9101", "9102"], "kind": kind})
    for call in (lambda: uploaded(hospital, b"x"), lambda: fetch(hospital, number, "a.zip")):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            call()
    hospital.faults({"infno": "9102", "kind": "slow", "seconds": 0.01}, {"infno": "9101", "kind": "refuse"})
    assert len(fetch(hospital, number, "a.zip").content) == 1000
    assert hand_over(hospital, b"x")["infcode"] == -1
    hospital.faults({"kind": "wrong_totals"})
    assert len(fetch(hospital, number, "a.zip").content) == 1000
