"""The table of transactions: number -> what carries it out. The "A" forms are the same ones (protocol 2.6)."""

from insurance.simulator.insurer import comparison, files, queries, settlements, visits
from insurance.simulator.insurer.envelope import Call, Handler, Refused, accepted, refused, unknown_infno
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.money import JsonObject

# As recorded in Zhejiang: signing in and out says "success", everything else null.
SUCCESS_TEXT = {"9001": "success", "9002": "success"}


def table(refuse_double: bool) -> dict[str, Handler]:
    return {
        "9001": visits.sign_in,
        "9002": visits.sign_out,
        "1101": visits.query_person,
        "2201": visits.register,
        "2202": visits.cancel_registration,
        "2203": visits.upload_visit,
        "2204": visits.upload_lines,
        "2205": visits.withdraw_lines,
        "2206": settlements.trial,
        "2207": settlements.settlement(refuse_double),
        "2208": settlements.cancel,
        "2601": settlements.reverse,
        "3201": queries.statement,
        "3202": comparison.details,
        "5201": queries.visits,
        "5203": queries.settlement,
        "5204": queries.lines,
        "9101": files.upload,
        "9102": files.download,
    }


def carry_out(handlers: dict[str, Handler], ledger: Ledger, call: Call) -> JsonObject | bytes:
    """Carry the call out and answer it, a refusal too; with a file as it is, without the envelope."""
    number = call.infno.removesuffix("A")
    handler = handlers.get(number)
    if handler is None:
        return unknown_infno(call.at)
    try:
        output = handler(ledger, call)
        return output if isinstance(output, bytes) else accepted(call, output, SUCCESS_TEXT.get(number))
    except Refused as refusal:
        return refused(call.at, str(refusal))
