"""What staff see of a message: nothing personal, whatever the dialect and whatever the message is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.dialects import load
from insurance.interface.masking import MASK
from tests.centres import CENTRES

pytestmark = pytest.mark.security

SAMPLES = Path(__file__).parents[2] / "samples"
NATIONAL = sorted(SAMPLES.glob("*.json"))
MOBILE = sorted((SAMPLES / "mobile").glob("*.json"))
FHIR = sorted((SAMPLES / "fhir").glob("*.json"))
LINES = (SAMPLES / "old-dialect-neusoft-caret-pipe.txt").read_text().splitlines()
PERSONAL = ("psn_name", "psn_no", "certno", "mdtrt_cert_no", "brdy", "tel", "diag_name", "dise_name", "opter_name")
OF_AN_ORDER = ("psnNo", "mdtrtCertNo", "drName", "mainCondDscr", "diagCode", "diagName")
TOKENS = ("payToken", "revsToken", "cashierUrl")
SOMEBODY = "张三丰 110101199001011234"


def values(node: Any, *names: str) -> Iterator[str]:
    """Every value under one of these names."""
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else []):
        if name in names and isinstance(inner, str | int) and len(str(inner)) > 1:
            yield str(inner)
        yield from values(inner, *names)


def form(fields: list[list[str]]) -> str:
    return urlencode([(name, value) for name, value in fields])


def national(text: str) -> str:
    return load("national").masked("", text)


def mobile(text: str) -> str:
    return load("mobile").masked("", text)


def fhir(text: str) -> str:
    return load("fhir").masked("", text)


def delimited(text: str, infno: str = "") -> str:
    return load("delimited").masked(infno, text)


@pytest.mark.parametrize("sample", NATIONAL, ids=lambda sample: sample.stem)
def test_no_recorded_message_tells_who_it_is_about(sample: Path) -> None:
    shown = json.loads(national(sample.read_text()))
    assert set(values(shown, *PERSONAL)) <= {MASK}


@pytest.mark.parametrize("sample", MOBILE, ids=lambda sample: sample.stem)
def test_no_order_tells_who_it_is_about_or_the_key_to_it(sample: Path) -> None:
    shown = json.loads(mobile(sample.read_text()))
    assert set(values(shown, *PERSONAL, *OF_AN_ORDER, *TOKENS)) <= {MASK}


def test_an_order_says_which_it_is_and_what_it_came_to() -> None:
    (reply,) = [path for path in MOBILE if path.stem == "6301-reply"]
    shown = json.loads(mobile(reply.read_text()))["output"]["data"]
    assert (shown["payOrdId"], shown["ordStas"], shown["fundPay"]) == ("ORD330100202401020900000000001", "4", 3.0)


def test_amounts_numbers_and_codes_stay() -> None:
    message = {"infno": "2207A", "output": {"setlinfo": {"setl_id": "S1", "medfee_sumamt": 30.52, "psn_name": "测试"}}}
    shown = json.loads(national(json.dumps(message)))
    assert shown == {**message, "output": {"setlinfo": {"setl_id": "S1", "medfee_sumamt": 30.52, "psn_name": MASK}}}


def test_a_field_that_nobody_thought_of_is_masked() -> None:
    assert json.loads(national('{"new_field": "张三", "rows": [["110101199001011234"]], "张三": 1}')) == {
        "new_field": MASK,
        "rows": [[MASK]],
        MASK: MASK,
    }


def test_the_centres_own_words_lose_names_and_numbers() -> None:
    shown = national(json.dumps({"err_msg": "人员编号：11010119900101123X 未参保"}))
    assert "11010119900101123X" not in shown and "未参保" in shown


def test_nobody_shows_in_a_fhir_message() -> None:
    """Golden messages: a request's body is the resource or the form of a search, a response is one."""
    people = ("999999199001010011", "99990000000000000001", "测试人员甲", "医生甲", "1990-01-01")
    illnesses = ("J06.900", "R05", "咳嗽", "M00500", "慢病")
    for path in FHIR:
        told = json.loads(path.read_text())
        body = told.get("body", told)
        shown = fhir(form(body) if isinstance(body, list) else json.dumps(body, ensure_ascii=False))
        assert shown, path.name
        assert [secret for secret in people + illnesses if secret in shown] == [], path.name


def test_a_fhir_message_says_what_was_asked_and_what_it_came_to() -> None:
    shown = json.loads(fhir((SAMPLES / "fhir" / "settlement-response.json").read_text()))
    assert (shown["resourceType"], shown["use"], shown["outcome"]) == ("ClaimResponse", "claim", "complete")
    assert shown["identifier"][0]["value"] == "330100202401020901000000000002"
    assert shown["request"]["identifier"]["value"] == "H99999900001202401020900000006"
    assert shown["total"][0] == {
        "category": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "submitted"}]},
        "amount": {"value": 24.52, "currency": "CNY"},
    }
    assert shown["patient"]["identifier"]["value"] == MASK


def test_a_fhir_search_says_what_was_looked_for_and_not_in_whose_name() -> None:
    asked = json.loads((SAMPLES / "fhir" / "query-request.json").read_text())["body"]
    identifier, patient, encounter, count = fhir(form(asked)).splitlines()
    assert identifier.endswith("setl_id|330100202401020901000000000002") and encounter.endswith("00000001")
    assert patient == f"patient:identifier = {MASK}" and count == "_count = 200"


def test_nobody_shows_in_a_line() -> None:
    requests = [line for line in LINES if line.endswith("^1^")]
    assert len(requests) > 5
    for line in requests:
        shown = delimited(line)
        assert shown.count("^") == line.count("^") and shown.count("|") == line.count("|")
        people = ("测试", "9999000001", "OP001^", "J06.900", "D001")
        assert [secret for secret in people if secret in shown] == [], shown


def test_a_line_says_what_was_asked_and_what_it_came_to() -> None:
    asked = next(line for line in LINES if line.startswith("2410^"))
    assert delimited(asked) == asked.replace("^OP001^", f"^{MASK}^").replace("测试员", MASK)
    told = next(line for line in LINES if line.startswith("990001240102000004^"))
    assert delimited(told, "2410") == told
    assert delimited(told, "2210") == "990001240102000004^0001-OP001-20240102001^" + "|".join([MASK] * 7) + "|^"
    assert delimited("^^参保人员：张三 未参保^", "2210") == "^^参保人员：* 未参保^"


def test_a_person_at_the_place_of_something_else_is_masked_all_the_same() -> None:
    """A centre may have another order than the one we know."""
    told = "9900^1^0.03|张三|110101199001011234|13800000000|1.00^"
    assert delimited(told, "2410") == f"9900^1^0.03|{MASK}|{MASK}|{MASK}|1.00^"
    person = "9900^1^P1|张三|110101199001011234|310|11|1|5.00|430100^"
    assert delimited(person, "2100") == f"9900^1^{MASK}|{MASK}|{MASK}|310|{MASK}|{MASK}|5.00|430100^"


def test_a_transaction_that_nobody_thought_of_is_masked_whole() -> None:
    assert delimited("9999^H1^OP^C^S^NEW^a|b$c|^1^") == f"9999^H1^{MASK}^C^S^NEW^{MASK}|{MASK}${MASK}|^1^"


@pytest.mark.parametrize("name", sorted(CENTRES))
@pytest.mark.parametrize(
    "text", ["", SOMEBODY, f"<html>{SOMEBODY}</html>", f'["{SOMEBODY}"]', f'{{"psn_name": "{SOMEBODY}', "[" * 100_000]
)
def test_of_what_cannot_be_read_nothing_is_shown(name: str, text: str) -> None:
    assert load(name).masked("2410", text) == ""


@pytest.mark.parametrize("name", sorted(CENTRES))
@given(before=st.text(), after=st.text(), parts=st.lists(st.sampled_from('^|$={}[]",:&1 \n'), max_size=12))
def test_whatever_comes_nobody_shows_and_nothing_breaks(name: str, before: str, after: str, parts: list[str]) -> None:
    masked = load(name).masked
    for text in (f"{before}{SOMEBODY}{after}", "".join([*parts, SOMEBODY, *parts])):
        shown = masked("2410", text)
        assert "张三丰" not in shown and "110101199001011234" not in shown
