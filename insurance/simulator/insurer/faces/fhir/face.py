"""FHIR at the door; what the centre does about it is the same as behind the national face."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from insurance.simulator.asgi import BadBody, Content, loads
from insurance.simulator.insurer import envelope, self_pay
from insurance.simulator.insurer.envelope import Call, NotAnEnvelope, Refused
from insurance.simulator.insurer.faces import Message, NotUnderstood, Understood
from insurance.simulator.insurer.faces.fhir import asked as questions
from insurance.simulator.insurer.faces.fhir.answers import answered, problem, refused
from insurance.simulator.insurer.faces.fhir.asked import Asked
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.insurer.misbehaviour import Reply, Work
from insurance.simulator.insurer.transactions import carry_out, table
from insurance.simulator.money import JsonObject, fen, yuan

FHIR, ZIP = b"application/fhir+json; charset=utf-8", b"application/zip"
RETRY_AFTER = (b"retry-after", b"1")
INTERACTION = re.compile(r"/((?:[A-Z][A-Za-z]+/)?(?:\$[a-z]+|_search)|[A-Z][A-Za-z]+|Binary/[A-Za-z0-9.\-]{1,64})$")
MALFORMED = (BadBody, NotAnEnvelope, KeyError, IndexError, TypeError, AttributeError, StopIteration, ValueError)
RESOURCES: dict[str, Callable[[JsonObject], Asked]] = {
    "": questions.transaction,
    "Claim/$submit": questions.claim,
    "CoverageEligibilityRequest/$submit": questions.eligibility,
    "Encounter": questions.encounter,
    "PaymentNotice": questions.notice,
    "PaymentReconciliation/$reconcile": questions.reconciliation,
    "Task": questions.task,
}
SEARCHES: dict[str, Callable[[bytes], Asked]] = {
    "Encounter/_search": questions.visits,
    "ClaimResponse/_search": questions.responses,
}


class Fhir:
    """FHIR R4: create, operations, a transaction, search by POST, and the one GET that fetches a Binary."""

    metered: ClassVar[tuple[str, str]] = ("2206A", "2207A")

    def __init__(self, ledger: Ledger, *, refuse_double: bool) -> None:
        self.ledger = ledger
        self.handlers = table(refuse_double)

    def understand(self, message: Message) -> Understood:
        """By path and resource; the path before the resource's name is nobody's business."""
        try:
            asked = self._asked(message)
            msgid = asked.msgid or message.msgid
            call = envelope.read(_envelope(asked, msgid), message.body if asked.infno == "9101" else b"")
        except MALFORMED as error:
            text = f"{type(error).__name__} {error}"
            raise NotUnderstood(_content(400, problem("structure", {"text": text}))) from error
        work = partial(self._carry_out, asked, call)
        return Understood(call.infno, call.msgid, Work(work, partial(_refused, asked), with_wrong_totals))

    def _asked(self, message: Message) -> Asked:
        found = INTERACTION.search(message.path)
        interaction = found[1] if found else ""
        if interaction == "Binary":
            return questions.file()
        if interaction.startswith("Binary/"):
            return self._fetched(interaction.removeprefix("Binary/"))
        if interaction in SEARCHES:
            return SEARCHES[interaction](message.body)
        return RESOURCES[interaction if interaction in RESOURCES else ""](loads(message.body))

    def _fetched(self, id: str) -> Asked:
        number = id.replace(".", "/")
        file = self.ledger.files.get(number)
        about = {"file_qury_no": number, "filename": file.filename if file else "-", "fixmedins_code": "-"}
        return Asked("9102", {"fsDownloadIn": about})

    def _carry_out(self, asked: Asked, call: Call) -> Content:
        if asked.infno == self_pay.INFNO:
            return self._self_pay(asked, call)
        reply: Any = carry_out(self.handlers, self.ledger, call)
        if isinstance(reply, bytes):
            return Content(reply, ZIP)
        if reply["infcode"] != 0:
            return _refused(asked, str(reply["err_msg"]))
        return _content(*answered(asked, reply["output"]))

    def _self_pay(self, asked: Asked, call: Call) -> Content:
        try:
            self_pay.report(self.ledger, call.input, call.msgid)
        except Refused as refusal:
            return _refused(asked, str(refusal))
        return _content(201, asked.resource or {})


def with_wrong_totals(reply: Reply) -> Reply:
    """Every submitted amount one yuan too high. A file stays as it is."""
    if not isinstance(reply, Content) or reply.kind != FHIR:
        return reply
    resource = json.loads(reply.body)
    for row in [*resource.get("total", ()), *(each for item in resource.get("item", ()) for each in _rows(item))]:
        if row["category"]["coding"][0]["code"] == "submitted":
            row["amount"]["value"] = yuan(fen(row["amount"]["value"]) + 100)
    return _content(reply.status, resource)


def _rows(item: JsonObject) -> list[JsonObject]:
    rows: list[JsonObject] = item.get("adjudication", [])
    return rows


def _refused(asked: Asked, text: str) -> Content:
    if "频繁" in text:
        return _content(429, problem("throttled", {"text": text}), RETRY_AFTER)
    return _content(*refused(asked, text))


def _envelope(asked: Asked, msgid: str) -> JsonObject:
    """Numbers as the national clients write them: as text."""
    region = {"mdtrtarea_admvs": asked.region} if asked.region else {}
    input = json.loads(json.dumps(asked.input, default=str))
    return {"infno": asked.infno, "msgid": msgid, **region, "input": input}


def _content(status: int, resource: JsonObject, *headers: tuple[bytes, bytes]) -> Content:
    """A file that was created lies where its OperationOutcome says."""
    body = json.dumps(resource, ensure_ascii=False, default=float).encode()
    created = resource.get("issue", [{}])[0].get("diagnostics", "")
    place = ((b"location", created.encode()),) if status == 201 and created else ()
    return Content(body, FHIR, status, (*headers, *place))
