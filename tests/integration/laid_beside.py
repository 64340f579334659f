"""What tests of reconciliation do: compare a day, lose an answer, book something odd, act behind our back."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from django.utils import timezone

from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, Leg
from insurance.models import DayBook, Difference, InterfaceCall, Settlement
from insurance.payment import gateway, orders
from insurance.reconciliation import days, reconcile
from insurance.settlement import collecting, recording
from insurance.settlement.heard import Heard
from insurance.settlement.saga import Event
from insurance.settlement.standing import purpose
from tests.integration import doing
from tests.simulators import Simulator


def today() -> date:
    return days.local_day(timezone.now())


def yesterday() -> date:
    return today() - timedelta(days=1)


def surely_over() -> date:
    """Yesterday is not, in the first minutes of a day: its last answers may still come."""
    return today() - timedelta(days=2)


def night(days_on: int = 1, hour: int = 3) -> datetime:
    """At this hour, so many days from now."""
    midnight = datetime.combine(today(), datetime.min.time(), timezone.get_default_timezone())
    return midnight + timedelta(days=days_on, hours=hour)


def noon(day: date) -> datetime:
    return days.bounds(day)[0] + timedelta(hours=12)


def compared(day: date | None = None, *, details: bool = False) -> DayBook:
    book = reconcile.run(day or today(), details=details)
    assert book.state == "reconciled", book.last_error
    return book


def found(book: DayBook) -> list[tuple[str, str, str, str]]:
    """What is not resolved: class, movement, what is done about it, state."""
    rows = book.differences.exclude(state="resolved").order_by("pk")
    return [(row.classed, row.movement, row.remedy, row.state) for row in rows]


def only(book: DayBook) -> Difference:
    (row,) = book.differences.all()
    return row


def live(insurer: Simulator) -> list[dict[str, Any]]:
    return [row for row in insurer.ledger()["settlements"] if not row["refunded"]]


def lost() -> Settlement:
    """Asked to be settled, and nothing was heard of it (`lose`)."""
    settlement = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    assert doing.state_of(settlement) == "unknown"
    return settlement


def lose(insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1})


def completed(cash: bool = False) -> Settlement:
    if not cash:
        return doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    orders.learn(settlement.number, gateway.query(settlement.number))
    collecting.collect_due()
    return doing.recovered(settlement, "completed")


def said(settlement: Settlement, event: Event) -> None:
    settlement.refresh_from_db()
    recording.record(settlement, Heard(event, reason="as the test has it"))


def without_effect(settlement: Settlement) -> Settlement:
    """Given up by a person as if nothing of it stood."""
    said(settlement, Event.EXHAUSTED)
    said(settlement, Event.VOID)
    return settlement


def booked(
    settlement: Settlement, at: datetime, source: str, fund: int = 0, account: int = 0, total: int = 3052
) -> None:
    """The ledger is told that the insurer holds this."""
    legs = ((Leg.FUND, fund), (Leg.ACCOUNT, account), (Leg.OWN, total - fund - account), (Leg.HOSPITAL, 0))
    entries.book(settlement.number, [Amounts(Kind.SETTLED, source, "2207", at, legs)])


def booked_as_paid(settlement: Settlement, at: datetime, fen: int | None = None) -> None:
    """The ledger is told that the patient has paid."""
    amount_fen = settlement.cash_fen if fen is None else fen
    entries.book(settlement.number, [Amounts(Kind.PAID, settlement.number, "pay", at, ((Leg.CASH, amount_fen),))])


def arrives(insurer: Simulator, settlement: Settlement, msgid: str = "") -> None:
    """The message that settled it arrives once more, not from us; or the same under another id."""
    sent = json.loads(InterfaceCall.objects.filter(infno="2207A", purpose=purpose(settlement)).latest("pk").request)
    body = json.dumps(sent | {"msgid": msgid or sent["msgid"]}).encode()
    address = f"{insurer.url}/fsi/api/outpatientSettleService/saveSettletmentA"
    httpx.post(address, content=body, trust_env=False).raise_for_status()


def cancelled_at_their_desk(insurer: Simulator, settlement: Settlement) -> None:
    """2208 that we have not sent."""
    sent = json.loads(InterfaceCall.objects.filter(infno="2207A", purpose=purpose(settlement)).latest("pk").request)
    data = {"setl_id": settlement.setl_id, **{name: sent["input"]["data"][name] for name in ("mdtrt_id", "psn_no")}}
    body = sent | {"infno": "2208", "msgid": "H99999900001" + "8" * 18, "input": {"data": data}}
    address = f"{insurer.url}/fsi/api/outpatientSettleService/cancleSettletment"
    httpx.post(address, json=body, trust_env=False).raise_for_status()


def calls(infno: str) -> int:
    return InterfaceCall.objects.filter(infno=infno).count()
