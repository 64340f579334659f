"""The fee lines of a visit: 2310 and 2320. A bill then covers whatever of the visit is not settled."""

from collections.abc import Iterator
from datetime import datetime

from insurance.interface.amounts import to_number
from insurance.interface.dialects.delimited.line import moment, request
from insurance.interface.dialects.delimited.replies import Output, nothing, reading
from insurance.interface.exchange import Exchange, Request
from insurance.interface.messages import FeeLine, LineSplit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import ChargeBatch, ChargeUpload

_MEDICINE, _FEE_KIND = "1", "11"  # as recorded: what else can stand here no source says
_USAGE = ("",) * 9
"""Dose, use and days: nothing that we know of."""


def _write_charges(profile: Profile, msgid: str, now: datetime, question: ChargeUpload) -> Request:
    rows = (_row(profile, question, line) for line in question.lines)
    return request(profile, Operation.UPLOAD_CHARGES, msgid, *rows)


def _row(profile: Profile, question: ChargeUpload, line: FeeLine) -> Iterator[str]:
    """The prescription's number tells one line of a visit from another."""
    yield from (question.mdtrt_id, _MEDICINE, _FEE_KIND, line.rxno or line.feedetl_sn, moment(line.occurred_at))
    yield from (line.medins_list_codg, line.med_list_codg, line.name)
    yield from (to_number(line.unit_price), to_number(line.quantity), *_USAGE)
    yield from (profile.opter_name, "", question.insured.insuplc_admdvs or profile.region, "0")


def _read_charges(question: ChargeUpload, value: Output) -> tuple[LineSplit, ...]:
    """It is not told how a line is split."""
    return ()


def _write_batch(profile: Profile, msgid: str, now: datetime, question: ChargeBatch) -> Request:
    """Without the serial of an upload it means all of the visit that is not settled."""
    area = question.insured.insuplc_admdvs or profile.region
    fields = (question.mdtrt_id, "", profile.opter_name, area, "")
    return request(profile, Operation.WITHDRAW_CHARGES, msgid, fields)


UPLOAD_CHARGES: Exchange[ChargeUpload, tuple[LineSplit, ...]] = Exchange(
    Operation.UPLOAD_CHARGES, _write_charges, reading(_read_charges)
)
WITHDRAW_CHARGES: Exchange[ChargeBatch, None] = Exchange(Operation.WITHDRAW_CHARGES, _write_batch, reading(nothing))
