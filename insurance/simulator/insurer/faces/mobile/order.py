"""An order: what was uploaded, what it would cost, and how far it is."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from insurance.simulator.insurer.envelope import DATETIME, Call, Refused, text
from insurance.simulator.insurer.ledger import Ledger, Settlement, Visit
from insurance.simulator.insurer.pricing import Amounts
from insurance.simulator.money import JsonObject, yuan

TRIED, PAID, REFUNDED, WITHDRAWN = "1", "4", "7", "12"
"""`ordStas`, as far as this centre goes: it settles the insurance's part at once, and collects no money."""
REVERSIBLE_FOR = timedelta(hours=1)
TOKEN_BYTES = 16


def token() -> str:
    return secrets.token_hex(TOKEN_BYTES)


@dataclass(slots=True)
class Order:
    """`number` is its payOrdId, `pay_token` speaks for it, `revs_token` may take it back within the hour."""

    number: str
    visit: Visit
    med_org_ord: str
    acct_used: bool
    amounts: Amounts
    sent: JsonObject
    pay_token: str = field(default_factory=token)
    revs_token: str = field(default_factory=token)
    state: str = TRIED
    entry: Settlement | None = None

    def shown(self) -> JsonObject:
        """Number, state and the four amounts."""
        return {
            "payOrdId": self.number,
            "ordStas": self.state,
            "feeSumamt": yuan(self.amounts.total),
            "ownPayAmt": yuan(self.amounts.cash),
            "psnAcctPay": yuan(self.amounts.account),
            "fundPay": yuan(self.amounts.fund),
        }

    def told(self, at: datetime) -> JsonObject:
        """As 6301 tells it: with the message that paid, when, and the leave to take it back while that is good."""
        about: JsonObject = {**self.shown(), "medOrgOrd": self.med_org_ord, "hiRgstSn": self.visit.mdtrt_id}
        if self.entry is not None:
            about |= {
                "orgBizSer": self.entry.msgid,
                "hiChrgTime": self.entry.at.strftime(DATETIME),
                "hiDocSn": self.entry.setl_id,
            }
            if self.may_be_reversed(at):
                about["revsToken"] = self.revs_token
        return about

    def may_be_reversed(self, at: datetime) -> bool:
        """By its token."""
        return self.state == PAID and self.entry is not None and at < self.entry.at + REVERSIBLE_FOR


class Orders:
    """All of them, by number."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.by_number: dict[str, Order] = {}

    def add(self, call: Call, visit: Visit, data: JsonObject, amounts: Amounts, *, acct_used: bool) -> Order:
        """A new one, with a number of 30 characters."""
        number = f"ORD{self.ledger.new_id(call.region)[-27:]}"
        order = Order(number, visit, text(data, "medOrgOrd"), acct_used, amounts, data)
        self.by_number[number] = order
        return order

    def named(self, data: JsonObject) -> Order:
        """That of the request, which must know its token."""
        order = self.by_number.get(text(data, "payOrdId"))
        if order is None or order.pay_token != text(data, "payToken"):
            raise Refused("未查询到订单信息")
        return order
