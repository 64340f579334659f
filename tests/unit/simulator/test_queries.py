"""What can be asked afterwards, the comparison of totals, and the self-pay report."""

from datetime import datetime, timedelta, timezone

import pytest

from tests.unit.simulator.hospital import AtHospital, Hospital, Json, decoded

CENTRE_TIME = timezone(timedelta(hours=8))


@pytest.fixture
def visit(hospital: Hospital) -> AtHospital:
    visit = hospital.visit()
    visit.upload("100.00", "0.37")
    return visit


def asked_visits(visit: AtHospital, day: str) -> Json:
    return {"data": {"psn_no": visit.keys["psn_no"], "begntime": day, "endtime": day, "med_type": "11"}}


def test_a_lost_visit_is_found_by_person_and_day(visit: AtHospital) -> None:
    hospital = visit.hospital
    found = hospital.ask("5201", asked_visits(visit, "2022-01-21"))["mdtrtinfo"]
    assert [(each["mdtrt_id"], each["ipt_otp_no"]) for each in found] == [(visit.keys["mdtrt_id"], "V1")]
    assert hospital.ask("5201", asked_visits(visit, "2022-01-22"))["mdtrtinfo"] == []
    hospital.ask("2202", {"data": {**visit.keys, "ipt_otp_no": "V1"}})
    assert hospital.ask("5201", asked_visits(visit, "2022-01-21"))["mdtrtinfo"] == []


def test_a_settlement_is_shown_with_its_refund(visit: AtHospital) -> None:
    info = visit.settle("M-1")["setlinfo"]
    asked = {"data": {**visit.keys, "setl_id": info["setl_id"]}}
    shown = visit.hospital.ask("5203", asked)["setlinfo"]
    assert (shown["medins_setl_id"], shown["refd_setl_flag"], shown["pay_loc"]) == ("M-1", "0", "5")
    assert (shown["psn_pay"], shown["cash_payamt"]) == (info["psn_part_amt"], info["psn_cash_pay"])
    assert "psn_part_amt" not in shown and "psn_cash_pay" not in shown
    visit.cancel(info["setl_id"])
    assert visit.hospital.ask("5203", asked)["setlinfo"]["refd_setl_flag"] == "1"
    assert "未查询到" in visit.hospital.refusal("5203", {"data": {**visit.keys, "setl_id": "M-1"}})


def test_lines_tell_which_settlement_took_them(visit: AtHospital) -> None:
    hospital, asked = visit.hospital, {"data": visit.keys}
    assert [row["setl_id"] for row in hospital.ask("5204", asked)] == [None, None]
    first = visit.settle()["setlinfo"]["setl_id"]
    assert [row["setl_id"] for row in hospital.ask("5204", asked)] == [first, first]
    second = visit.settle()["setlinfo"]["setl_id"]
    assert {row["setl_id"] for row in hospital.ask("5204", asked)} == {first, second}
    assert len(hospital.ask("5204", {"data": {**visit.keys, "setl_id": second}})) == 2
    visit.cancel(first)
    visit.cancel(second)
    assert [row["setl_id"] for row in hospital.ask("5204", asked)] == [None, None]


def compare(visit: AtHospital, day: str = "", **changes: object) -> str:
    """Today and yesterday, so that a run over midnight finds what it settled."""
    now = datetime.now(CENTRE_TIME)
    first, last = day or f"{now - timedelta(days=1):%Y-%m-%d}", day or f"{now:%Y-%m-%d}"
    totals = visit.hospital.ledger()["totals"]
    money = {
        "medfee_sumamt": f"{totals['total_fen'] / 100:.2f}",
        "fund_pay_sumamt": f"{totals['fund_fen'] / 100:.2f}",
        "acct_pay": f"{totals['account_fen'] / 100:.2f}",
        "fixmedins_setl_cnt": str(totals["settlements"]),
    }
    period = {"stmt_begndate": first, "stmt_enddate": f"{last} 23:59:59"}
    scope = {"insutype": visit.person["insutype"], "clr_type": "11", "setl_optins": "330100"}
    output = visit.hospital.ask("3201", {"data": {**scope, **period, **money, **changes}})
    return str(output["stmtinfo"]["stmt_rslt"])


def test_totals_are_compared(visit: AtHospital) -> None:
    setl_id = visit.settle("M-1")["setlinfo"]["setl_id"]
    assert compare(visit) == "0"
    assert compare(visit, medfee_sumamt="1.00") == "1"
    assert compare(visit, fixmedins_setl_cnt="2") == "1"
    assert compare(visit, setl_optins="430100") == "1"
    assert compare(visit, day="2001-01-01") == "1"
    visit.cancel(setl_id)
    assert (compare(visit), compare(visit, fixmedins_setl_cnt="2")) == ("0", "0")
    visit.settle("M-2")
    visit.hospital.ask("2601", {"data": {"psn_no": visit.keys["psn_no"], "omsgid": "M-2", "oinfno": "2207A"}})
    assert compare(visit) == "0"


REPORT = {"upType": "0", "fixmedinsMdtrtId": "V1", "medfeeSumamt": "12.30", "feeList": [{"detItemFeeSumamt": "12.30"}]}


@pytest.mark.parametrize(
    ("path", "body"), [("/x/4261", REPORT), ("/any", {"data": REPORT}), ("/a", {"data": [REPORT]})]
)
def test_a_self_pay_visit_is_reported(hospital: Hospital, path: str, body: Json) -> None:
    for _ in range(2):
        reply = decoded(hospital.http.post(path, json=body, headers={"x-msgid": "M-1"}))
        assert reply == {"code": 0, "type": "success", "message": "", "data": None}
    self_pay = hospital.ledger()["self_pay"]
    assert (self_pay["reports"], self_pay["cash_fen"]) == (1, 1230)
    assert (self_pay["rows"][0]["key"], self_pay["rows"][0]["uploads"]) == ("V1", 2)


def test_a_self_pay_report_without_amount_is_refused(hospital: Hospital) -> None:
    reply = decoded(hospital.http.post("/4261", json={"data": {"iptOtpNo": "1"}}))
    assert (reply["code"], reply["type"]) == (-1, "error")
    lines = {"data": {"iptOtpNo": "1", "feeList": [{"detItemFeeSumamt": "1.10"}, {"detItemFeeSumamt": 2}]}}
    assert decoded(hospital.http.post("/4261", json=lines))["code"] == 0
    assert hospital.ledger()["self_pay"]["cash_fen"] == 310
