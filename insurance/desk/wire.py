"""A message to or from the insurer as staff may see it: how it is built, what was asked for and what it came to.

Whatever is not known to be harmless is masked: names, numbers, dates of birth and diagnoses of the patient, and every
field that nobody has thought of here. FHIR says the same things under other names: there an identifier or a code is
known by the end of its system, and an amount by its currency (docs/fhir.md).
"""

import json
import re
from typing import Any

from insurance.interface.errors import scrub

MASK = "•••"

_HARMLESS = frozenset(
    (
        *("infno", "msgid", "inf_time", "infver", "mdtrtarea_admvs", "insuplc_admdvs", "recer_sys_code", "signtype"),
        *("fixmedins_code", "fixmedins_name", "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "code"),
        *("mdtrt_id", "setl_id", "medins_setl_id", "chrg_bchno", "feedetl_sn", "omsgid", "oinfno", "invono"),
        *("med_list_codg", "medins_list_codg", "cnt", "pric", "med_chrgitm_type", "chrgitm_lv", "fulamt_ownpay_flag"),
        *("insutype", "med_type", "clr_type", "clr_optins", "clr_way", "psn_setlway", "acct_used_flag", "caty"),
    )
)
_ORDERS = frozenset(
    (
        *("orgCodg", "medOrgOrd", "payOrdId", "orgBizSer", "ordStas", "refdType", "refStatus", "refdSn", "feeType"),
        *("mdtrtId", "hiRgstSn", "hiDocSn", "hiChrgTime", "setlType", "callType", "medType", "acctUsedFlag"),
        *("feedetlSn", "medListCodg", "medinsListCodg", "insuCode", "caty"),
        *("feeSumamt", "ownPayAmt", "psnAcctPay", "fundPay", "medfeeSumamt", "detItemFeeSumamt"),
    )
)
"""The mobile payment centre's names; its tokens are shown to nobody."""
_FHIR = frozenset(
    (
        *("resourceType", "status", "use", "intent", "outcome", "severity", "system", "currency", "created"),
        *("sequence", "itemSequence", "focal", "inforce", "type", "method"),
    )
)
_FHIR_SYSTEMS = frozenset(("amount", "adjudication", "information", "relation", "refusal", "task", "issue-type"))
_AMOUNT = re.compile(r"_(sumamt|amt|pay|fee|prop|part)$")
_SAID = frozenset(("err_msg", "warn_msg", "message"))
"""The centre's own words: names and numbers are taken out of them (`scrub`)."""


def masked(body: str) -> str:
    """The message, laid out, with everything personal masked; "" where there is none or it cannot be read."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    shown = _resource(document) if "resourceType" in document else _masked(document)
    return json.dumps(shown, ensure_ascii=False, indent=1)


def _masked(value: Any) -> Any:
    match value:
        case dict():
            return {name: _field(name, inner) for name, inner in value.items()}
        case list():
            return [_masked(inner) for inner in value]
        case None | "":
            return value
        case _:
            return MASK


def _field(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return _masked(value)
    if name in _SAID:
        return scrub(str(value or ""))
    return value if name in _HARMLESS | _ORDERS or _AMOUNT.search(name) else _masked(value)


def _resource(value: Any, named: str = "") -> Any:
    """A part of a FHIR resource; `named`: how it is called where it stands."""
    match value:
        case {"value": int() | float(), "currency": str()}:
            return value
        case {"system": str(system)}:
            known = system.rpartition("/")[2] in _HARMLESS | _FHIR_SYSTEMS
            shown = ("system", "code", "value") if known else ("system",)
            return {name: inner if name in shown else _resource(inner) for name, inner in value.items()}
        case dict():
            return {name: _resource(inner, name) for name, inner in value.items()}
        case list():
            return [_resource(inner, named) for inner in value]
        case _:
            return value if named in _FHIR else _masked(value)
