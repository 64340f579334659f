"""Every recorded message: replies decode, requests are reproduced field for field. A new file needs a case here."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from insurance.interface.exchange import Exchange, Reply
from insurance.interface.identities import violations
from insurance.interface.messages import (
    Bill,
    Card,
    Diagnosis,
    FeeLine,
    Insurance,
    Insured,
    LineSplit,
    Person,
    PolicySplit,
    Visit,
    choose_insurance,
)
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import (
    ChargeBatch,
    ChargeUpload,
    PersonQuestion,
    Pricing,
    Registration,
    RegistrationKey,
    Reversal,
    SettlementKey,
    Settling,
    VisitUpload,
)
from insurance.interface.statements import DayDetails, DayTotals
from insurance.interface.times import CENTRE_TIME
from tests.unit.interface.words import CARD, INSURED, NATIONAL, SAMPLES, VISIT, sample

Json = dict[str, Any]
RECORDED = sorted(path.name for path in SAMPLES.glob("*.json"))
ZHEJIANG_HABITS = {"single_objects": True, "visit_days": True, "stmt_end_of_day": True}


def test_every_recorded_message_has_a_case() -> None:
    assert set(RECORDED) == set(REQUESTS) | set(REPLIES)


# --- requests ---------------------------------------------------------------------------------


def fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CENTRE_TIME)


def insured(recorded: Json, node: Json) -> Insured:
    return Insured(node["psn_no"], node.get("insutype", ""), recorded["insuplc_admdvs"], "")


def card(node: Json) -> Card:
    return Card(node["mdtrt_cert_type"], node["mdtrt_cert_no"], node.get("card_sn", ""))


def visit(**fields: Any) -> Visit:
    empty = dict.fromkeys(Visit.__slots__, "")
    return Visit(**{**empty, "begin_at": VISIT.begin_at, "diagnoses": (), **fields})


def nothing(recorded: Json, node: Json) -> None:
    return None


def person(recorded: Json, node: Json) -> PersonQuestion:
    return PersonQuestion(card(node), recorded["insuplc_admdvs"])


def registration(recorded: Json, node: Json) -> Registration:
    words = visit(
        ipt_otp_no=node["ipt_otp_no"],
        begin_at=at(node["begntime"]),
        dept_code=node["dept_code"],
        dept_name=node["dept_name"],
        caty=node["caty"],
        doctor_code=node["atddr_no"],
        doctor_name=node["dr_name"],
    )
    return Registration(insured(recorded, node), card(node), words)


def registration_key(recorded: Json, node: Json) -> RegistrationKey:
    return RegistrationKey(insured(recorded, node), node["mdtrt_id"], node["ipt_otp_no"])


def visit_upload(recorded: Json, node: Json) -> VisitUpload:
    diagnosis = recorded["input"]["diseinfo"]
    words = visit(
        begin_at=at(node["begntime"]),
        med_type=node["med_type"],
        complaint=node["main_cond_dscr"],
        dise_codg=node["dise_codg"],
        dise_name=node["dise_name"],
        dept_code=diagnosis["diag_dept"],
        doctor_code=diagnosis["dise_dor_no"],
        doctor_name=diagnosis["dise_dor_name"],
        diagnoses=(
            Diagnosis(
                diagnosis["diag_code"],
                diagnosis["diag_name"],
                diagnosis["diag_type"],
                diagnosis["diag_srt_no"],
                diagnosis["vali_flag"],
            ),
        ),
    )
    return VisitUpload(insured(recorded, node), node["mdtrt_id"], words)


def charge_upload(recorded: Json, node: Json) -> ChargeUpload:
    words = visit(
        dise_codg=node["dise_codg"],
        dept_code=node["bilg_dept_codg"],
        dept_name=node["bilg_dept_name"],
        doctor_code=node["bilg_dr_codg"],
        doctor_name=node["bilg_dr_name"],
    )
    line = FeeLine(
        feedetl_sn=node["feedetl_sn"],
        med_list_codg=node["med_list_codg"],
        medins_list_codg=node["medins_list_codg"],
        quantity=Decimal(node["cnt"]),
        unit_price=Decimal(node["pric"]),
        amount_fen=fen(node["det_item_fee_sumamt"]),
        occurred_at=at(node["fee_ocur_time"]),
        rxno=node["rxno"],
    )
    return ChargeUpload(insured(recorded, node), node["mdtrt_id"], node["chrg_bchno"], words, (line,))


def charge_batch(recorded: Json, node: Json) -> ChargeBatch:
    return ChargeBatch(insured(recorded, node), node["mdtrt_id"], node["chrg_bchno"])


def pricing(recorded: Json, node: Json) -> Pricing:
    return Pricing(
        insured(recorded, node),
        card(node),
        node["mdtrt_id"],
        node["chrg_bchno"],
        fen(node["medfee_sumamt"]),
        node["med_type"],
        node["acct_used_flag"] == "1",
    )


def settling(recorded: Json, node: Json) -> Settling:
    names = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    split = PolicySplit(*(fen(node[name]) for name in names))
    return Settling(pricing(recorded, node), node["invono"], split)


def settlement_key(recorded: Json, node: Json) -> SettlementKey:
    return SettlementKey(insured(recorded, node), node["mdtrt_id"], node["setl_id"])


def reversal(recorded: Json, node: Json) -> Reversal:
    return Reversal(insured(recorded, node), node["omsgid"], node["oinfno"])


def day_totals(recorded: Json, node: Json) -> DayTotals:
    return DayTotals(
        node["insutype"],
        node["clr_type"],
        node["setl_optins"],
        date.fromisoformat(node["stmt_begndate"]),
        date.fromisoformat(node["stmt_enddate"][:10]),
        fen(node["medfee_sumamt"]),
        fen(node["fund_pay_sumamt"]),
        fen(node["acct_pay"]),
        int(node["fixmedins_setl_cnt"]),
    )


def day_details(recorded: Json, node: Json) -> DayDetails:
    return DayDetails(
        node["setl_optins"],
        date.fromisoformat(node["stmt_begndate"]),
        date.fromisoformat(node["stmt_enddate"][:10]),
        fen(node["medfee_sumamt"]),
        fen(node["fund_pay_sumamt"]),
        fen(node["cash_payamt"]),
        int(node["fixmedins_setl_cnt"]),
        node["file_qury_no"],
    )


Case = tuple[Operation, Exchange[Any, Any], Callable[[Json, Json], Any], Mapping[str, Any]]
REQUESTS: dict[str, Case] = {
    "1101-request-hunan-spec.json": (Operation.PERSON, NATIONAL.person, person, {}),
    "2201-request-zhejiang.json": (Operation.REGISTER, NATIONAL.register, registration, ZHEJIANG_HABITS),
    "2202-request-zhejiang.json": (
        Operation.CANCEL_REGISTRATION,
        NATIONAL.cancel_registration,
        registration_key,
        ZHEJIANG_HABITS,
    ),
    "2203A-request-zhejiang.json": (
        Operation.UPLOAD_VISIT,
        NATIONAL.upload_visit,
        visit_upload,
        {**ZHEJIANG_HABITS, "constants": {Operation.UPLOAD_VISIT: {"geso_val": "46"}}},
    ),
    "2204-request-zhejiang.json": (
        Operation.UPLOAD_CHARGES,
        NATIONAL.upload_charges,
        charge_upload,
        ZHEJIANG_HABITS,
    ),
    "2205-request-zhejiang.json": (
        Operation.WITHDRAW_CHARGES,
        NATIONAL.withdraw_charges,
        charge_batch,
        ZHEJIANG_HABITS,
    ),
    "2206-request-nanyang-apifox-partial.json": (
        Operation.TRIAL,
        NATIONAL.trial,
        pricing,
        {"infnos": {Operation.TRIAL: "2206"}},
    ),
    "2206A-request-zhejiang.json": (Operation.TRIAL, NATIONAL.trial, pricing, ZHEJIANG_HABITS),
    "2207A-request-zhejiang.json": (Operation.SETTLE, NATIONAL.settle, settling, ZHEJIANG_HABITS),
    "2208-request-zhejiang.json": (Operation.CANCEL, NATIONAL.cancel, settlement_key, ZHEJIANG_HABITS),
    "2601-request-zhejiang.json": (Operation.REVERSE, NATIONAL.reverse, reversal, ZHEJIANG_HABITS),
    "3201-request-zhejiang.json": (Operation.DAY_TOTALS, NATIONAL.day_totals, day_totals, ZHEJIANG_HABITS),
    "3202-request-zhejiang.json": (Operation.DAY_DETAILS, NATIONAL.day_details, day_details, ZHEJIANG_HABITS),
    "9001-request-zhejiang.json": (
        Operation.SIGN_IN,
        NATIONAL.sign_in,
        nothing,
        {"mac": "053471", "ip": "053471", "constants": {Operation.SIGN_IN: {"opter_no": "123"}}},
    ),
    "9002-request-zhejiang.json": (Operation.SIGN_OUT, NATIONAL.sign_out, nothing, {}),
}


def recorded_profile(recorded: Json, changes: Mapping[str, Any]) -> Profile:
    """The sender of a recording; a partial one leaves some of it out."""
    own = ("recer_sys_code", "infver", "opter", "opter_name", "opter_type", "dev_no", "dev_safe_info", "cainfo")
    known = {name: recorded[name] for name in (*own, "signtype", "sign_no") if name in recorded}
    return Profile(
        "http://127.0.0.1:1",
        recorded.get("fixmedins_code", ""),
        recorded.get("fixmedins_name", ""),
        recorded["mdtrtarea_admvs"],
        **{**known, **changes},
    )


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_recorded_request_is_reproduced(name: str) -> None:
    operation, exchange, question, changes = REQUESTS[name]
    recorded = json.loads(sample(name))
    first = next(iter(recorded["input"].values()))
    profile = recorded_profile(recorded, changes)

    request = exchange.encode(profile, recorded["msgid"], at(recorded["inf_time"]), question(recorded, first))

    written = json.loads(request.body)
    if "partial" in name:
        written = {field: value for field, value in written.items() if field in recorded}
    assert written == recorded
    assert request.infno == profile.infno(operation) == recorded["infno"]
    assert request.path.startswith("/fsi/api/")


# --- replies ----------------------------------------------------------------------------------


def person_is_read(answer: Person) -> None:
    assert (answer.psn_no, answer.name, answer.certno) == ("999900001", "测试人员甲", "999999199001010011")
    assert answer.rows == (Insurance("310", "310115", 4_150_900, "116032", "1"),)
    assert choose_insurance(answer).insuplc_admdvs == "310115"


def split_is_read(answer: tuple[LineSplit, ...]) -> None:
    assert answer == (LineSplit("yp570", 452, PolicySplit(0, 0, 23, 429), "02"),)


def bill_is_read(answer: Bill) -> None:
    assert (answer.total_fen, answer.fund_fen, answer.person_fen) == (452, 0, 452)
    assert (answer.account_fen, answer.cash_fen, answer.hospital_fen) == (452, 0, 0)
    assert answer.split == PolicySplit(0, 0, 23, 429)
    assert (answer.setl_id, answer.settled_at, answer.refunded) == ("", None, False)
    assert answer.medins_setl_id == "H13110200026202111291809516465"
    assert (answer.clr_type, answer.clr_optins, answer.insutype) == ("11", "", "310")
    assert ("hifp_pay", 0) in answer.fund_parts
    line = LineSplit("yp570", 452, PolicySplit(0, 0, 23, 429), "02")
    assert violations(answer, (line,)) == ()


TRIAL_QUESTION = Pricing(INSURED, CARD, "300900916", "1", 452, "11", True)
REPLIES: dict[str, tuple[Exchange[Any, Any], Any, Any]] = {
    "1101-response-openhis-shanghai.json": (NATIONAL.person, PersonQuestion(CARD), person_is_read),
    "2201-response-openhis.json": (NATIONAL.register, None, "300900725"),
    "2201-response-zhejiang.json": (NATIONAL.register, None, "330000164273872766400005212141"),
    "2202-response-zhejiang.json": (NATIONAL.cancel_registration, None, None),
    "2203A-response-openhis.json": (NATIONAL.upload_visit, None, None),
    "2203A-response-zhejiang.json": (NATIONAL.upload_visit, None, None),
    "2204-response-openhis.json": (NATIONAL.upload_charges, None, split_is_read),
    "2205-response-zhejiang.json": (NATIONAL.withdraw_charges, None, None),
    "2206-response-openhis.json": (NATIONAL.trial, TRIAL_QUESTION, bill_is_read),
    "9001-response-openhis.json": (NATIONAL.sign_in, None, "359754"),
    "9001-response-zhejiang.json": (NATIONAL.sign_in, None, "680003"),
    "9002-response-zhejiang.json": (NATIONAL.sign_out, None, None),
}


@pytest.mark.parametrize("name", sorted(REPLIES))
def test_recorded_reply_is_decoded(name: str) -> None:
    exchange, question, expected = REPLIES[name]
    answer = exchange.decode(question, Reply(200, {}, sample(name)))
    if callable(expected):
        expected(answer)
    else:
        assert answer == expected
