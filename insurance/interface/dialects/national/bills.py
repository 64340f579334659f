"""Bills: 2206A, 2207A, 2208, 2601, 5203. Source: protocol 3.7-3.10, 3.13."""

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.national.envelope import Payload
from insurance.interface.dialects.national.exchanges import enveloped, no_output
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.persons import card_fields, certificate_fields, person_fields
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Exchange
from insurance.interface.messages import Bill, PolicySplit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import Pricing, Reversal, SettlementKey, Settling

_BY_ITEM = "01"  # psn_setlway: 01 by item 按项目, 02 fixed sum 按定额
_FUND_PARTS = (
    "hifp_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifmi_pay",
    "hifob_pay",
    "hifdm_pay",
    "maf_pay",
    "oth_pay",
)
_CASH = ("psn_cash_pay", "pdn_cash_pay", "cash_payamt")  # 2206/2207, H's spelling in 2208, 5203
_PERSON = ("psn_part_amt", "psn_pay", "psn_part_am")  # 2206/2207, 5203, Guangzhou
_HOSPITAL = ("hosp_part_amt", "ownpay_hosp_part")  # the second in Chongqing


def _write_trial(profile: Profile, question: Pricing) -> Payload:
    extra = person_fields(question.insured) if profile.person_fields else {}
    return Payload({"data": {**_pricing(question), **extra}}, question.insured.insuplc_admdvs)


def _write_settling(profile: Profile, question: Settling) -> Payload:
    insured, split = question.pricing.insured, question.split
    if split is None:
        raise ValueError("2207 repeats the split that the trial answered")
    data = {
        **_pricing(question.pricing),
        **(certificate_fields(insured) if profile.person_fields else {}),
        "invono": question.invono,
        "fulamt_ownpay_amt": to_yuan(split.fulamt_ownpay_fen),
        "overlmt_selfpay": to_yuan(split.overlmt_selfpay_fen),
        "preselfpay_amt": to_yuan(split.preselfpay_fen),
        "inscp_scp_amt": to_yuan(split.inscp_scp_fen),
    }
    return Payload({"data": data}, insured.insuplc_admdvs)


def _pricing(question: Pricing) -> dict[str, str]:
    return {
        "psn_no": question.insured.psn_no,
        **card_fields(question.card),
        "med_type": question.med_type,
        "medfee_sumamt": to_yuan(question.total_fen),
        "psn_setlway": _BY_ITEM,
        "mdtrt_id": question.mdtrt_id,
        "chrg_bchno": question.chrg_bchno,
        "acct_used_flag": "1" if question.use_account else "0",
        "insutype": question.insured.insutype,
    }


def _write_key(profile: Profile, question: SettlementKey) -> Payload:
    insured = question.insured
    data = {"setl_id": question.setl_id, "psn_no": insured.psn_no, "mdtrt_id": question.mdtrt_id}
    return Payload({"data": data}, insured.insuplc_admdvs)


def _write_reversal(profile: Profile, question: Reversal) -> Payload:
    insured = question.insured
    data = {"psn_no": insured.psn_no, "omsgid": question.omsgid, "oinfno": question.oinfno}
    return Payload({"data": data}, insured.insuplc_admdvs)


def _read_trial(question: Pricing, value: object) -> Bill:
    return _bill(question.mdtrt_id, value)


def _read_settling(question: Settling, value: object) -> Bill:
    """A settlement without a setl_id cannot be cancelled or asked for: as good as no answer."""
    bill = _bill(question.pricing.mdtrt_id, value)
    if not bill.setl_id:
        raise OutcomeUnknown("output.setlinfo.setl_id is missing")
    return bill


def _read_key(question: SettlementKey, value: object) -> Bill:
    return _bill(question.mdtrt_id, value)


def _bill(mdtrt_id: str, value: object) -> Bill:
    info = Node("output", value).node("setlinfo")
    if info.text("mdtrt_id") != mdtrt_id:
        raise OutcomeUnknown("output.setlinfo.mdtrt_id is another visit's")
    account_fen, cash_fen = info.fen("acct_pay"), info.fen(*_CASH)
    person_fen = info.fen_or_null(*_PERSON)
    return Bill(
        mdtrt_id=mdtrt_id,
        psn_no=info.text("psn_no"),
        insutype=info.text_or_empty("insutype"),
        medins_setl_id=info.text_or_empty("medins_setl_id"),
        total_fen=info.fen("medfee_sumamt"),
        fund_fen=info.fen("fund_pay_sumamt"),
        # a cancellation may leave the person's total null (protocol 3.7, end)
        person_fen=account_fen + cash_fen if person_fen is None else person_fen,
        account_fen=account_fen,
        shared_account_fen=info.fen_or_zero("acct_mulaid_pay"),
        cash_fen=cash_fen,
        hospital_fen=info.fen(*_HOSPITAL),
        split=_split(info),
        fund_parts=tuple((name, info.fen(name)) for name in info.present(*_FUND_PARTS)),
        clr_type=info.text_or_empty("clr_type"),
        clr_optins=info.text_or_empty("clr_optins"),
        setl_id=info.text_or_empty("setl_id"),
        settled_at=info.moment("setl_time"),
        refunded=info.text_or_empty("refd_setl_flag") == "1",
    )


def _split(info: Node) -> PolicySplit:
    return PolicySplit(
        fulamt_ownpay_fen=info.fen("fulamt_ownpay_amt"),
        overlmt_selfpay_fen=info.fen("overlmt_selfpay"),
        preselfpay_fen=info.fen("preselfpay_amt"),
        inscp_scp_fen=info.fen("inscp_scp_amt"),
    )


TRIAL = enveloped(Operation.TRIAL, _write_trial, _read_trial)
SETTLE = enveloped(Operation.SETTLE, _write_settling, _read_settling)
CANCEL: Exchange[SettlementKey, Bill | None] = enveloped(Operation.CANCEL, _write_key, _read_key)
REVERSE = enveloped(Operation.REVERSE, _write_reversal, no_output)
QUERY = enveloped(Operation.QUERY, _write_key, _read_key)
