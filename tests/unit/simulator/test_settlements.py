"""Trial, settlement, cancellation, reversal: what is said and what is in the books."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.simulator.hospital import AtHospital, Hospital, Json
from tests.unit.simulator.running import running

FUND_PARTS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")
POLICY_PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
TOTALS = ("settlements", "fund_fen", "account_fen", "cash_fen", "total_fen")
NOTHING = dict.fromkeys(TOTALS, 0)


def check_identities(output: Json) -> None:
    """Protocol 3.7, 1 to 4, and the rows of `setldetail`."""
    info = output["setlinfo"]
    assert info["medfee_sumamt"] == info["fund_pay_sumamt"] + info["psn_part_amt"] + info["hosp_part_amt"]
    assert info["fund_pay_sumamt"] == sum(info[part] for part in FUND_PARTS)
    assert info["psn_part_amt"] == info["acct_pay"] + info["psn_cash_pay"]
    assert info["medfee_sumamt"] == sum(info[part] for part in POLICY_PARTS)
    rows = {row["fund_pay_type"]: row["fund_payamt"] for row in output["setldetail"]}
    assert rows.pop("310200", Decimal(0)) == info["acct_pay"]
    assert sum(rows.values()) == info["fund_pay_sumamt"]


def fen(amount: Any) -> int:
    return int(Decimal(amount) * 100)


def employee_with_balance(hospital: Hospital) -> AtHospital:
    numbers = (f"99999919900101{i:04d}" for i in range(1000))
    return next(hospital.visit(n) for n in numbers if _rich(hospital.person(n)))


def _rich(person: Json) -> bool:
    return bool(person["insutype"] == "310" and person["balc"] > 50)


def test_identities_for_hundreds_of_random_visits(hospital: Hospital) -> None:
    draw = random.Random(3)
    for i in range(200):
        visit = hospital.visit(f"99999919900101{i:04d}")
        fees = [f"{draw.randrange(1, 60_000) / 100:.2f}" for _ in range(draw.randrange(1, 12))]
        rows = visit.upload(*fees)
        trial, settled = visit.trial(), visit.settle()
        for output in (trial, settled):
            check_identities(output)
            assert output["setlinfo"]["medfee_sumamt"] == sum(row["det_item_fee_sumamt"] for row in rows)
            assert output["setlinfo"]["inscp_scp_amt"] == sum(row["inscp_scp_amt"] for row in rows)
        names = ("fund_pay_sumamt", "acct_pay", "psn_cash_pay", "balc", *POLICY_PARTS)
        assert [trial["setlinfo"][name] for name in names] == [settled["setlinfo"][name] for name in names]
    totals = hospital.ledger()["totals"]
    assert totals["settlements"] == 200
    assert totals["total_fen"] == totals["fund_fen"] + totals["account_fen"] + totals["cash_fen"]
    assert min(totals.values()) > 0


@pytest.mark.parametrize("infno", ["2206", "2206A"])
def test_a_trial_keeps_nothing(hospital: Hospital, infno: str) -> None:
    visit = employee_with_balance(hospital)
    visit.upload("100.00")
    before = hospital.ledger()
    info = hospital.ask(infno, visit.asked(), "M-TRIAL")["setlinfo"]
    assert [info[name] for name in ("setl_id", "setl_time", "clr_optins", "clr_way")] == [None] * 4
    assert info["medins_setl_id"] == "M-TRIAL"
    assert info["balc"] == visit.person["balc"] - info["acct_pay"]
    assert hospital.ledger() == before
    assert hospital.person(visit.person["certno"])["balc"] == visit.person["balc"]


def test_the_total_must_be_that_of_the_batch(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("100.00")
    for infno in ("2206A", "2207A"):
        assert "总额" in hospital.refusal(infno, visit.asked(medfee_sumamt="100.01"))
        assert "批次" in hospital.refusal(infno, visit.asked(chrg_bchno="other"))
    assert "inscp_scp_amt" in hospital.refusal("2207A", visit.asked(inscp_scp_amt=""))


def test_a_settlement_is_booked_and_the_account_pays(hospital: Hospital) -> None:
    visit = employee_with_balance(hospital)
    visit.upload("100.00", "20.50")
    info = visit.settle("M-1")["setlinfo"]
    ledger = hospital.ledger()
    row = ledger["settlements"][0]
    assert row["setl_id"] == info["setl_id"]
    assert (row["msgid"], row["infno"], row["refunded"]) == ("M-1", "2207A", False)
    assert row["total_fen"] == 12050 == ledger["totals"]["total_fen"]
    assert (row["fund_fen"], row["account_fen"]) == (fen(info["fund_pay_sumamt"]), fen(info["acct_pay"]))
    assert info["acct_pay"] > 0
    assert hospital.person(visit.person["certno"])["balc"] == visit.person["balc"] - info["acct_pay"] == info["balc"]
    assert (info["clr_type"], info["clr_optins"], len(info["setl_time"])) == ("11", "330100", 19)


def test_the_account_is_used_only_when_asked(hospital: Hospital) -> None:
    visit = employee_with_balance(hospital)
    visit.upload("100.00")
    info = hospital.ask("2206A", visit.asked(acct_used_flag="0"))["setlinfo"]
    assert (info["acct_pay"], info["psn_cash_pay"]) == (0, info["psn_part_amt"])


def test_a_second_call_settles_a_second_time(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("10.00")
    first, second = visit.settle("M-1"), visit.settle("M-1")
    assert first["setlinfo"]["setl_id"] != second["setlinfo"]["setl_id"]
    ledger = hospital.ledger()
    assert ledger["totals"]["settlements"] == 2
    assert ledger["double"] == [visit.keys["mdtrt_id"]]


@pytest.fixture
def strict_hospital() -> Iterator[Hospital]:
    with running(Insurer(Settings(refuse_double=True))) as url:
        yield Hospital(url)


def test_a_double_can_be_refused(strict_hospital: Hospital) -> None:
    visit = strict_hospital.visit()
    visit.upload("10.00")
    setl_id = visit.settle()["setlinfo"]["setl_id"]
    assert "重复" in strict_hospital.refusal("2207A", visit.asked())
    visit.cancel(setl_id)
    assert visit.settle()["setlinfo"]["setl_id"] != setl_id


def test_a_cancellation_is_a_negative_entry_and_only_once(hospital: Hospital) -> None:
    visit = employee_with_balance(hospital)
    visit.upload("100.00")
    settled = visit.settle()["setlinfo"]
    output = visit.cancel(settled["setl_id"])
    check_identities(output)
    info = output["setlinfo"]
    assert info["setl_id"] != settled["setl_id"]
    for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay", "inscp_scp_amt"):
        assert info[name] == -settled[name]
    assert hospital.person(visit.person["certno"])["balc"] == visit.person["balc"] == info["balc"]
    ledger = hospital.ledger()
    assert ledger["totals"] == NOTHING
    original, negative = ledger["settlements"]
    assert original["refunded"] and negative["refunded"] and negative["reverses"] == original["setl_id"]
    again = {"data": {**visit.keys, "setl_id": settled["setl_id"]}}
    assert "未退费" in hospital.refusal("2208", again)
    assert "未退费" in hospital.refusal("2208", {"data": {**visit.keys, "setl_id": info["setl_id"]}})
    assert "未查询到" in hospital.refusal("2208", {"data": {**visit.keys, "setl_id": "1"}})


@pytest.mark.parametrize("oinfno", ["2207", "2207A"])
def test_a_reversal_needs_only_our_msgid_and_works_once(hospital: Hospital, oinfno: str) -> None:
    visit = employee_with_balance(hospital)
    visit.upload("100.00")
    visit.settle("M-1")
    asked = {"data": {"psn_no": visit.keys["psn_no"], "omsgid": "M-1", "oinfno": oinfno}}
    assert hospital.ask("2601", asked) is None
    assert hospital.ledger()["totals"] == NOTHING
    assert hospital.person(visit.person["certno"])["balc"] == visit.person["balc"]
    assert "[iptPsnSetlMgtBO_4412]" in hospital.refusal("2601", asked)
    visit.settle("M-2")
    assert hospital.ledger()["totals"]["settlements"] == 1


def test_what_cannot_be_reversed(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("10.00")
    visit.settle("M-1")
    for change in ({"omsgid": "M-9"}, {"oinfno": "2206A"}, {"psn_no": "1"}):
        asked = {"psn_no": visit.keys["psn_no"], "omsgid": "M-1", "oinfno": "2207A", **change}
        assert "未查询到" in hospital.refusal("2601", {"data": asked})
    assert hospital.ledger()["totals"]["settlements"] == 1


def test_a_reversal_undoes_all_of_a_msgid_that_settled_twice(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("10.00")
    visit.settle("M-1")
    visit.settle("M-1")
    hospital.ask("2601", {"data": {"psn_no": visit.keys["psn_no"], "omsgid": "M-1", "oinfno": "2207A"}})
    ledger = hospital.ledger()
    assert (ledger["totals"], ledger["double"]) == (NOTHING, [])
