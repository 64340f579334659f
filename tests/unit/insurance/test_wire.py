"""What staff see of a message: nothing personal, whatever the message is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from insurance.desk import wire

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.json"))
MOBILE = sorted((Path(__file__).parents[2] / "samples" / "mobile").glob("*.json"))
FHIR = sorted((Path(__file__).parents[2] / "samples" / "fhir").glob("*.json"))
PERSONAL = ("psn_name", "psn_no", "certno", "mdtrt_cert_no", "brdy", "tel", "diag_name", "dise_name", "opter_name")
PERSONAL += ("psnNo", "mdtrtCertNo", "drName", "mainCondDscr", "diagCode", "diagName")
TOKENS = ("payToken", "revsToken", "cashierUrl")


def values(node: Any, *names: str) -> Iterator[str]:
    """Every value under one of these names."""
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else []):
        if name in names and isinstance(inner, str | int) and len(str(inner)) > 1:
            yield str(inner)
        yield from values(inner, *names)


@pytest.mark.parametrize("sample", [*SAMPLES, *MOBILE], ids=lambda sample: sample.stem)
def test_no_recorded_message_tells_who_it_is_about(sample: Path) -> None:
    text = sample.read_text()
    shown = json.loads(wire.masked(text))
    assert set(values(shown, *PERSONAL, *TOKENS)) <= {wire.MASK}
    if not isinstance(json.loads(text), dict):
        pytest.fail("a message is an object")


def test_amounts_numbers_and_codes_stay() -> None:
    message = {"infno": "2207A", "output": {"setlinfo": {"setl_id": "S1", "medfee_sumamt": 30.52, "psn_name": "测试"}}}
    shown = json.loads(wire.masked(json.dumps(message)))
    assert shown == {**message, "output": {"setlinfo": {"setl_id": "S1", "medfee_sumamt": 30.52, "psn_name": "•••"}}}


def test_a_field_that_nobody_thought_of_is_masked() -> None:
    assert json.loads(wire.masked('{"new_field": "张三", "rows": [["110101199001011234"]]}')) == {
        "new_field": "•••",
        "rows": [["•••"]],
    }


def test_the_centres_own_words_lose_names_and_numbers() -> None:
    shown = wire.masked(json.dumps({"err_msg": "人员编号：11010119900101123X 未参保"}))
    assert "11010119900101123X" not in shown and "未参保" in shown


def test_what_cannot_be_read_is_not_shown() -> None:
    assert [wire.masked(body) for body in ("", "<xml/>", "[1]", "{")] == [""] * 4


def test_an_order_says_which_it_is_and_what_it_came_to() -> None:
    (reply,) = [path for path in MOBILE if path.stem == "6301-reply"]
    shown = json.loads(wire.masked(reply.read_text()))["output"]["data"]
    assert (shown["payOrdId"], shown["ordStas"], shown["fundPay"]) == ("ORD330100202401020900000000001", "4", 3.0)


def test_nobody_shows_in_a_fhir_message() -> None:
    """Golden messages: a request's body is the resource, a response is one."""
    people = ("999999199001010011", "99990000000000000001", "测试人员甲", "医生甲", "1990-01-01")
    illnesses = ("J06.900", "R05", "咳嗽", "M00500", "慢病")
    for path in FHIR:
        told = json.loads(path.read_text())
        shown = wire.masked(json.dumps(told.get("body", told), ensure_ascii=False))
        assert [secret for secret in people + illnesses if secret in shown] == [], path.name


def test_a_fhir_message_says_what_was_asked_and_what_it_came_to() -> None:
    shown = json.loads(wire.masked((FHIR[0].parent / "settlement-response.json").read_text()))
    assert (shown["resourceType"], shown["use"], shown["outcome"]) == ("ClaimResponse", "claim", "complete")
    assert shown["identifier"][0]["value"] == "330100202401020901000000000002"
    assert shown["request"]["identifier"]["value"] == "H99999900001202401020900000006"
    assert shown["total"][0] == {
        "category": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "submitted"}]},
        "amount": {"value": 24.52, "currency": "CNY"},
    }
    assert shown["patient"]["identifier"]["value"] == wire.MASK
