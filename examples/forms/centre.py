"""The other side of the forms: the simulated centre's books behind a face of this wire."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode

from insurance.simulator.asgi import Content
from insurance.simulator.insurer.envelope import Call, Refused
from insurance.simulator.insurer.faces import Message, NotUnderstood, Understood
from insurance.simulator.insurer.ledger import CHINA, Ledger, Line, Settlement, Visit
from insurance.simulator.insurer.misbehaviour import Reply, Work
from insurance.simulator.insurer.persons import psn_no_of, well_formed
from insurance.simulator.insurer.pricing import Amounts, price, split_line
from insurance.simulator.insurer.settlements import enter
from insurance.simulator.money import fen

KIND = b"application/x-www-form-urlencoded"
Form = dict[str, list[str]]


class Centre:
    """A face of the simulated centre."""

    metered: ClassVar[tuple[str, str]] = ("price", "pay")

    def __init__(self, ledger: Ledger, *, refuse_double: bool) -> None:
        self.ledger = ledger
        self.does: dict[str, Callable[[Form], dict[str, str]]] = {
            "who": self._who,
            "visit": self._visit,
            "fees": self._fees,
            "price": lambda asked: amounts(self._priced(asked)[1]),
            "pay": self._pay,
            "undo": self._undo,
            "look": self._look,
            "total": self._total,
        }

    def understand(self, message: Message) -> Understood:
        """Raises NotUnderstood."""
        asked = parse_qs(message.body.decode())
        name, msgid = (asked.get(field, [""])[0] for field in ("do", "id"))
        if name not in self.does or not msgid:
            raise NotUnderstood(refused("not a form of ours"))
        return Understood(name, msgid, Work(lambda: self._carry_out(name, asked), refused, spoilt))

    def _carry_out(self, name: str, asked: Form) -> Content:
        try:
            return said({"result": "done", **self.does[name](asked)})
        except Refused as refusal:
            return refused(str(refusal))

    def _who(self, asked: Form) -> dict[str, str]:
        card = asked["card"][0]
        if not well_formed(asked["kind"][0], card):
            raise Refused("no such card")
        who = self.ledger.person(psn_no_of(card))
        return {"person": who.psn_no, "insurance": who.insutype, "region": "999900", "balance": yuan(who.balance)}

    def _visit(self, asked: Form) -> dict[str, str]:
        number = asked["visit"][0]
        if number not in self.ledger.visits:
            self.ledger.add_visit(Visit(number, asked["person"][0], number, {}))
        return {}

    def _fees(self, asked: Form) -> dict[str, str]:
        parts = [line.split(":") for line in asked["line"]]
        lines = {sn: Line(sn, "", split_line(fen(amount), code), {}) for sn, code, amount in parts}
        self._standing_visit(asked).lines = lines
        return {}

    def _standing_visit(self, asked: Form) -> Visit:
        visit = self.ledger.visits.get(asked["visit"][0])
        if visit is None:
            raise Refused("no such visit")
        return visit

    def _priced(self, asked: Form) -> tuple[Visit, Amounts]:
        visit = self._standing_visit(asked)
        splits = [line.split for line in visit.lines.values()]
        if sum(split.total for split in splits) != fen(asked["total"][0]):
            raise Refused("the lines add up to something else")
        who = self.ledger.person(visit.psn_no)
        return visit, price(splits, who.insutype, asked["account"][0] == "yes", who.balance)

    def _pay(self, asked: Form) -> dict[str, str]:
        visit, due = self._priced(asked)
        if visit.live():
            raise Refused("paid already")
        return shown(self._entered(asked, visit, due))

    def _entered(self, asked: Form, visit: Visit, due: Amounts, reverses: Settlement | None = None) -> Settlement:
        call = Call(asked["do"][0], asked["id"][0], "999900", {}, datetime.now(CHINA))
        insurance = {"insutype": self.ledger.person(visit.psn_no).insutype}
        return enter(self.ledger, call, visit, "", due, insurance, tuple(visit.lines.values()), reverses)

    def _undo(self, asked: Form) -> dict[str, str]:
        entry = self.ledger.settlements.get(asked["number"][0])
        if entry is None:
            raise Refused("no such payment")
        if not entry.live:
            raise Refused("taken back already")
        self._entered(asked, entry.visit, entry.amounts.negated(), entry)
        return {}

    def _look(self, asked: Form) -> dict[str, str]:
        made = self.ledger.settlements_by_msgid.get(asked.get("made_by", [""])[0], [])
        found = self.ledger.settlements.get(asked.get("number", [""])[0]) or next(iter(made), None)
        if found is None:
            raise Refused("no such payment")
        return shown(found)

    def _total(self, asked: Form) -> dict[str, str]:
        day = asked["day"][0]
        entries = [each for each in self.ledger.settlements.values() if f"{each.at:%Y%m%d}" == day]
        total = sum(each.amounts.total for each in entries)
        net = sum(-1 if each.reverses else 1 for each in entries)
        equal = fen(asked["total"][0]) == total and int(asked["count"][0]) in (net, len(entries))
        return {"equal": "yes" if equal else "no", "why": f"{net} for {yuan(total)}"}


def amounts(due: Amounts) -> dict[str, str]:
    return {
        "total": yuan(due.total),
        "fund": yuan(due.fund),
        "from_account": yuan(due.account),
        "cash": yuan(due.cash),
    }


def shown(entry: Settlement) -> dict[str, str]:
    taken_back = "no" if entry.live else "yes"
    about = {"number": entry.setl_id, "made_by": entry.msgid, "at": f"{entry.at:%Y%m%d%H%M%S}"}
    return {**amounts(entry.amounts), **about, "taken_back": taken_back}


def yuan(amount_fen: int) -> str:
    return f"{amount_fen / 100:.2f}"


def said(fields: dict[str, str]) -> Content:
    return Content(urlencode(fields).encode(), KIND)


def refused(why: str) -> Content:
    return said({"result": "busy" if "频繁" in why else "no", "why": why})


def spoilt(reply: Reply) -> Reply:
    """A total one yuan too high."""
    fields = dict(parse_qsl(reply.body.decode())) if isinstance(reply, Content) else {}
    return said({**fields, "total": yuan(fen(fields["total"]) + 100)}) if "total" in fields else reply
