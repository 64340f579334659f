"""Sign-in, persons, visits and fee lines."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.simulator.hospital import Hospital, decoded, registration

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("infno", ["9001", "9002", "1101", "2201"])
def test_recorded_requests_are_answered_with_the_recorded_fields(hospital: Hospital, infno: str) -> None:
    request = next(SAMPLES.glob(f"{infno}-request-*.json"))
    recorded = [json.loads(path.read_text()) for path in SAMPLES.glob(f"{infno}-response-*.json")]
    reply = decoded(hospital.http.post("/", content=request.read_bytes()))
    assert reply["infcode"] == 0
    zhejiang = next((each for each in recorded if "warn_msg" in each), None)
    assert zhejiang is not None
    assert reply.keys() == zhejiang.keys()
    assert len(reply["inf_refmsgid"]) == 30
    assert len(reply["respond_time"]) == len(reply["refmsg_time"]) == 17
    for name, node in zhejiang["output"].items():
        assert type(reply["output"][name]) is type(node)
        if isinstance(node, dict):
            assert reply["output"][name].keys() == node.keys()


def test_a_person_follows_from_the_card_and_echoes_what_was_sent(hospital: Hospital) -> None:
    data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "999999199001010011", "psn_name": "甲", "certno": ""}
    first = hospital.ask("1101", {"data": data})
    assert first == hospital.ask("1101", {"data": data})
    assert first["baseinfo"]["psn_name"] == "甲"
    assert (first["baseinfo"]["certno"], first["baseinfo"]["brdy"]) == ("999999199001010011", "1990-01-01")
    assert "不正确" in hospital.refusal("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": "12"}})
    assert "不能为空" in hospital.refusal("1101", {"data": {"mdtrt_cert_type": "02"}})


def test_people_differ_in_insurance_and_balance(hospital: Hospital) -> None:
    people = [hospital.person(f"99999919900101{i:04d}") for i in range(150)]
    assert {person["insutype"] for person in people} == {"310", "390"}
    empty = sum(person["balc"] == 0 for person in people)
    assert 30 <= empty <= 70
    assert len({person["psn_no"] for person in people}) == 150


def test_every_registration_makes_a_new_visit(hospital: Hospital) -> None:
    first, second = hospital.visit(ipt_otp_no="V7"), hospital.visit(ipt_otp_no="V7")
    assert first.keys["mdtrt_id"] != second.keys["mdtrt_id"]
    assert [visit["ipt_otp_no"] for visit in hospital.ledger()["visits"]] == ["V7", "V7"]


def test_the_wrong_insurance_is_refused(hospital: Hospital) -> None:
    person = hospital.person("999999199001010011")
    other = {"310": "390", "390": "310"}[person["insutype"]]
    assert "险种" in hospital.refusal("2201", registration({**person, "insutype": other}, "V1"))
    assert "险种" in hospital.refusal("2201", registration({**person, "insutype": "510"}, "V1"))


def test_a_cancelled_visit_is_gone(hospital: Hospital) -> None:
    visit = hospital.visit()
    assert "不一致" in hospital.refusal("2202", {"data": {**visit.keys, "ipt_otp_no": "other"}})
    assert hospital.ask("2202", {"data": {**visit.keys, "ipt_otp_no": "V1"}}) is None
    assert hospital.ledger()["visits"][0]["cancelled"] is True
    assert "就诊" in hospital.refusal("2204", {"feedetail": [visit.line("1")]})


def test_a_settled_visit_cannot_be_cancelled(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("10")
    visit.settle()
    assert "结算" in hospital.refusal("2202", {"data": {**visit.keys, "ipt_otp_no": "V1"}})


@pytest.mark.parametrize("infno", ["2203", "2203A"])
def test_visit_details_are_taken_as_object_or_list(hospital: Hospital, infno: str) -> None:
    visit = hospital.visit()
    info = {**visit.keys, "med_type": "11", "begntime": "2022-01-21"}
    disease = {"diag_type": "1", "diag_srt_no": "1", "diag_code": "J06", "diag_name": "感染", "vali_flag": "1"}
    assert hospital.ask(infno, {"mdtrtinfo": info, "diseinfo": disease}) is None
    assert hospital.ask(infno, {"mdtrtinfo": info, "diseinfo": [disease, disease]}) is None
    assert "diseinfo" in hospital.refusal(infno, {"mdtrtinfo": info, "diseinfo": []})


def test_lines_are_split_and_add_up(hospital: Hospital) -> None:
    rows = hospital.visit().upload("4.52", "1200.00", "0.01", *(f"{i}.37" for i in range(1, 30)))
    assert {row["chrgitm_lv"] for row in rows} == {"01", "02"}
    for row in rows:
        parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
        assert row["det_item_fee_sumamt"] == sum(row[part] for part in parts)
        assert row["preselfpay_amt"] == 0 or row["chrgitm_lv"] == "02"
    assert rows[1]["det_item_fee_sumamt"] == Decimal(1200)


def test_a_number_repeated_in_the_visit_is_refused_and_nothing_kept(hospital: Hospital) -> None:
    visit = hospital.visit()
    visit.upload("1.00")
    repeated = [visit.line("2.00", sn="9"), visit.line("2.00", sn="1")]
    assert "重复" in hospital.refusal("2204", {"feedetail": repeated})
    assert hospital.ledger()["visits"][0]["lines"] == 1
    wrong = {**visit.line("2.00"), "cnt": "3"}
    assert "不符" in hospital.refusal("2204", {"feedetail": wrong})


def test_unsettled_lines_can_be_withdrawn_and_sent_again(hospital: Hospital) -> None:
    visit = hospital.visit()
    assert hospital.ask("2205", {"data": {**visit.keys, "chrg_bchno": "0000"}}) is None
    visit.upload("5.00", batch="B2")
    visit.upload("1.00", "2.00")
    visit.settle()
    assert "结算" in hospital.refusal("2205", {"data": {**visit.keys, "chrg_bchno": "B1"}})
    hospital.ask("2205", {"data": {**visit.keys, "chrg_bchno": "0000"}})
    assert hospital.ledger()["visits"][0]["lines"] == 2
    assert "未查询到" in hospital.refusal("2205", {"data": {**visit.keys, "chrg_bchno": "B2"}})
    hospital.ask("2204", {"feedetail": visit.line("5.00", batch="B2", sn="1000")})
    hospital.ask("2205", {"data": {**visit.keys, "chrg_bchno": "B2"}})
    assert hospital.ledger()["visits"][0]["lines"] == 2


def test_what_is_no_envelope_is_told_so(hospital: Hospital) -> None:
    for body in (b"", b"[]", b"{}", b"\xff", b'{"infno":"1101","msgid":"1"}', b'{"infno":1,"msgid":"1","input":{}}'):
        reply = decoded(hospital.http.post("/x", content=body))
        assert reply["infcode"] == -1
        assert "报文" in reply["err_msg"]


def test_an_unknown_transaction_gets_the_dispatchers_shape(hospital: Hospital) -> None:
    reply = hospital.call("9999", {"data": {}})
    assert reply.keys() == {"type", "infcode", "err_msg"}
    assert (reply["type"], reply["infcode"]) == ("error", -1)
    assert "未知交易编号" in reply["err_msg"]
