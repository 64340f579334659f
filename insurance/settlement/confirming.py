"""Tell the network, and see that it says the same: the last step before a settlement is complete."""

from insurance.interface.client import InsuranceClient
from insurance.interface.messages import Bill, SelfPayReport
from insurance.ledger import entries
from insurance.settlement import agreement
from insurance.settlement.heard import Heard
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.saga import Event
from insurance.settlement.standing import Standing, standing
from insurance.settlement.undoing import take_back, undone
from insurance.trial import conversation
from insurance.trial.models import Visit


def confirm(client: InsuranceClient, settlement: Settlement) -> Heard:
    """5203 compared field by field, or the report of a pure self-pay (4261). Raises `InterfaceError`."""
    visit = conversation.visit_of(settlement.appointment)
    if settlement.mode == Mode.SELF_PAY:
        client.report_self_pay(_report(settlement, visit))
        return Heard(Event.TOLD)
    there = standing(client, settlement, visit)
    if there.may_settle or there.may_undo:
        return Heard(Event.UNCLEAR, reason="something that was sent may still arrive")
    bill = there.known
    if bill is None or there.others or (bill.refunded and there.ours):
        return Heard(Event.CONTRADICTED, reason="the insurer holds another settlement of this visit")
    if bill.refunded:
        return undone(settlement, again=False)
    if problems := agreement.contradictions(settlement, visit, bill):
        return Heard(Event.CONTRADICTED, reason="; ".join(problems))
    return _alone(client, settlement, visit, there)


def _alone(client: InsuranceClient, settlement: Settlement, visit: Visit, there: Standing) -> Heard:
    """It must be the only one of its visit: what one of our messages made a second time is taken back (2208). The
    ledger holds nothing else as settled either, also where whoever took it back could not book it."""
    surplus = _but(settlement, there.ours)
    booked = take_back(client, visit, surplus)
    if surplus and _but(settlement, standing(client, settlement, visit).ours):
        return Heard(Event.UNCLEAR, reason="settled twice, and the surplus still stands", booked=booked)
    if conversation.may_have_surplus(visit, settlement.insurer):
        conversation.withdraw_surplus(client, visit)
    rest = entries.still_settled(settlement.number, {settlement.setl_id, *(one.source for one in booked)})
    told = "settled twice, the surplus was taken back" if surplus else ""
    return Heard(Event.TOLD, reason=told, booked=(*booked, *rest))


def _but(settlement: Settlement, bills: tuple[Bill, ...]) -> tuple[Bill, ...]:
    return tuple(bill for bill in bills if bill.setl_id != settlement.setl_id)


def _report(settlement: Settlement, visit: Visit) -> SelfPayReport:
    payment = settlement.payment
    if settlement.cash_fen and (payment is None or payment.paid_at is None):
        raise RuntimeError("a self-pay settlement is reported only once it is paid")
    return SelfPayReport(
        ipt_otp_no=visit.ipt_otp_no,
        payment_no=(payment.transaction_no or payment.order_no) if payment else settlement.number,
        total_fen=settlement.total_fen,
        cash_fen=settlement.cash_fen,
        paid_at=(payment.paid_at if payment else None) or settlement.created_at,
    )
