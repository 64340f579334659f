"""6201, 6202, 6203, 6301, 6401; every other number is the common interface's."""

from collections.abc import Callable
from typing import ClassVar

from insurance.simulator.asgi import BadBody, loads
from insurance.simulator.insurer import envelope
from insurance.simulator.insurer.envelope import Call, NotAnEnvelope, Refused, amount, text
from insurance.simulator.insurer.faces import Message, Understood
from insurance.simulator.insurer.faces.mobile.order import PAID, REFUNDED, TRIED, WITHDRAWN, Order, Orders
from insurance.simulator.insurer.faces.national import National, refused
from insurance.simulator.insurer.ledger import Ledger, Line, Visit
from insurance.simulator.insurer.misbehaviour import Reply, Work
from insurance.simulator.insurer.persons import well_formed
from insurance.simulator.insurer.pricing import Amounts, price, split_line
from insurance.simulator.insurer.settlements import enter
from insurance.simulator.insurer.visits import check_insurance, visit_of
from insurance.simulator.money import JsonObject, fen, yuan

OPENING = (
    *("orgCodg", "medOrgOrd", "psnNo", "insutype", "mdtrtId", "iptOtpNo", "begntime", "medType", "feeType"),
    *("medfeeSumamt", "deptCode", "feedetailList", "diseinfoList"),
)
LINE = ("feedetlSn", "medListCodg", "medinsListCodg", "detItemFeeSumamt", "cnt", "pric", "feeOcurTime")
KEY = ("orgCodg", "payOrdId", "payToken")
OWN_ACCOUNT = "1"
INSURANCE, ALL = "HI", "ALL"

Transaction = Callable[[Call], JsonObject | None]


class Mobile:
    """Its own five transactions, and the national face for whatever else comes."""

    metered: ClassVar[tuple[str, str]] = ("6201", "6202")
    prices_at_once: ClassVar[bool] = True
    """Whether 6201 answers with the amounts, or leaves them to 6301."""

    def __init__(self, ledger: Ledger, *, refuse_double: bool) -> None:
        self.ledger = ledger
        self.orders = Orders(ledger)
        self.common = National(ledger, refuse_double=refuse_double)
        self.transactions: dict[str, Transaction] = {
            "6201": self._open,
            "6202": self._pay,
            "6203": self._refund,
            "6301": self._query,
            "6401": self._withdraw,
        }

    def understand(self, message: Message) -> Understood:
        """Raises NotUnderstood."""
        try:
            call = envelope.read(loads(message.body))
        except (BadBody, NotAnEnvelope):
            return self.common.understand(message)  # a form, a report without an envelope, or nothing at all
        if call.infno not in self.transactions:
            return self.common.understand(message)
        return Understood(call.infno, call.msgid, Work(lambda: self._carry_out(call), refused, with_wrong_total))

    def _carry_out(self, call: Call) -> JsonObject:
        try:
            data = self.transactions[call.infno](call)
        except Refused as refusal:
            return refused(str(refusal))
        return envelope.accepted(call, None if data is None else {"data": data})

    def _open(self, call: Call) -> JsonObject:
        """6201: the lines take the place of those before; what was priced is kept with the order."""
        data = call.node("data", OPENING)
        visit = visit_of(self.ledger, {"mdtrt_id": data["mdtrtId"], "psn_no": data["psnNo"]})
        check_insurance(self.ledger, visit.psn_no, text(data, "insutype"))
        lines = _lines(data["feedetailList"])
        if sum(line.split.total for line in lines.values()) != amount(data, "medfeeSumamt"):
            raise Refused("医疗费总额与上传的费用明细总额不一致")
        acct_used = text(data, "acctUsedFlag") == OWN_ACCOUNT
        amounts = self._priced(visit, lines, text(data, "insutype"), acct_used=acct_used)
        visit.lines, visit.med_type = lines, text(data, "medType")
        order = self.orders.add(call, visit, data, amounts, acct_used=acct_used)
        opened = {"payToken": order.pay_token, "cashierUrl": f"https://cashier.example/{order.number}"}
        return {**(order.shown() if self.prices_at_once else {"payOrdId": order.number}), **opened}

    def _priced(self, visit: Visit, lines: dict[str, Line], insutype: str, *, acct_used: bool) -> Amounts:
        balance = self.ledger.person(visit.psn_no).balance
        return price([line.split for line in lines.values()], insutype, acct_used, balance)

    def _pay(self, call: Call) -> JsonObject:
        """6202: the insurance's part, once, and only as it was priced."""
        data = call.node("data", (*KEY, "orgBizSer"))
        order = self.orders.named(data)
        if order.state == PAID:
            raise Refused("订单已支付，不能重复支付")
        if order.state != TRIED:
            raise Refused("订单已失效，不能支付")
        if not text(data, "payAuthNo") and not well_formed(text(data, "mdtrtCertType"), text(data, "mdtrtCertNo")):
            raise Refused("支付授权信息不正确")
        self._settle(call, order)
        return order.shown()

    def _settle(self, call: Call, order: Order) -> None:
        insutype = text(order.sent, "insutype")
        if self._priced(order.visit, order.visit.lines, insutype, acct_used=order.acct_used) != order.amounts:
            raise Refused("费用或账户余额已变化，请重新上传")
        lines = tuple(order.visit.lines.values())
        sent = {"insutype": insutype}
        order.entry = enter(self.ledger, call, order.visit, order.number, order.amounts, sent, lines)
        order.state = PAID

    def _refund(self, call: Call) -> JsonObject:
        """6203: an entry of its own with negative amounts; once only. There is no cash here to give back."""
        data = call.node("data", (*KEY, "orgBizSer", "refdType"))
        order = self.orders.named(data)
        if order.state == REFUNDED:
            raise Refused("订单已退费，不能重复退费")
        if order.state != PAID or order.entry is None:
            raise Refused("订单未支付，不能退费")
        given = text(data, "revsToken")
        if given and (given != order.revs_token or not order.may_be_reversed(call.at)):
            raise Refused("冲正授权已失效")
        if text(data, "refdType") not in (INSURANCE, ALL):
            return {"refdSn": call.msgid, "refStatus": "FAIL"}
        negated, paid = order.amounts.negated(), order.entry
        enter(self.ledger, call, order.visit, order.number, negated, paid.sent, paid.lines, reverses=paid)
        order.state = REFUNDED
        return {"refdSn": call.msgid, "refStatus": "SUCC"}

    def _query(self, call: Call) -> JsonObject:
        return self.orders.named(call.node("data", KEY)).told(call.at)

    def _withdraw(self, call: Call) -> None:
        order = self.orders.named(call.node("data", KEY))
        if order.state != TRIED:
            raise Refused("订单状态不允许撤销")
        order.state = WITHDRAWN


class Silent(Mobile):
    """A centre that prices with 6201 and tells the amounts with 6301 only."""

    prices_at_once = False


def _lines(rows: list[JsonObject]) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for row in rows:
        if missing := [name for name in LINE if row.get(name) in (None, "")]:
            raise Refused(f"feedetailList.{missing[0]}不能为空")
        if row["feedetlSn"] in lines:
            raise Refused(f"费用明细流水号[{row['feedetlSn']}]重复上传")
        split = split_line(amount(row, "detItemFeeSumamt"), text(row, "medListCodg"))
        lines[row["feedetlSn"]] = Line(row["feedetlSn"], "", split, row)
    return lines


def with_wrong_total(reply: Reply) -> Reply:
    """`feeSumamt` one yuan too high."""
    output = reply.get("output") if isinstance(reply, dict) else None
    data = output.get("data") if isinstance(output, dict) else None
    if isinstance(data, dict) and "feeSumamt" in data:
        data["feeSumamt"] = yuan(fen(data["feeSumamt"]) + 100)
    return reply
