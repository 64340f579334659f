"""How a trial or settlement is written: `setlinfo` and `setldetail` (protocol 3.7-3.9, 3.13)."""

from insurance.simulator.insurer.envelope import DATETIME, Call, text
from insurance.simulator.insurer.ledger import Settlement, Visit
from insurance.simulator.insurer.persons import Person
from insurance.simulator.insurer.pricing import POOL_PERCENT, Amounts
from insurance.simulator.insurer.visits import base_info, psn_type
from insurance.simulator.money import JsonObject, yuan

OUTPATIENT = "11"
BY_ITEM = "1"
POOL_ROW = {"310": ("310100", "城镇职工基本医疗保险统筹基金"), "390": ("390100", "城乡居民基本医疗保险基金")}
ACCOUNT_ROW = ("310200", "城镇职工基本医疗保险个人账户基金")
NO_FUND_PARTS = ("cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")


def trial_reply(person: Person, visit: Visit, amounts: Amounts, data: JsonObject, call: Call) -> JsonObject:
    """Of 2206: no setl_id, no setl_time, no clearing office yet; the balance as it would be afterwards."""
    info = {
        "setl_id": None,
        "setl_time": None,
        "clr_optins": None,
        "clr_way": None,
        **_info(person, visit, amounts, data, call, person.balance - amounts.account),
    }
    return _reply(info, amounts, text(data, "insutype"))


def settlement_reply(person: Person, entry: Settlement, call: Call) -> JsonObject:
    """Of 2207 and 2208, its `medins_setl_id` the msgid of the call that made the entry."""
    info = {
        "setl_id": entry.setl_id,
        "setl_time": entry.at.strftime(DATETIME),
        "clr_optins": entry.region,
        "clr_way": BY_ITEM,
        **_info(person, entry.visit, entry.amounts, entry.sent, call, entry.balance),
    }
    return _reply(info | {"medins_setl_id": entry.msgid}, entry.amounts, entry.insutype)


def query_reply(person: Person, entry: Settlement, call: Call) -> JsonObject:
    """Of 5203: like 2207, but `psn_pay` and `cash_payamt`, and whether it was refunded."""
    reply = settlement_reply(person, entry, call)
    info = reply["setlinfo"]
    info["psn_pay"] = info.pop("psn_part_amt")
    info["cash_payamt"] = info.pop("psn_cash_pay")
    info |= {
        "refd_setl_flag": "0" if entry.live else "1",
        "begndate": text(entry.visit.sent, "begntime"),
        "enddate": text(entry.visit.sent, "begntime"),
        "year": f"{entry.at:%Y}",
        "invono": text(entry.sent, "invono"),
        "pay_loc": "5",
    }
    return reply


def _info(person: Person, visit: Visit, amounts: Amounts, data: JsonObject, call: Call, balance: int) -> JsonObject:
    return {
        "mdtrt_id": visit.mdtrt_id,
        "medins_setl_id": call.msgid,
        **base_info(person, call),
        "mdtrt_cert_type": text(data, "mdtrt_cert_type"),
        "med_type": text(data, "med_type"),
        "insutype": text(data, "insutype"),
        "psn_type": psn_type(text(data, "insutype")),
        "cvlserv_flag": "0",
        **_by_policy(amounts),
        **_by_payer(amounts),
        "pool_prop_selfpay": POOL_PERCENT[text(data, "insutype")] / 100,
        "act_pay_dedc": yuan(0),
        "balc": yuan(balance),
        "clr_type": OUTPATIENT,
    }


def _by_policy(amounts: Amounts) -> JsonObject:
    """Identity 4."""
    return {
        "medfee_sumamt": yuan(amounts.total),
        "fulamt_ownpay_amt": yuan(0),
        "overlmt_selfpay": yuan(0),
        "preselfpay_amt": yuan(amounts.preselfpay),
        "inscp_scp_amt": yuan(amounts.scope),
    }


def _by_payer(amounts: Amounts) -> JsonObject:
    """Identities 1 to 3."""
    return {
        "hifp_pay": yuan(amounts.fund),
        **dict.fromkeys(NO_FUND_PARTS, yuan(0)),
        "fund_pay_sumamt": yuan(amounts.fund),
        "psn_part_amt": yuan(amounts.account + amounts.cash),
        "acct_pay": yuan(amounts.account),
        "acct_mulaid_pay": yuan(0),
        "psn_cash_pay": yuan(amounts.cash),
        "hosp_part_amt": yuan(0),
    }


def _reply(info: JsonObject, amounts: Amounts, insutype: str) -> JsonObject:
    parts = ((*POOL_ROW[insutype], amounts.fund), (*ACCOUNT_ROW, amounts.account))
    rows = [
        {
            "fund_pay_type": code,
            "fund_pay_type_name": name,
            "fund_payamt": yuan(paid),
            "inscp_scp_amt": yuan(amounts.scope),
            "crt_payb_lmt_amt": None,
            "setl_proc_info": None,
        }
        for code, name, paid in parts
        if paid
    ]
    return {"setlinfo": info, "setldetail": rows, "expContent": None}
