"""The reversal (2601): a Task that nullifies the Claim of one message. Source: protocol 3.10, 7; FHIR R4, task.html.

R4's financial code is "cancel"; ours beside it says that it is to be as if the message had never come, known or not.
"""

from datetime import datetime

from insurance.interface.dialects.fhir.exchanges import instant, post
from insurance.interface.dialects.fhir.parties import hospital, insurer, person
from insurance.interface.dialects.fhir.reading import refusal_code, text
from insurance.interface.dialects.fhir.replies import resource
from insurance.interface.dialects.fhir.vocabulary import Codes, Sid, coding, identifier, logical
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import Reversal

DONE = "completed"
NOT_DONE = ("rejected", "failed")


def _encode(profile: Profile, msgid: str, now: datetime, question: Reversal) -> Request:
    document = {
        "resourceType": "Task",
        "identifier": [identifier(Sid.MESSAGE, msgid)],
        "status": "requested",
        "intent": "order",
        "code": {"coding": [coding(Codes.FINANCIAL_TASK, "cancel"), coding(Codes.TASK, "nullify")]},
        "focus": logical("Claim", Sid.MESSAGE, question.omsgid),
        "for": person(question.insured),
        "authoredOn": instant(now),
        "requester": hospital(profile),
        "owner": insurer(profile),
    }
    return post(profile, Operation.REVERSE, "/Task", msgid, document)


def _decode(question: Reversal, reply: Reply) -> None:
    """A Task that is accepted or under way may still be carried out: that is no answer yet."""
    task = resource(reply, "Task")
    status, reason = text(task.get("status")), task.get("statusReason") or {}
    if status in NOT_DONE:
        raise Refused(str(reason.get("text") or f"the Task is {status}"), code=refusal_code(reason))
    if status != DONE:
        raise OutcomeUnknown("the Task is not completed")


REVERSE: Exchange[Reversal, None] = Exchange(Operation.REVERSE, _encode, _decode)
