"""What stands in FHIR: of this message, and not entered in error. And what cannot be said in it is not sent."""

from dataclasses import replace
from typing import Any

import pytest

from insurance.interface.client import InsuranceClient
from insurance.interface.errors import NotWritable, OutcomeUnknown, Refused
from insurance.interface.exchange import Reply
from tests.unit.interface.fhir_words import FHIR, LINES, OMSGID, QUESTIONS, decoded, document, golden, replied
from tests.unit.interface.words import INSURED, NOW, VISIT, Answering, Journal, profile

IN_ERROR = "entered-in-error"
STATUSES = {name: 201 if name in ("registration", "reversal", "self-pay") else 200 for name in QUESTIONS}
ANSWERED_BY_ONE = ("eligibility", "charges", "trial", "settlement", "cancellation", "registration", "reversal")


def speaking() -> tuple[Answering, Journal, InsuranceClient]:
    """A client of this dialect, and what it sends and writes down."""
    journal = Journal()
    wire = Answering(golden("charges"), journal)
    transport: Any = wire
    return wire, journal, InsuranceClient(profile(), FHIR, transport, journal, lambda: NOW)


def of_message(msgid: str | None) -> Reply:
    """The golden settlement as the answer to this message; None: to none that it names."""
    found = document("settlement")
    if msgid is None:
        del found["request"]
    else:
        found["request"]["identifier"]["value"] = msgid
    return replied(found)


def test_a_settlement_is_of_the_message_that_asked_for_it() -> None:
    assert decoded("settlement", of_message(OMSGID)).medins_setl_id == OMSGID
    for other in (OMSGID[:-1] + "7", None):
        with pytest.raises(OutcomeUnknown, match="of this message"):
            decoded("settlement", of_message(other))


@pytest.mark.parametrize("status", ["cancelled", "draft", IN_ERROR])
def test_a_settlement_that_does_not_stand_has_not_been_made(status: str) -> None:
    with pytest.raises(OutcomeUnknown):
        decoded("settlement", replied({**document("settlement"), "status": status}))


def queried(status: str) -> Any:
    found = document("query")
    found["entry"][0]["resource"]["status"] = status
    return decoded("query", replied(found))


def test_only_what_is_active_stands() -> None:
    refunded = {status: queried(status).refunded for status in ("active", "cancelled", IN_ERROR)}
    assert refunded == {"active": False, "cancelled": True, IN_ERROR: True}
    with pytest.raises(OutcomeUnknown, match="draft"):
        queried("draft")


@pytest.mark.parametrize("name", ANSWERED_BY_ONE)
def test_an_answer_entered_in_error_is_none(name: str) -> None:
    """Negative control: as it is, it is one."""
    decoded(name, golden(name, STATUSES[name]))
    with pytest.raises(OutcomeUnknown, match="entered in error"):
        decoded(name, replied({**document(name), "status": IN_ERROR}, STATUSES[name]))


@pytest.mark.parametrize("name", ["day-totals", "day-details"])
def test_a_comparison_entered_in_error_is_none(name: str) -> None:
    with pytest.raises(OutcomeUnknown, match="entered in error"):
        decoded(name, replied({**document(name), "status": IN_ERROR}))


def test_a_visit_entered_in_error_is_not_gone_on_with() -> None:
    found = document("find-visits")
    assert len(decoded("find-visits", replied(found))) == 1
    for status in ("cancelled", IN_ERROR):
        found["entry"][0]["resource"]["status"] = status
        assert decoded("find-visits", replied(found)) == ()


def test_an_insurance_entered_in_error_is_not_in_force() -> None:
    found = document("eligibility")
    assert [row.status for row in decoded("eligibility", replied(found)).rows] == ["1", "0"]
    for each in found["contained"]:
        if each["resourceType"] == "Coverage":
            each["status"] = IN_ERROR
    assert [row.status for row in decoded("eligibility", replied(found)).rows] == ["0", "0"]


@pytest.mark.parametrize("reference", ["Binary/../Patient", "Binary/", "Binary/a b", "Binary/" + "a" * 65])
def test_a_file_that_could_not_be_fetched_is_none(reference: str) -> None:
    found = document("day-details")
    (detail,) = found["detail"]
    detail["response"]["reference"] = reference
    with pytest.raises(OutcomeUnknown):
        decoded("day-details", replied(found))


@pytest.mark.parametrize("code", ["XB02 ", " XB02", "XB  02"])
def test_a_code_that_is_none_is_known_before_anything_is_sent(code: str) -> None:
    """It names the place, and not what stands there."""
    lines = (LINES[0], replace(LINES[1], med_list_codg=code))
    wire, journal, client = speaking()
    with pytest.raises(NotWritable) as unfit:
        client.upload_charges(INSURED, "M1", "7-1", VISIT, lines)
    assert "item.1.product Or Service.coding.0.code" in str(unfit.value) and "XB" not in str(unfit.value)
    assert (wire.sent, journal.before_calls, journal.after_calls) == ([], [], [])


def test_negative_control_a_code_that_is_one_is_sent() -> None:
    wire, journal, client = speaking()
    with pytest.raises(OutcomeUnknown, match="another visit"):
        client.upload_charges(INSURED, "M1", "7-1", VISIT, LINES)
    assert (len(wire.sent), len(journal.before_calls)) == (1, 1)


def spoilt(name: str, **changes: Any) -> Reply:
    """A golden searchset whose first match is another."""
    found = document(name)
    found["entry"][0]["resource"] |= changes
    return replied(found)


@pytest.mark.parametrize("coverage", [{"type": {"coding": [None]}}, {"type": {"coding": [{}]}}, {"payor": []}])
def test_an_empty_item_or_list_is_not_valid(coverage: dict[str, Any]) -> None:
    """The library takes the last two; the last one ended the turn, as fuzzing has found."""
    policy = document("query")["entry"][0]["resource"]["contained"][0]
    with pytest.raises(OutcomeUnknown):
        decoded("query", spoilt("query", contained=[{**policy, **coverage}]))
    eligibility = document("eligibility")
    for each in eligibility["contained"]:
        if each["resourceType"] == "Coverage":
            each.update(coverage)
    with pytest.raises(OutcomeUnknown):
        decoded("eligibility", replied(eligibility))


@pytest.mark.parametrize("name", ["amount", "category"])
def test_a_total_in_which_something_is_null_is_unknown(name: str) -> None:
    """The library takes it, and it ended the turn."""
    for answer in ("query", "settlement", "cancellation", "trial"):
        found = document(answer)
        bill = found["entry"][0]["resource"] if answer == "query" else found
        bill["total"][0][name] = None
        with pytest.raises(OutcomeUnknown):
            decoded(answer, replied(found))


@pytest.mark.parametrize("entry", [[None], [{}], [{"resource": {}}], [{"resource": None}]])
def test_a_match_with_nothing_in_it_is_not_nothing_found(entry: list[Any]) -> None:
    """Negative control: an empty list is."""
    with pytest.raises(OutcomeUnknown):
        decoded("query", replied({**document("query"), "entry": entry}))
    with pytest.raises(Refused, match="nothing was found"):
        decoded("query", replied({**document("query"), "entry": []}))


def test_a_property_that_is_null_is_as_one_that_is_not_there() -> None:
    assert decoded("query", spoilt("query", disposition=None)) == decoded("query", golden("query"))
