"""The golden FHIR messages: requests are reproduced field for field, answers decode to what they say."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.dialects.fhir import vocabulary
from insurance.interface.dialects.fhir.claims import money
from insurance.interface.dialects.fhir.resources import MODELS, read, written
from insurance.interface.errors import NotWritable, Refusal, Refused
from insurance.interface.identities import violations
from insurance.interface.messages import Bill, Insurance, LineSplit, PolicySplit, choose_insurance
from insurance.interface.questions import FileKey, FileUpload
from tests.unit.interface.fhir_words import (
    FHIR,
    GOLDEN,
    MDTRT_ID,
    MSGID,
    OMSGID,
    QUESTIONS,
    SETL_ID,
    SPLIT,
    decoded,
    document,
    encoded,
    golden,
    replied,
)
from tests.unit.interface.words import NOW, SAMPLES, profile

ANSWERS = sorted(path.name.removesuffix("-response.json") for path in GOLDEN.glob("*-response.json"))
DOCUMENTATION = SAMPLES.parents[1] / "docs" / "fhir.md"
FUND = (("hifp_pay", 950), ("hifmi_pay", 50))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_request_is_as_specified(name: str) -> None:
    request, wanted = encoded(name), json.loads((GOLDEN / f"{name}-request.json").read_text())
    is_form = request.headers["content-type"] == "application/x-www-form-urlencoded"
    body = [list(pair) for pair in parse_qsl(request.body.decode())] if is_form else json.loads(request.body)
    assert {"method": request.method, "path": request.path, "body": body} == wanted
    assert request.headers["x-request-id"] == MSGID
    assert request.headers["accept"] == "application/fhir+json"


def test_every_request_has_a_case() -> None:
    assert {path.name.removesuffix("-request.json") for path in GOLDEN.glob("*-request.json")} == set(QUESTIONS)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_golden_answer_is_valid(name: str) -> None:
    assert read(golden(name).body)["resourceType"] in MODELS


def bill(**changes: object) -> Bill:
    parts: dict[str, object] = {
        "mdtrt_id": MDTRT_ID,
        "psn_no": "99990000000000000001",
        "insutype": "310",
        "medins_setl_id": "H99999900001202401020900000005",
        "total_fen": 2452,
        "fund_fen": 1000,
        "person_fen": 1450,
        "account_fen": 450,
        "shared_account_fen": 0,
        "cash_fen": 1000,
        "hospital_fen": 2,
        "split": SPLIT,
        "fund_parts": FUND,
        "clr_type": "",
        "clr_optins": "",
        **changes,
    }
    return Bill(**parts)


SETTLED = bill(
    medins_setl_id=OMSGID,
    clr_type="11",
    clr_optins="330100",
    setl_id=SETL_ID,
    settled_at=datetime(2024, 1, 2, 1, 1, tzinfo=UTC),
)


def test_a_trial_is_a_bill_without_a_number() -> None:
    assert decoded("trial", golden("trial")) == bill()


def test_a_settlement_has_a_number_a_time_and_an_office() -> None:
    assert decoded("settlement", golden("settlement")) == SETTLED
    assert violations(SETTLED) == ()


def test_a_cancellation_is_negative() -> None:
    negative = decoded("cancellation", golden("cancellation"))
    assert (negative.total_fen, negative.cash_fen, negative.split) == (
        -2452,
        -1000,
        PolicySplit(-800, -200, -23, -1429),
    )
    assert violations(negative) == ()


def test_a_settlement_that_was_found_says_whether_it_was_taken_back() -> None:
    found = decoded("query", golden("query"))
    assert found.refunded
    assert (found.setl_id, found.medins_setl_id, found.settled_at) == (SETL_ID, OMSGID, SETTLED.settled_at)
    assert decoded("settled-ids", golden("query")) == (SETL_ID,)


def test_nothing_found_is_said() -> None:
    with pytest.raises(Refused) as refused:
        decoded("query", golden("query-empty"))
    assert refused.value.code == Refusal.NO_SUCH_SETTLEMENT
    assert decoded("settled-ids", golden("query-empty")) == ()
    assert decoded("find-visits", golden("query-empty")) == ()


def test_lines_are_told_by_their_place() -> None:
    assert decoded("charges", golden("charges")) == (
        LineSplit("1", 452, PolicySplit(0, 0, 23, 429), "02"),
        LineSplit("2", 2000, PolicySplit(800, 200, 0, 1000), "03"),
    )


def test_a_person_has_several_insurances() -> None:
    person = decoded("eligibility", golden("eligibility"))
    assert (person.psn_no, person.name, person.certno) == ("99990000000000000001", "测试人员甲", "999999199001010011")
    assert person.rows == (
        Insurance("310", "330100", 409591, "1101", "1"),
        Insurance("390", "330800", 0, "", "0"),
    )
    assert choose_insurance(person).insutype == "310"


def test_the_visit_is_registered_found_and_described() -> None:
    assert decoded("registration", golden("registration", 201)) == MDTRT_ID
    assert decoded("find-visits", golden("find-visits")) == ((MDTRT_ID, "V1"),)
    assert decoded("visit", golden("transaction")) is None
    assert decoded("registration-cancelled", golden("transaction")) is None


def test_a_reversal_is_done_or_refused() -> None:
    assert decoded("reversal", golden("reversal", 201)) is None
    with pytest.raises(Refused, match="未查询到需要冲正的结算信息") as refused:
        decoded("reversal", golden("reversal-refused", 201))
    assert refused.value.code == Refusal.NOTHING_TO_REVERSE


def test_a_day_is_balanced_or_not() -> None:
    assert decoded("day-totals", golden("day-totals")).balanced
    different = decoded("day-totals", golden("day-totals-different"))
    assert (different.balanced, different.description) == (False, "总额不一致")
    result = decoded("day-details", golden("day-details"))
    assert (result.file_qury_no, result.filename) == ("f-2", "result.zip")
    assert result.available_until.date() == date(2024, 1, 10)


def test_a_self_pay_report_is_dated_where_the_hospital_is() -> None:
    """Half past four in the afternoon by UTC is the next day in China."""
    body = json.loads(encoded("self-pay").body)
    assert body["paymentDate"] == "2024-01-03"
    assert decoded("self-pay", replied(body, 201)) is None


def test_a_file_travels_as_it_is_and_the_journal_says_only_what_it_was() -> None:
    assert FHIR.upload is not None and FHIR.download is not None
    content = b"PK" + bytes(range(256))
    sent = FHIR.upload.encode(profile(), MSGID, NOW, FileUpload("a.zip", content))
    assert sent.attachment is not None and sent.attachment.alone and sent.attachment.content == content
    assert json.loads(sent.body) == {
        "resourceType": "Binary",
        "contentType": "application/zip",
        "filename": "a.zip",
        "size": 258,
    }
    fetched = FHIR.download.encode(profile(), MSGID, NOW, FileKey("f-2", "result.zip"))
    assert (fetched.method, fetched.path, fetched.headers["accept"]) == ("GET", "/Binary/f-2", "application/zip")
    with pytest.raises(ValueError, match="not the id"):
        FHIR.download.encode(profile(), MSGID, NOW, FileKey("../Patient", "result.zip"))


@given(st.integers(-(10**13), 10**13))
def test_an_amount_comes_back_to_the_fen(fen: int) -> None:
    """By way of the library's doubles: as an amount of a valid resource, written and read again."""
    from_wire = read(written({"resourceType": "PaymentReconciliation", **_paid(fen)}))["paymentAmount"]
    assert Decimal(str(from_wire["value"])) * 100 == fen


def _paid(fen: int) -> dict[str, object]:
    return {"status": "active", "created": "2024-01-02", "paymentDate": "2024-01-02", "paymentAmount": money(fen)}


def test_a_number_that_would_be_bent_is_not_sent() -> None:
    with pytest.raises(NotWritable, match="too many digits"):
        written({"resourceType": "PaymentReconciliation", **_paid(10**17 + 1)})


def test_only_this_dialect_loads_the_library() -> None:
    """A hospital whose insurer speaks otherwise does not wait for it when a worker starts."""
    code = "import sys; from insurance.interface.dialects import load; load('national'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "insurance.interface.dialects.national" in loaded
    assert not loaded & {"fhir", "fhir_core", "pydantic", "insurance.interface.dialects.fhir"}


def test_every_system_and_code_is_documented() -> None:
    text = DOCUMENTATION.read_text()
    systems = [each.removeprefix(vocabulary.BASE) for each in (*vocabulary.Sid, *vocabulary.Codes)]
    words = [*systems, *vocabulary.LOCAL_AMOUNTS, *vocabulary.HL7_AMOUNTS.values(), *Refusal]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_what_is_said_of_the_same_claim_is_the_same_in_every_golden_message() -> None:
    claim = json.loads(encoded("settlement").body)
    assert claim["identifier"][0]["system"] == document("settlement")["request"]["identifier"]["system"]
