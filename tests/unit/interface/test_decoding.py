"""Strict decoding: what is missing is named, what is unknown is passed over, and only InterfaceErrors come out."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insurance.interface.errors import InterfaceError, OutcomeUnknown, Refused
from insurance.interface.exchange import Exchange, Reply
from insurance.interface.messages import Insurance, Person, choose_insurance
from insurance.interface.questions import FileUpload, Pricing, SettlementKey, Settling, VisitKey
from insurance.interface.statements import DayDetails, DayTotals
from tests.unit.interface.test_samples import REPLIES
from tests.unit.interface.words import CARD, INSURED, NATIONAL, NOW, SPLIT, answer, ok, sample, setlinfo

PRICING = Pricing(INSURED, CARD, "M1", "1", 452, "11", True)
SETTLING = Settling(PRICING, "1", SPLIT)
KEY = SettlementKey(INSURED, "M1", "S1")
VISIT_KEY = VisitKey(INSURED, "M1")
TOTALS = DayTotals("310", "11", "330100", NOW, NOW, 0, 0, 0, 0)
DETAILS = DayDetails("330100", NOW, NOW, 0, 0, 0, 0, "F1")


def bill_of(exchange: Exchange[Any, Any], question: object, **changes: object) -> Any:
    return exchange.decode(question, ok({"setlinfo": setlinfo(**changes)}))


def without(info: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in info.items() if name not in names}


@pytest.mark.parametrize(
    "name",
    [
        "mdtrt_id",
        "psn_no",
        "medfee_sumamt",
        "fund_pay_sumamt",
        "psn_part_amt",
        "acct_pay",
        "psn_cash_pay",
        "hosp_part_amt",
        "fulamt_ownpay_amt",
        "overlmt_selfpay",
        "preselfpay_amt",
        "inscp_scp_amt",
    ],
)
def test_missing_field_of_a_bill_is_named(name: str) -> None:
    with pytest.raises(OutcomeUnknown, match=rf"output\.setlinfo\.{name} is missing"):
        NATIONAL.trial.decode(PRICING, ok({"setlinfo": without(setlinfo(), name)}))


@pytest.mark.parametrize(
    ("exchange", "question", "output", "missing"),
    [
        (NATIONAL.person, None, None, "output is missing"),
        (NATIONAL.person, None, {"baseinfo": {"psn_no": "1"}}, "insuinfo is missing"),
        (NATIONAL.person, None, {"baseinfo": {}, "insuinfo": []}, "psn_no is missing"),
        (NATIONAL.person, None, {"baseinfo": {"psn_no": ""}, "insuinfo": []}, "psn_no is missing"),
        (
            NATIONAL.person,
            None,
            {"baseinfo": {"psn_no": "1"}, "insuinfo": [{"insutype": "310", "insuplc_admdvs": "1"}]},
            r"insuinfo\[0\]\.balc is missing",
        ),
        (NATIONAL.register, None, {"data": {}}, "mdtrt_id is missing"),
        (NATIONAL.register, None, "b64==", "output is missing"),
        (NATIONAL.upload_charges, None, {}, "result is missing"),
        (NATIONAL.upload_charges, None, {"result": [{"feedetl_sn": "1"}]}, "det_item_fee_sumamt is missing"),
        (NATIONAL.upload_charges, None, {"result": [7]}, r"result\[0\] is missing"),
        (NATIONAL.trial, PRICING, {}, "setlinfo is missing"),
        (NATIONAL.settle, SETTLING, {"setlinfo": setlinfo(setl_id=None)}, "setl_id is missing"),
        (NATIONAL.settle, SETTLING, {"setlinfo": setlinfo(setl_id="")}, "setl_id is missing"),
        (NATIONAL.settle, SETTLING, {"setlinfo": setlinfo(mdtrt_id="M2")}, "another visit's"),
        (NATIONAL.query, KEY, {"setlinfo": setlinfo(setl_time="yesterday")}, "setl_time is not a time"),
        (NATIONAL.trial, PRICING, {"setlinfo": setlinfo(acct_pay="4.525")}, "acct_pay is not an amount"),
        (NATIONAL.trial, PRICING, {"setlinfo": setlinfo(acct_pay=True)}, "acct_pay is not an amount"),
        (NATIONAL.trial, PRICING, {"setlinfo": setlinfo(psn_no=["1"])}, "psn_no is not a text"),
        (NATIONAL.trial, PRICING, {"setlinfo": setlinfo(psn_no="\x00")}, "psn_no is not printable"),
        (NATIONAL.settled_ids, VISIT_KEY, None, "no list"),
        (NATIONAL.settled_ids, VISIT_KEY, {}, "no list"),
        (NATIONAL.settled_ids, VISIT_KEY, [{"feedetl_sn": "1"}], "setl_id is missing"),
        (NATIONAL.find_visits, None, {}, "mdtrtinfo is missing"),
        (NATIONAL.find_visits, None, {"mdtrtinfo": [{"ipt_otp_no": "V1"}]}, "mdtrt_id is missing"),
        (NATIONAL.day_totals, TOTALS, {"stmtinfo": {}}, "stmt_rslt is missing"),
        (NATIONAL.day_details, DETAILS, {"fileinfo": {"file_qury_no": "1"}}, "filename is missing"),
        (NATIONAL.sign_in, None, {"signinoutb": {}}, "sign_no is missing"),
        (NATIONAL.upload, None, None, "output is missing"),
        (NATIONAL.upload, None, {}, "fileinfo is missing"),
        (NATIONAL.upload, None, {"fileinfo": {"filename": "f"}}, "file_qury_no is missing"),
        (NATIONAL.upload, None, {"file_qury_no": None}, "file_qury_no is missing"),
    ],
)
def test_unreadable_success_is_unknown(exchange: Any, question: object, output: object, missing: str) -> None:
    with pytest.raises(OutcomeUnknown, match=missing):
        exchange.decode(question, ok(output))


def test_settlement() -> None:
    bill = bill_of(NATIONAL.settle, SETTLING, setl_id="S1", setl_time="2024-01-02 09:00:00", clr_optins="330100")
    assert (bill.setl_id, bill.clr_optins) == ("S1", "330100")
    assert bill.settled_at == NOW
    assert bill.settled_at.utcoffset().total_seconds() == 8 * 3600


def test_cancellation_with_nulls() -> None:
    """protocol 3.7: some totals are null, the cash field has H's spelling, the hospital part another name."""
    info = without(setlinfo(), "psn_cash_pay", "hosp_part_amt")
    changes = {
        "setl_id": "S2",
        "medfee_sumamt": -5.52,
        "psn_part_amt": None,
        "acct_pay": "-4.52",
        "pdn_cash_pay": -1,
        "ownpay_hosp_part": None,
        "acct_mulaid_pay": None,
    }
    bill = NATIONAL.cancel.decode(KEY, ok({"setlinfo": {**info, **changes}}))
    assert (bill.total_fen, bill.account_fen, bill.cash_fen, bill.person_fen) == (-552, -452, -100, -552)
    assert (bill.hospital_fen, bill.shared_account_fen) == (0, 0)


def test_query_has_other_names() -> None:
    info = without(setlinfo(), "psn_cash_pay", "psn_part_amt")
    changes = {"setl_id": "S1", "psn_pay": 4.52, "cash_payamt": 0, "refd_setl_flag": 1}
    bill = NATIONAL.query.decode(KEY, ok({"setlinfo": {**info, **changes}}))
    assert (bill.person_fen, bill.cash_fen, bill.refunded) == (452, 0, True)


def test_a_name_with_a_value_goes_first() -> None:
    bill = bill_of(NATIONAL.query, KEY, psn_cash_pay=None, cash_payamt="1.00", hosp_part_amt=None, ownpay_hosp_part=2)
    assert (bill.cash_fen, bill.hospital_fen) == (100, 200)


def test_unknown_fields_and_enclosing_wrapper() -> None:
    reply = answer({"code": 0, "type": "ok", "message": "", "data": {"setlinfo": setlinfo(news={"a": [1]})}})
    assert NATIONAL.trial.decode(PRICING, reply).total_fen == 452


def test_numbers_for_texts_and_a_single_row() -> None:
    output = {"mdtrtinfo": {"mdtrt_id": 300900725, "ipt_otp_no": "V1", "vali_flag": "1"}}
    assert NATIONAL.find_visits.decode(None, ok(output)) == (("300900725", "V1"),)  # type: ignore[arg-type]
    assert NATIONAL.find_visits.decode(None, ok({"mdtrtinfo": None})) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [list, lambda rows: {"output": rows, "total": 2}])
def test_settled_ids(shape: Any) -> None:
    found = [{"setl_id": "S2"}, {"setl_id": None}, {"setl_id": "S1"}, {"setl_id": "S2"}, {"setl_id": ""}]
    assert NATIONAL.settled_ids.decode(VISIT_KEY, ok(shape(found))) == ("S2", "S1")
    assert NATIONAL.settled_ids.decode(VISIT_KEY, ok(shape([]))) == ()


@pytest.mark.parametrize(("result", "balanced"), [("0", True), (0, True), ("000000", True), ("1", False), (1, False)])
def test_day_totals(result: object, balanced: bool) -> None:
    reply = ok({"stmtinfo": {"setl_optins": "330100", "stmt_rslt": result, "stmt_rslt_dscr": "平"}})
    assert NATIONAL.day_totals.decode(TOTALS, reply).balanced is balanced


def test_day_details() -> None:
    info = {"file_qury_no": "F2", "filename": "result.zip", "dld_endtime": "2024-01-02 09:00:00"}
    assert NATIONAL.day_details.decode(DETAILS, ok({"fileinfo": info})).available_until == NOW


@pytest.mark.parametrize("output", [{"file_qury_no": "F1"}, {"fileinfo": {"file_qury_no": "F1", "filename": "f"}}])
def test_the_number_of_a_file(output: object) -> None:
    assert NATIONAL.upload.decode(FileUpload("f", b""), ok(output)) == "F1"


def rows(*pairs: tuple[str, str]) -> Person:
    return Person("1", "", "", tuple(Insurance(kind, "330100", 0, "11", status) for kind, status in pairs))


def test_choice_of_the_insurance() -> None:
    assert choose_insurance(rows(("390", "1"), ("310", "1"))).insutype == "310"
    assert choose_insurance(rows(("310", "2"), ("390", "1"))).insutype == "390"
    for nobody in (rows(), rows(("310", "2")), rows(("510", "1"))):
        with pytest.raises(Refused) as refused:
            choose_insurance(nobody)
        assert refused.value.code == "not_insured"


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.data())
def test_mutated_recordings_raise_interface_errors_only(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(REPLIES)))
    exchange, question, _ = REPLIES[name]
    body = bytearray(sample(name))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(body))))
    try:
        exchange.decode(question, Reply(200, {}, bytes(body[:cut])))
    except InterfaceError:
        return


LEAVES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()) | st.just({})
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.data())
def test_replaced_values_raise_interface_errors_only(data: st.DataObject) -> None:
    """Valid JSON in which any value, at any depth, is something else or gone."""
    name = data.draw(st.sampled_from(sorted(REPLIES)))
    exchange, question, _ = REPLIES[name]
    document = json.loads(sample(name))
    place = document
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(LEAVES)
            break
        place = place[key]
    try:
        exchange.decode(question, answer(document))
    except InterfaceError:
        return
