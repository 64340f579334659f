"""How a resource becomes a Request: create, operation, transaction, search, each a POST. Source: FHIR R4, http.html."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from insurance.interface.dialects.fhir.replies import resource
from insurance.interface.dialects.fhir.resources import written
from insurance.interface.dialects.fhir.vocabulary import Json
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.times import centre_time

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
MOST_FOUND = 200
"""Entries of a search that are asked for at once; a visit has one settlement, a person a few visits a day."""


def post(profile: Profile, operation: Operation, path: str, msgid: str, document: Json) -> Request:
    """One resource to a path below the insurer's FHIR base URL. Raises NotWritable if it is not valid."""
    headers = {"content-type": f"{FHIR_JSON}; charset=utf-8", "prefer": "return=representation"}
    return Request(profile.infno(operation), path, sent_headers(profile, msgid, headers), written(document))


def transact(profile: Profile, operation: Operation, msgid: str, puts: Sequence[tuple[str, str, Json]]) -> Request:
    """Conditional updates, all or none: each as (search that names it, fullUrl, resource)."""
    entries = [
        {"fullUrl": full_url, "resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}?{which}"}}
        for which, full_url, each in puts
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return post(profile, operation, "", msgid, bundle)


def search(
    profile: Profile, operation: Operation, kind: str, msgid: str, parameters: Sequence[tuple[str, str]]
) -> Request:
    """`POST [type]/_search`: what identifies a person stays in the body, and out of everybody's access log."""
    headers = sent_headers(profile, msgid, {"content-type": FORM})
    body = urlencode([*parameters, ("_count", str(MOST_FOUND))]).encode()
    return Request(profile.infno(operation), f"/{kind}/_search", headers, body)


def sent_headers(profile: Profile, msgid: str, headers: Mapping[str, str]) -> dict[str, str]:
    """With our message id, so that both sides' logs can be laid side by side (x-request-id, http.html)."""
    return {"accept": FHIR_JSON, "x-request-id": msgid, **headers, **profile.headers}


def token(system: str, value: str) -> str:
    """A search value `system|value`; what parts values in FHIR is escaped (search.html)."""
    for special in ("\\", "|", ",", "$"):
        value = value.replace(special, f"\\{special}")
    return f"{system}|{value}"


def found(reply: Reply, kind: str) -> tuple[Json, ...]:
    """The matches of a search, whole: a first page alone would prove nothing."""
    bundle = resource(reply, "Bundle")
    if bundle["type"] != "searchset":
        raise OutcomeUnknown("the Bundle is no searchset")
    if any(link.get("relation") == "next" for link in bundle.get("link") or ()):
        raise OutcomeUnknown("more was found than fits into one answer")
    entries = [each for each in bundle.get("entry") or () if (each.get("search") or {}).get("mode") != "outcome"]
    matches = [each.get("resource") or {} for each in entries]
    if any(each.get("resourceType") != kind for each in matches):
        raise OutcomeUnknown(f"something else than {kind} was found")
    return tuple(matches)


def transacted(question: object, reply: Reply) -> None:
    """A transaction is carried out whole or not at all; a refused one comes as an OperationOutcome."""
    bundle = resource(reply, "Bundle")
    statuses = [(each.get("response") or {}).get("status") or "" for each in bundle.get("entry") or ()]
    if bundle["type"] != "transaction-response" or not statuses:
        raise OutcomeUnknown("the Bundle is no transaction-response")
    if not all(status.startswith("2") for status in statuses):
        raise OutcomeUnknown("part of the transaction was not carried out")


def instant(moment: datetime) -> str:
    """A dateTime with seconds and zone. Raises ValueError for a naive time."""
    return centre_time(moment).isoformat(timespec="seconds")
