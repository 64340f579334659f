"""FHIR at the door: a request becomes a national one, the reply a resource; what the centre does about it is the same.

So the books, the meter and every fault are those of the national face, and a fault that garbles or loses an answer does
the same to this one.
"""

import json
import re
from collections.abc import Callable

from insurance.simulator.asgi import BadBody, Exchange, Receive, Scope, Send, dumps, loads
from insurance.simulator.insurer.envelope import NotAnEnvelope
from insurance.simulator.insurer.fhir import asked as questions
from insurance.simulator.insurer.fhir.answers import answered, problem, refused
from insurance.simulator.insurer.fhir.asked import Asked
from insurance.simulator.insurer.fhir.words import TOTAL_URL, by_reference, inside, sid
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.money import JsonObject

FHIR = b"application/fhir+json; charset=utf-8"
ZIP = b"application/zip"
RETRY_AFTER = b"1"
INTERACTION = re.compile(
    r"(?:/(Claim/\$submit|CoverageEligibilityRequest/\$submit|PaymentReconciliation/\$reconcile"
    r"|Encounter/_search|ClaimResponse/_search|Encounter|Task|PaymentNotice|Binary)|/Binary/([A-Za-z0-9.\-]{1,64}))$"
)
RESOURCES: dict[str, Callable[[JsonObject], Asked]] = {
    "Claim/$submit": questions.claim,
    "CoverageEligibilityRequest/$submit": questions.eligibility,
    "PaymentReconciliation/$reconcile": questions.reconciliation,
    "Encounter": questions.encounter,
    "Task": questions.task,
}
SEARCHES: dict[str, Callable[[bytes], Asked]] = {
    "Encounter/_search": questions.visits,
    "ClaimResponse/_search": questions.responses,
}
BOUNDARY = b"fhir-binary"
PART = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def is_meant(exchange: Exchange) -> bool:
    """Whether a request is FHIR: by its path, or by its type where the path is the base (a transaction)."""
    found = INTERACTION.search(exchange.path)
    fetches = bool(found and found[2])
    if exchange.method == "GET":
        return fetches
    typed = exchange.header(b"content-type").startswith("application/fhir+json")
    return exchange.method == "POST" and not fetches and (bool(found) or typed)


class FhirExchange(Exchange):
    """One FHIR request, to the centre's eyes a national one."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, ledger: Ledger) -> None:
        super().__init__(scope, receive, send)
        self.ledger = ledger
        self.asked: Asked | None = None
        self.uploads = self.path.endswith("/Binary")
        self.notice: JsonObject | None = None

    def header(self, name: bytes) -> str:
        """As the national face would have them: a form around a file, our message id beside a self-pay report."""
        if name == b"content-type":
            return f"multipart/form-data; boundary={BOUNDARY.decode()}" if self.uploads else "application/json"
        if name == b"x-msgid":
            return super().header(b"x-request-id") if self.notice else ""
        return super().header(name)

    async def body(self) -> bytes:
        """The national request that this one stands for. Raises BadBody or NotAnEnvelope."""
        sent = await super().body()
        found = INTERACTION.search(self.path)
        try:
            return self._translated(found[1] or "" if found else "", found[2] or "" if found else "", sent)
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration, ValueError) as error:
            raise BadBody(f"{type(error).__name__} {error}") from error

    def _translated(self, interaction: str, id: str, sent: bytes) -> bytes:
        if interaction == "Binary":
            return self._upload(sent)
        if interaction == "PaymentNotice":
            self.notice = loads(sent)
            return dumps(_self_pay(self.notice))
        if id:
            self.asked = self._download(id)
        elif interaction in SEARCHES:
            self.asked = SEARCHES[interaction](sent)
        else:
            self.asked = RESOURCES.get(interaction, questions.transaction)(loads(sent))
        return dumps(self._envelope(self.asked))

    def _envelope(self, asked: Asked) -> JsonObject:
        msgid = asked.msgid or super().header(b"x-request-id")
        region = {"mdtrtarea_admvs": asked.region} if asked.region else {}
        return {"infno": asked.infno, "msgid": msgid, **region, "input": json.loads(_plain(asked.input))}

    def _upload(self, content: bytes) -> bytes:
        """9101, the file as it came: around it the form that the national face takes."""
        about = {"filename": "statement.zip", "fixmedins_code": "-"}
        self.asked = Asked("9101", {"fsUploadIn": about})
        parts = ((b"jsonStr", dumps(self._envelope(self.asked))), (b"file", content))
        form = [PART % (BOUNDARY, name, inner) for name, inner in parts]
        return b"".join([*form, b"--%s--\r\n" % BOUNDARY])

    def _download(self, id: str) -> Asked:
        number = id.replace(".", "/")
        file = self.ledger.files.get(number)
        about = {"file_qury_no": number, "filename": file.filename if file else "-", "fixmedins_code": "-"}
        return Asked("9102", {"fsDownloadIn": about})

    async def send_json(self, status: int, value: object) -> None:
        """The centre's own words outside a transaction: a gateway's 401, or an envelope that it could not read."""
        if status != 200:
            text = str(value.get("message", "")) if isinstance(value, dict) else ""
            await self._resource(status, problem("login", {"text": text}))
            return
        await self.answer(value)

    async def answer(self, value: object) -> None:
        if isinstance(value, bytes):
            await self.send(200, value, ZIP)
            return
        await self._resource(*self._turned(value))

    async def send_half(self, value: object) -> None:
        body, kind = (value, ZIP) if isinstance(value, bytes) else (_written(self._turned(value)[1]), FHIR)
        await self.halve(body, kind)

    def _turned(self, value: object) -> tuple[int, JsonObject]:
        """Status and resource of a national reply."""
        reply = value if isinstance(value, dict) else {}
        done = reply.get("infcode", reply.get("code")) == 0
        text = str(reply.get("err_msg") or reply.get("message") or "")
        if "频繁" in text:
            return 429, problem("throttled", {"text": text})
        if not done:
            understood = self.asked or self.notice
            return refused(self.asked, text) if understood else (400, problem("structure", {"text": text}))
        if self.notice:
            return 201, self.notice
        if self.uploads:
            location = {"text": f"Binary/{reply['output']['file_qury_no'].replace('/', '.')}"}
            return 201, problem("informational", location, "information")
        if self.asked is None:
            raise NotAnEnvelope("nothing was asked")
        return answered(self.asked, reply["output"])

    async def _resource(self, status: int, resource: JsonObject) -> None:
        more = []
        if status == 429:
            more.append((b"retry-after", RETRY_AFTER))
        if status == 201 and self.uploads:
            more.append((b"location", f"/{resource['issue'][0]['details']['text']}".encode()))
        body = _written(resource)
        headers = [(b"content-type", FHIR), (b"content-length", b"%d" % len(body)), *more]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _written(resource: JsonObject) -> bytes:
    """Decimals that came are written back as numbers."""
    return json.dumps(resource, ensure_ascii=False, default=float).encode()


def _plain(value: object) -> str:
    """Decimals as the national clients write them: as text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _self_pay(notice: JsonObject) -> JsonObject:
    """4261, without an envelope (protocol 3.16)."""
    visit = inside(notice, "Encounter")
    total = next((each["valueMoney"]["value"] for each in notice["extension"] if each["url"] == TOTAL_URL), None)
    subject = visit.get("subject", {})
    return {
        "iptOtpNo": sid(visit["identifier"], "ipt_otp_no"),
        "mdtrtId": sid(visit["identifier"], "mdtrt_id"),
        "setlId": by_reference(notice.get("response"), "setl_id"),
        "psnName": subject.get("display", ""),
        "certno": by_reference(subject, "certno"),
        "medfeeSumamt": str(total or ""),
        "psnCashPay": str(notice["amount"]["value"]),
    }
