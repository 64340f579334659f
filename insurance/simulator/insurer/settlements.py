"""What the patient pays and what is undone: 2206, 2207, 2208, 2601."""

from insurance.simulator.insurer.envelope import Call, Handler, Refused, amount, text
from insurance.simulator.insurer.ledger import Ledger, Line, Settlement, Visit
from insurance.simulator.insurer.pricing import Amounts, price
from insurance.simulator.insurer.statement import settlement_reply, trial_reply
from insurance.simulator.insurer.visits import check_insurance, visit_of
from insurance.simulator.money import JsonObject

TRIAL_FIELDS = (
    *("psn_no", "mdtrt_cert_type", "mdtrt_cert_no", "med_type", "medfee_sumamt", "psn_setlway"),
    *("mdtrt_id", "chrg_bchno", "acct_used_flag", "insutype"),
)
SETTLE_FIELDS = (*TRIAL_FIELDS, "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
OWN_ACCOUNT = "1"
NOT_REVERSIBLE = "冲正的结算信息退费结算标志不为未退费，不能办理冲正交易[iptPsnSetlMgtBO_4412]"
NOTHING_TO_REVERSE = "未查询到需要冲正的结算信息，不能办理冲正交易[iptPsnSetlMgtBO_4411]"


def _priced(ledger: Ledger, data: JsonObject) -> tuple[Visit, tuple[Line, ...], Amounts]:
    """The batch a trial or settlement is about, and its price. The total asked for must be that of the lines."""
    visit = visit_of(ledger, data)
    insutype = text(data, "insutype")
    check_insurance(ledger, visit.psn_no, insutype)
    lines = visit.batch(text(data, "chrg_bchno"))
    if not lines:
        raise Refused("未查询到该收费批次的费用明细")
    total = sum(line.split.total for line in lines)
    if total != amount(data, "medfee_sumamt") or total < 0:
        raise Refused("医疗费总额与上传的费用明细总额不一致")
    account_used = text(data, "acct_used_flag") == OWN_ACCOUNT
    balance = ledger.person(visit.psn_no).balance
    return visit, tuple(lines), price([line.split for line in lines], insutype, account_used, balance)


def trial(ledger: Ledger, call: Call) -> JsonObject:
    """2206, 2206A: the price now; nothing of it is kept (protocol 3.7)."""
    data = call.node("data", TRIAL_FIELDS)
    visit, _, amounts = _priced(ledger, data)
    visit.tried_with.add(text(data, "mdtrt_cert_no"))
    return trial_reply(ledger.person(visit.psn_no), visit, amounts, data, call)


def settlement(refuse_double: bool) -> Handler:
    """2207, 2207A. No text promises that a centre knows a repeated msgid or a batch already settled (protocol
    4), so a second call settles a second time unless the double is to be refused. The split copied from the
    trial must be there, but like Zhejiang's test centre this one does not compare it (protocol 3.8)."""

    def settle(ledger: Ledger, call: Call) -> JsonObject:
        data = call.node("data", SETTLE_FIELDS)
        visit, lines, amounts = _priced(ledger, data)
        _check_credential(call, visit, data)
        if refuse_double and visit.live(text(data, "chrg_bchno")):
            raise Refused("该收费批次已结算，不能重复结算")
        entry = enter(ledger, call, visit, text(data, "chrg_bchno"), amounts, data, lines)
        return settlement_reply(ledger.person(visit.psn_no), entry, call)

    return settle


def _check_credential(call: Call, visit: Visit, data: JsonObject) -> None:
    """Where an electronic credential must be scanned again, that of the trial is not enough (protocol 2.5)."""
    electronic = text(data, "mdtrt_cert_type") == "01" and text(data, "mdtrt_cert_no") in visit.tried_with
    if electronic and call.province.fresh_credential:
        raise Refused("医保电子凭证已失效，请重新扫描医保电子凭证二维码")


def enter(
    ledger: Ledger,
    call: Call,
    visit: Visit,
    chrg_bchno: str,
    amounts: Amounts,
    data: JsonObject,
    lines: tuple[Line, ...],
    reverses: Settlement | None = None,
) -> Settlement:
    """Put one entry in the books. The negative entry of an undoing is itself not live."""
    person = ledger.person(visit.psn_no)
    entry = Settlement(
        setl_id=ledger.new_id(call.region),
        visit=visit,
        msgid=call.msgid,
        infno=call.infno,
        chrg_bchno=chrg_bchno,
        amounts=amounts,
        balance=person.balance - amounts.account,
        at=call.at,
        region=reverses.region if reverses else call.region,
        sent=data,
        lines=lines,
        refunded=reverses is not None,
        reverses=reverses,
    )
    ledger.add_settlement(entry)
    if reverses is not None:
        reverses.refunded, reverses.reversed_by = True, entry
    return entry


def _undo(ledger: Ledger, call: Call, original: Settlement) -> JsonObject:
    negative = original.amounts.negated()
    visit, sent = original.visit, original.sent
    entry = enter(ledger, call, visit, original.chrg_bchno, negative, sent, original.lines, reverses=original)
    return settlement_reply(ledger.person(visit.psn_no), entry, call)


def cancel(ledger: Ledger, call: Call) -> JsonObject:
    """2208: an entry of its own with negative amounts; once only (protocol 3.9)."""
    data = call.node("data", ("setl_id", "mdtrt_id", "psn_no"))
    visit = visit_of(ledger, data)
    original = ledger.settlements.get(text(data, "setl_id"))
    if original is None or original.visit is not visit:
        raise Refused("未查询到需要撤销的结算信息")
    if not original.live:
        raise Refused("该结算信息退费结算标志不为未退费，不能办理结算撤销[iptPsnSetlMgtBO_4413]")
    return _undo(ledger, call, original)


def reverse(ledger: Ledger, call: Call) -> None:
    """2601: undo by our own msgid, without a server id (protocol 3.10). Should one msgid have settled twice,
    all of it is undone: after this succeeds nothing of that msgid stands."""
    data = call.node("data", ("psn_no", "omsgid", "oinfno"))
    found = [
        each
        for each in ledger.settlements_by_msgid.get(text(data, "omsgid"), ())
        if each.infno.removesuffix("A") == text(data, "oinfno").removesuffix("A") == "2207"
        and each.visit.psn_no == text(data, "psn_no")
    ]
    live = [each for each in found if each.live]
    if not live:
        raise Refused(NOT_REVERSIBLE if found else NOTHING_TO_REVERSE)
    for original in live:
        _undo(ledger, call, original)
