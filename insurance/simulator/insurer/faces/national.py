"""The national envelope, as each province has it, and the report of self-pay that has none."""

from datetime import datetime
from functools import partial

from insurance.simulator.asgi import BadBody, loads
from insurance.simulator.insurer import envelope, form, self_pay
from insurance.simulator.insurer.envelope import Call, NotAnEnvelope, Refused
from insurance.simulator.insurer.faces import Message, NotUnderstood, Understood
from insurance.simulator.insurer.ledger import CHINA, Ledger
from insurance.simulator.insurer.misbehaviour import Reply, Work
from insurance.simulator.insurer.provinces import NATIONAL, PROVINCES
from insurance.simulator.insurer.transactions import carry_out, table
from insurance.simulator.money import JsonObject

TOTALS = ("medfee_sumamt", "det_item_fee_sumamt")


class National:
    """JSON over HTTP (protocol 1). Raises KeyError for a province that is not there."""

    def __init__(self, ledger: Ledger, *, refuse_double: bool, profile: str = "") -> None:
        self.ledger = ledger
        self.handlers = table(refuse_double)
        self.province = PROVINCES[profile] if profile else NATIONAL
        self.metered = self.province.number("2206"), self.province.number("2207")

    def understand(self, message: Message) -> Understood:
        """An envelope, or a report by its path or header."""
        try:
            document, file = form.parts(message.kind, message.body)
            body = loads(document)
            if self_pay.is_report(message.path, body, message.msgid):
                reported = partial(self._self_pay, body, message.msgid)
                return Understood(self_pay.INFNO, message.msgid, Work(reported, refused, with_wrong_totals))
            call = envelope.read(body, file, self.province)
        except (BadBody, NotAnEnvelope) as error:
            raise NotUnderstood(self._refused(f"交易报文不正确：{error}")) from error
        if not self.province.knows(call.infno, message.path):
            raise NotUnderstood(envelope.unknown_infno(call.at))
        work = Work(partial(self._carry_out, call), self._refused, with_wrong_totals)
        return Understood(call.infno, call.msgid, work)

    def _carry_out(self, call: Call) -> Reply:
        return self._said(carry_out(self.handlers, self.ledger, call))

    def _refused(self, text: str) -> Reply:
        return self._said(refused(text))

    def _said(self, reply: JsonObject | bytes) -> Reply:
        """Jilin's infcode is a text (protocol 1.2)."""
        if self.province.infcode_is_text and isinstance(reply, dict):
            return {**reply, "infcode": str(reply["infcode"])}
        return reply

    def _self_pay(self, body: JsonObject, msgid: str) -> JsonObject:
        try:
            return self_pay.report(self.ledger, body, msgid)
        except Refused as refusal:
            return self_pay.wrapped(-1, "error", str(refusal))


def refused(text: str) -> JsonObject:
    """infcode -1 and this text."""
    return envelope.refused(datetime.now(CHINA), text)


def with_wrong_totals(reply: Reply) -> Reply:
    """Each total one yuan too high. A file stays as it is."""
    output = reply.get("output") if isinstance(reply, dict) else None
    nodes = output.values() if isinstance(output, dict) else output or ()
    for node in nodes:
        for row in node if isinstance(node, list) else [node]:
            wrong = {field: row[field] + 1 for field in TOTALS if isinstance(row, dict) and field in row}
            if wrong:
                row.update(wrong)
    return reply
