"""2100 to 2430, 1101 and 1110: each takes a line and gives the arguments of its answer, or refuses."""

from decimal import ROUND_HALF_UP

from insurance.simulator.insurer.envelope import Call, Refused
from insurance.simulator.insurer.faces.delimited.line import TIME, Line, amounts_said
from insurance.simulator.insurer.ledger import Ledger, Settlement, Visit
from insurance.simulator.insurer.ledger import Line as FeeLine
from insurance.simulator.insurer.persons import ID_CARD, psn_no_of, well_formed
from insurance.simulator.insurer.pricing import Amounts, price, split_line
from insurance.simulator.insurer.settlements import enter
from insurance.simulator.insurer.visits import psn_type
from insurance.simulator.money import CENT, number

STANDS, TAKEN_BACK = "1", "2"
BALANCED, NOT_BALANCED = "0", "1"


def person(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2100: the holder of the credential, who is somebody for every well-formed one."""
    kind, card = line.text(0), line.text(1)
    if not well_formed(kind, card):
        raise Refused("读卡失败")
    certno = card if kind == ID_CARD else ""
    found = ledger.person(psn_no_of(card))
    found.certno = certno or found.certno
    about = (found.psn_no, found.psn_name, found.certno, found.insutype, psn_type(found.insutype))
    return (*about, "1", f"{found.balance / 100:.2f}", line.text(3) or "999900")


def register(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2210, by the hospital's own number, which stands but once."""
    line.needs(0, 1, 2, 13)
    known = ledger.visits.get(line.text(0))
    if known is not None and not known.cancelled:
        raise Refused("该门诊号已登记，不能重复登记")
    ledger.add_visit(Visit(line.text(0), line.text(13), line.text(0), {}, med_type=line.text(1)))
    return ()


def cancel_registration(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2240."""
    visit = _visit(ledger, line)
    if visit.live():
        raise Refused("存在有效结算，不能取消登记")
    visit.cancelled = True
    return ()


def _visit(ledger: Ledger, line: Line) -> Visit:
    visit = ledger.visits.get(line.text(0))
    if visit is None or visit.cancelled:
        raise Refused("该门诊号未登记")
    return visit


def upload(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2310: all rows or none; a prescription stands but once."""
    visit = _visit(ledger, line)
    uploaded = {fee.feedetl_sn: fee for fee in map(_fee, line.rows)}
    if uploaded.keys() & visit.lines.keys() or len(uploaded) < len(line.rows):
        raise Refused("处方号重复上传")
    visit.lines.update(uploaded)
    return ()


def _fee(row: tuple[str, ...]) -> FeeLine:
    try:
        product = number(row[8]) * number(row[9])
    except (ValueError, IndexError) as error:
        raise Refused("单价或数量不是数值") from error
    amount = int(product.quantize(CENT, ROUND_HALF_UP) * 100)
    return FeeLine(row[3], "", split_line(amount, row[6]), {})


def withdraw(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2320: what of the visit is not settled."""
    visit = _visit(ledger, line)
    settled = {fee.feedetl_sn for fee in _settled(visit)}
    visit.lines = {sn: fee for sn, fee in visit.lines.items() if sn in settled}
    return ()


def _settled(visit: Visit) -> list[FeeLine]:
    return [fee for each in visit.live() for fee in each.lines]


def trial(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2420: the price now."""
    return amounts_said(_priced(ledger, line)[2])


def _priced(ledger: Ledger, line: Line) -> tuple[Visit, tuple[FeeLine, ...], Amounts]:
    """The visit's lines that no settlement has taken, and their price."""
    line.needs(0, 1, 2, 3, 8, 11)
    visit = _visit(ledger, line)
    taken = {fee.feedetl_sn for fee in _settled(visit)}
    fees = tuple(fee for sn, fee in visit.lines.items() if sn not in taken)
    if not fees:
        raise Refused("未查询到费用明细")
    if sum(fee.split.total for fee in fees) != line.fen(11):
        raise Refused("费用总额与明细不一致")
    who = ledger.person(visit.psn_no)
    return visit, fees, price([fee.split for fee in fees], who.insutype, line.text(8) == "1", who.balance)


def settle(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2410: a bill that stands is not settled again, and a serial never twice."""
    visit, bill = _visit(ledger, line), line.text(1)
    if visit.live(bill) or ledger.settlements_by_msgid.get(line.msgid):
        raise Refused("单据号已结算，不能重复结算")
    visit, fees, amounts = _priced(ledger, line)
    entry = enter(ledger, _call(ledger, line, visit), visit, bill, amounts, _sent(ledger, line, visit), fees)
    return amounts_said(entry.amounts)


def _call(ledger: Ledger, line: Line, visit: Visit) -> Call:
    return Call(line.number, line.msgid, "999900", {}, line.at)


def _sent(ledger: Ledger, line: Line, visit: Visit) -> dict[str, str]:
    return {"insutype": ledger.person(visit.psn_no).insutype, "cycle": line.cycle}


def cancel(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """2430: the bill's settlement, once."""
    visit = _visit(ledger, line)
    live = visit.live(line.text(1))
    if not live:
        entries = [each for each in visit.settlements if each.chrg_bchno == line.text(1)]
        raise Refused("该单据已撤销，不能重复撤销" if entries else "未查询到结算信息")
    original = live[0]
    negative, sent = original.amounts.negated(), original.sent | {"cycle": line.cycle}
    call, bill = _call(ledger, line, visit), original.chrg_bchno
    enter(ledger, call, visit, bill, negative, sent, original.lines, reverses=original)
    return ()


def query(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """1101: of this bill the settlement that a message made, or without a serial the last one."""
    visit, serial = _visit(ledger, line), line.text(2)
    made = [each for each in visit.settlements if each.chrg_bchno == line.text(1) and each.reverses is None]
    found = [each for each in made if not serial or _serial(each) == serial]
    if not found:
        raise Refused("未查询到结算信息")
    last = found[-1]
    state = STANDS if last.live else TAKEN_BACK
    return (*amounts_said(last.amounts), state, last.at.strftime(TIME), _serial(last))


def _serial(entry: Settlement) -> str:
    """The hospital's serial of the message that made it."""
    return f"{entry.msgid[-18:-4]}-{entry.msgid[:-18]}-{entry.msgid[-4:]}"


def reconcile(ledger: Ledger, line: Line) -> tuple[str, ...]:
    """1110: the cycle's count and sums against ours, what was taken back counted as one more or as one less."""
    entries = [each for each in ledger.settlements.values() if each.sent.get("cycle") == line.text(0)]
    ours = _sums(entries)
    theirs = tuple(line.fen(place) for place in (2, 4, 5, 8))
    net = sum(-1 if each.reverses else 1 for each in entries)
    if theirs == ours and number(line.text(1)) in {len(entries), net}:
        return BALANCED, "平"
    return NOT_BALANCED, "不平，中心端" + "，".join(f"{amount / 100:.2f}" for amount in ours)


def _sums(entries: list[Settlement]) -> tuple[int, int, int, int]:
    """Total, account, pool, cash."""
    amounts = [each.amounts for each in entries]
    return (
        sum(each.total for each in amounts),
        sum(each.account for each in amounts),
        sum(each.fund for each in amounts),
        sum(each.cash for each in amounts),
    )
