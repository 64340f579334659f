"""Which of the four failures a FHIR answer is. What may have been carried out is never called refused."""

from collections.abc import Callable
from typing import Any

import pytest

from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown, Refusal, Refused, Throttled
from insurance.interface.exchange import Exchange, Reply
from insurance.simulator.insurer.faces.fhir.answers import problem
from tests.unit.interface.fhir_words import FHIR, QUESTIONS, decoded, document, golden, replied

OUTCOMES = ("charges", "settlement", "cancellation")
ANSWER = {"charges": "charges", "settlement": "settlement", "cancellation": "cancellation", "trial": "trial"}


def said(code: str, text: str = "", severity: str = "error", refusal: str = "") -> dict[str, Any]:
    details: dict[str, Any] = {"text": text or code}
    if refusal:
        details["coding"] = [{"system": "https://hospital-line.example/fhir/CodeSystem/refusal", "code": refusal}]
    return problem(code, details, severity)


def failure(name: str, reply: Reply) -> InterfaceError:
    with pytest.raises(InterfaceError) as raised:
        decoded(name, reply)
    return raised.value


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (replied(said("business-rule"), 422), Refused),
        (replied(said("not-found"), 404), Refused),
        (replied(said("forbidden"), 403), Refused),
        (replied(said("login"), 401), NotSent),
        (Reply(401, {}, b"<html>"), NotSent),
        (replied(said("throttled"), 429), Throttled),
        (Reply(429, {}, b""), Throttled),
        (replied(said("throttled"), 400), Throttled),
        (replied(said("transient"), 503, **{"Retry-After": "7"}), Throttled),
        (replied(said("transient"), 503), OutcomeUnknown),
        (replied(said("throttled"), 500), OutcomeUnknown),
        (replied(said("business-rule"), 500), OutcomeUnknown),
        (replied(said("timeout"), 400), OutcomeUnknown),
        (replied(said("exception"), 422), OutcomeUnknown),
        (replied(said("duplicate"), 409), OutcomeUnknown),
        (replied(said("business-rule"), 408), OutcomeUnknown),
        (replied(said("informational", severity="information"), 400), OutcomeUnknown),
        (replied(said("business-rule"), 200), OutcomeUnknown),
        (replied(said("informational", severity="information"), 202), OutcomeUnknown),
        (Reply(400, {}, b"<html>bad request</html>"), OutcomeUnknown),
        (Reply(404, {}, b"not found"), OutcomeUnknown),
        (Reply(502, {}, b"<html>"), OutcomeUnknown),
        (Reply(302, {"location": "/login"}, b""), OutcomeUnknown),
        (Reply(200, {}, b""), OutcomeUnknown),
        (Reply(200, {}, b"\x00\x01%#@!"), OutcomeUnknown),
        (Reply(200, {}, b'{"resourceType":"ClaimResponse"'), OutcomeUnknown),
        (Reply(200, {}, b'{"resourceType":"Patient"}'), OutcomeUnknown),
        (Reply(200, {}, b'{"infcode":0,"output":null}'), OutcomeUnknown),
        (Reply(200, {}, b'{"resourceType":"ClaimResponse","contained":[{"resourceType":1}]}'), OutcomeUnknown),
        (Reply(200, {}, b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"X"}}]}'), OutcomeUnknown),
        (Reply(200, {}, b"[" * 20_000), OutcomeUnknown),
    ],
)
def test_a_failure_is_the_same_for_every_operation(reply: Reply, error: type[InterfaceError]) -> None:
    assert {name: type(failure(name, reply)) for name in QUESTIONS} == dict.fromkeys(QUESTIONS, error)


def test_every_operation_is_among_the_questions() -> None:
    asked = {exchange.operation for exchange, _ in QUESTIONS.values()}
    files = {each.operation for each in (FHIR.upload, FHIR.download) if each is not None}
    there = [getattr(FHIR, name) for name in FHIR.__slots__]
    assert asked | files == {each.operation for each in there if isinstance(each, Exchange)}


def test_retry_after_is_kept() -> None:
    throttled = failure("trial", replied(said("throttled"), 429, **{"Retry-After": "12"}))
    assert isinstance(throttled, Throttled) and throttled.retry_after_seconds == 12.0
    dated = failure("trial", replied(said("throttled"), 429, **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}))
    assert isinstance(dated, Throttled) and dated.retry_after_seconds is None


def test_a_refusal_keeps_the_insurers_words_and_our_code() -> None:
    refused = failure("query", golden("no-such-visit", 404))
    assert isinstance(refused, Refused)
    assert (str(refused), refused.code) == ("未查询到就诊信息", Refusal.NO_SUCH_VISIT)
    claim = failure("settlement", golden("claim-refused"))
    assert isinstance(claim, Refused) and "费用明细总额不一致" in str(claim)
    assert type(failure("settlement", golden("throttled", 429))) is Throttled


def test_queued_is_a_place_in_line_for_a_trial_and_unknown_for_what_binds() -> None:
    assert type(failure("trial", golden("claim-queued"))) is Throttled
    for name in OUTCOMES:
        assert type(failure(name, replied({**document(ANSWER[name]), "outcome": "queued"}))) is OutcomeUnknown


@pytest.mark.parametrize("outcome", ["partial", "done", ""])
@pytest.mark.parametrize("name", ANSWER)
def test_an_outcome_that_is_neither_complete_nor_error_is_unknown(name: str, outcome: str) -> None:
    assert type(failure(name, replied({**document(name), "outcome": outcome or "?"}))) is OutcomeUnknown


def changed(name: str, **changes: Any) -> Reply:
    found = {**document(name), **changes}
    return replied({key: value for key, value in found.items() if value is not None})


REFUSED: dict[str, Any] = {"outcome": "error", "error": [{"code": {"text": "不符合"}}]}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({**REFUSED, "identifier": None, "payment": None}, Refused),
        (REFUSED, OutcomeUnknown),
        ({**REFUSED, "identifier": None}, OutcomeUnknown),
        ({**REFUSED, "payment": None}, OutcomeUnknown),
        ({**REFUSED, "identifier": [{"system": "urn:theirs", "value": "7"}], "payment": None}, Refused),
        ({"outcome": "error", "identifier": None, "payment": None}, OutcomeUnknown),
        ({**REFUSED, "outcome": "complete"}, OutcomeUnknown),
    ],
    ids=[
        "plain",
        "with a number and a payment",
        "with a payment",
        "with a number",
        "with an id",
        "without a reason",
        "complete",
    ],
)
def test_an_error_that_shows_a_settlement_is_not_refused(changes: Any, error: type[InterfaceError]) -> None:
    assert type(failure("settlement", changed("settlement", **changes))) is error


def without(category: str) -> Callable[[dict[str, Any]], None]:
    def cut(found: dict[str, Any]) -> None:
        found["total"] = [row for row in found["total"] if row["category"]["coding"][0]["code"] != category]

    return cut


def twice(found: dict[str, Any]) -> None:
    found["total"].append(found["total"][0])


def in_euros(found: dict[str, Any]) -> None:
    found["total"][0]["amount"]["currency"] = "EUR"


def in_parts_of_a_fen(found: dict[str, Any]) -> None:
    found["total"][0]["amount"]["value"] = 24.521


def of_another_visit(found: dict[str, Any]) -> None:
    found["extension"][1]["valueReference"]["identifier"]["value"] = "M-other"


def with_a_modifier(found: dict[str, Any]) -> None:
    found["item"] = [{"itemSequence": 1, "adjudication": found["total"][:1]}]
    found["item"][0]["modifierExtension"] = [{"url": "https://elsewhere.example/not", "valueBoolean": True}]


def on_a_day(found: dict[str, Any]) -> None:
    found["created"] = "2024-01-02"


def as_a_trial(found: dict[str, Any]) -> None:
    found["use"] = "predetermination"


def without_a_number(found: dict[str, Any]) -> None:
    del found["identifier"]


def with_an_element_that_is_none(found: dict[str, Any]) -> None:
    found["settled"] = True


@pytest.mark.parametrize(
    "spoil",
    [
        *map(without, ("submitted", "benefit", "psn_part_amt", "psn_cash_pay", "hosp_part_amt", "eligible")),
        *(twice, in_euros, in_parts_of_a_fen, of_another_visit, with_a_modifier, on_a_day, as_a_trial),
        *(without_a_number, with_an_element_that_is_none),
    ],
)
def test_a_settlement_that_cannot_be_read_for_certain_is_unknown(spoil: Callable[[dict[str, Any]], None]) -> None:
    found = document("settlement")
    spoil(found)
    assert type(failure("settlement", replied(found))) is OutcomeUnknown


@pytest.mark.parametrize("status", ["requested", "accepted", "in-progress", "on-hold", "?"])
def test_a_reversal_under_way_is_unknown(status: str) -> None:
    assert type(failure("reversal", replied({**document("reversal"), "status": status}, 201))) is OutcomeUnknown


def test_a_search_with_a_second_page_proves_nothing() -> None:
    page = document("query")
    page["link"].append({"relation": "next", "url": "https://insurer.example/fhir?page=2"})
    for name in ("query", "settled-ids"):
        assert type(failure(name, replied(page))) is OutcomeUnknown


def test_a_transaction_is_whole() -> None:
    part = document("transaction")
    part["entry"][1]["response"]["status"] = "409 Conflict"
    assert type(failure("visit", replied(part))) is OutcomeUnknown
    assert type(failure("visit", replied({**part, "entry": []}))) is OutcomeUnknown


def test_lines_that_were_not_answered_are_missed() -> None:
    found = document("charges")
    del found["item"][1]
    assert type(failure("charges", replied(found))) is OutcomeUnknown


def test_a_file_is_created_where_it_says() -> None:
    assert FHIR.upload is not None and FHIR.download is not None
    place = "https://insurer.example/fhir/Binary/f-1/_history/1"
    assert FHIR.upload.decode(None, Reply(201, {"Location": place}, b"")) == "f-1"
    for reply in (Reply(201, {}, b""), Reply(201, {"location": "/Patient/1"}, b""), Reply(200, {}, b"<html>")):
        with pytest.raises(OutcomeUnknown):
            FHIR.upload.decode(None, reply)
    kind = {"content-type": "application/zip"}
    assert FHIR.download.decode(None, Reply(200, kind, b"PK")) == b"PK"
    for status, error in ((404, Refused), (500, OutcomeUnknown), (200, OutcomeUnknown)):
        with pytest.raises(error):
            FHIR.download.decode(None, replied(said("not-found"), status))


def test_no_name_or_number_of_an_answer_shows() -> None:
    for name, reply in (("settlement", replied(said("invalid", "姓名：测试人员甲 999999199001010011"), 422)),):
        shown = repr(failure(name, reply))
        assert "测试人员甲" not in shown and "999999199001010011" not in shown
