"""What the recordings do not show: lists, Hunan's person fields, regional data, 4261, times."""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from insurance.interface.dialects import DIALECTS, load
from insurance.interface.messages import SelfPayReport
from insurance.interface.profile import Operation
from insurance.interface.questions import ChargeUpload, Pricing, Registration, Settling, VisitSearch, VisitUpload
from insurance.interface.statements import DayDetails, DayTotals
from tests.unit.interface.words import CARD, INSURED, LINE, NATIONAL, NOW, SPLIT, VISIT, profile

MSGID = "H99999900001202401020900000001"
PRICING = Pricing(INSURED, CARD, "M1", "B1", 452, "11", False)


def written(exchange: Any, question: object, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(exchange.encode(profile(**changes), MSGID, NOW, question).body)
    return document


def test_lists_as_the_specification_has_them() -> None:
    document = written(NATIONAL.upload_visit, VisitUpload(INSURED, "M1", VISIT))
    assert [row["diag_srt_no"] for row in document["input"]["diseinfo"]] == ["1", "2"]
    one = ChargeUpload(INSURED, "M1", "B1", VISIT, (LINE,))
    (line,) = written(NATIONAL.upload_charges, one)["input"]["feedetail"]
    assert (line["cnt"], line["pric"], line["det_item_fee_sumamt"]) == ("2", "2.26", "4.52")
    two = replace(one, lines=(LINE, LINE))
    assert len(written(NATIONAL.upload_charges, two, single_objects=True)["input"]["feedetail"]) == 2


def test_wall_time_of_the_centre() -> None:
    document = written(NATIONAL.register, Registration(INSURED, CARD, VISIT))
    assert document["inf_time"] == "2024-01-02 09:00:00"
    assert document["input"]["data"]["begntime"] == "2024-01-02 09:00:00"
    naive = datetime(2024, 1, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        NATIONAL.sign_in.encode(profile(), MSGID, naive, None)


def test_days_of_a_statement() -> None:
    question = DayTotals("310", "11", "330100", date(2024, 1, 2), NOW, 452, 0, 452, 1, refd_setl_flag="0")
    data = written(NATIONAL.day_totals, question)["input"]["data"]
    assert (data["stmt_begndate"], data["stmt_enddate"]) == ("2024-01-02", "2024-01-02")
    assert (data["refd_setl_flag"], data["fixmedins_setl_cnt"]) == ("0", "1")


def test_refund_flags_of_hunan() -> None:
    flags = {"refd_setl_flag": "1", "fixmedins_refd_setl_flag": "0"}
    totals = DayTotals("310", "11", "330100", NOW, NOW, 0, 0, 0, 0)
    details = DayDetails("330100", NOW, NOW, 0, 0, 0, 0, "F1", "11")
    for exchange, question in ((NATIONAL.day_totals, totals), (NATIONAL.day_details, details)):
        assert not set(flags) & set(written(exchange, question)["input"]["data"])
        said = written(exchange, replace(question, **flags))["input"]["data"]
        assert {name: said[name] for name in flags} == flags
        assert said["clr_type"] == "11"


def test_person_fields_of_hunan() -> None:
    wanted = {"psn_cert_type", "certno", "psn_type", "psn_name"}
    for exchange, question in (
        (NATIONAL.register, Registration(INSURED, CARD, VISIT)),
        (NATIONAL.trial, PRICING),
    ):
        assert wanted <= set(written(exchange, question, person_fields=True)["input"]["data"])
        assert not wanted & set(written(exchange, question)["input"]["data"])
    settling = written(NATIONAL.settle, Settling(PRICING, "I1", SPLIT), person_fields=True)["input"]["data"]
    assert wanted & set(settling) == {"psn_cert_type", "certno"}


def test_region_of_the_insured_and_of_nobody() -> None:
    away = replace(INSURED, insuplc_admdvs="430299")
    assert written(NATIONAL.trial, replace(PRICING, insured=away))["insuplc_admdvs"] == "430299"
    assert written(NATIONAL.sign_in, None)["insuplc_admdvs"] == "330100"


def test_account_and_card_serial() -> None:
    data = written(NATIONAL.trial, replace(PRICING, card=replace(CARD, type="03", sn="SN1")))["input"]["data"]
    assert (data["acct_used_flag"], data["card_sn"]) == ("0", "SN1")


def test_regional_data() -> None:
    changes: dict[str, Any] = {
        "infnos": {Operation.SETTLE: "2207"},
        "path": "/one",
        "headers": {"x-key": "K"},
        "envelope": {"enc_type": ""},
        "constants": {Operation.SETTLE: {"mdtrt_mode": "0", "psn_setlway": "02"}},
    }
    request = NATIONAL.settle.encode(profile(**changes), MSGID, NOW, Settling(PRICING, "I1", SPLIT))
    document = json.loads(request.body)
    assert (request.infno, request.path, request.headers["x-key"]) == ("2207", "/one", "K")
    assert (document["enc_type"], document["infno"], document["msgid"]) == ("", "2207", MSGID)
    assert (document["input"]["data"]["mdtrt_mode"], document["input"]["data"]["psn_setlway"]) == ("0", "02")
    assert profile(**changes).infno(Operation.TRIAL) == "2206A"


def test_constants_reach_each_row() -> None:
    question = ChargeUpload(INSURED, "M1", "B1", VISIT, (LINE, LINE))
    changes = {"constants": {Operation.UPLOAD_CHARGES: {"memo": "x"}}}
    assert all(
        row["memo"] == "x" for row in written(NATIONAL.upload_charges, question, **changes)["input"]["feedetail"]
    )


def test_search_for_visits() -> None:
    data = written(NATIONAL.find_visits, VisitSearch(INSURED, NOW, NOW, "11"))["input"]["data"]
    assert (data["begntime"], data["med_type"]) == ("2024-01-02 09:00:00", "11")


def test_self_pay_report_has_no_envelope() -> None:
    report = SelfPayReport("V1", "P1", 452, 452, NOW)
    request = NATIONAL.report_self_pay.encode(profile(), MSGID, NOW, report)
    document = json.loads(request.body)
    assert request.headers["x-msgid"] == document["orgBizSer"] == MSGID
    assert not {"infno", "input", "fixmedins_code"} & set(document)
    assert (document["psnCashPay"], document["upType"], document["setlTime"]) == ("4.52", "0", "2024-01-02 09:00:00")


def test_every_operation_has_a_number_and_a_path() -> None:
    for operation in Operation:
        assert profile().infno(operation)
        assert profile().path_of(operation).startswith("/fsi/api/")


def test_dialects_load_by_name() -> None:
    assert all(load(name) for name in DIALECTS)
    with pytest.raises(ValueError, match="no dialect 'lunar'"):
        load("lunar")
