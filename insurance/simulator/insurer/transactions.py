"""The table of transactions: number -> what carries it out. The "A" forms are the same ones (protocol 2.6).

What a province wants otherwise is asked for before, and said after; between the two all of them do the same.
"""

from insurance.simulator.insurer import comparison, files, queries, settlements, visits
from insurance.simulator.insurer.envelope import Call, Handler, Refused, accepted, refused, text, unknown_infno
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
    handler = handlers.get(call.number)
    if handler is None:
        return unknown_infno(call.at)
    try:
        _check_header(ledger, call)
        _check_fields(call)
        output = handler(ledger, call)
    except Refused as refusal:
        return refused(call.at, str(refusal))
    if isinstance(output, bytes):
        return output
    return accepted(call, _as_here(call, output), SUCCESS_TEXT.get(call.number))


def _check_header(ledger: Ledger, call: Call) -> None:
    for name, value in call.province.header.items():
        if name not in call.header or value not in (None, call.header[name]):
            raise Refused(f"{name}不正确")
    if call.province.signs_in and call.number != "9001" and text(call.header, "sign_no") not in ledger.signed_in:
        raise Refused("操作员未签到，请先签到")


def _check_fields(call: Call) -> None:
    required = call.province.required.get(call.number)
    if required:
        call.node("data", required)


def _as_here(call: Call, output: object) -> object:
    """The bill under the names that its fields have here, and what else stands beside it."""
    if not isinstance(output, dict) or "setlinfo" not in output:
        return output
    called = call.province.answers.get(call.number, {})
    bill = {called.get(name, name): value for name, value in output["setlinfo"].items()}
    return {**output, "setlinfo": bill, **{name: [] for name in call.province.more}}
