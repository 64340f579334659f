"""A message as it may be shown: how it is built, what was asked for and what it came to, and nobody in it.

Whatever is not known to be harmless is masked: names, numbers, dates of birth and diagnoses of the patient, and every
field that nobody has thought of here. What cannot be read is not shown at all. Each dialect has a function of its own
for what it writes (`Dialect.masked`): (infno, the text as it was written down) -> what may be shown, "" for nothing.
"""

import json
import re
from collections.abc import Set
from typing import Any

from insurance.interface.errors import scrub

MASK = "•••"

HARMLESS = frozenset(
    (
        *("infno", "msgid", "inf_time", "infver", "mdtrtarea_admvs", "insuplc_admdvs", "recer_sys_code", "signtype"),
        *("fixmedins_code", "fixmedins_name", "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "code"),
        *("mdtrt_id", "setl_id", "medins_setl_id", "chrg_bchno", "feedetl_sn", "omsgid", "oinfno", "invono"),
        *("med_list_codg", "medins_list_codg", "cnt", "pric", "med_chrgitm_type", "chrgitm_lv", "fulamt_ownpay_flag"),
        *("insutype", "med_type", "clr_type", "clr_optins", "clr_way", "psn_setlway", "acct_used_flag", "caty"),
    )
)
"""Names of the national dialect that say nothing of a person."""

_AMOUNT = re.compile(r"_(sumamt|amt|pay|fee|prop|part)$")
_SAID = frozenset(("err_msg", "warn_msg", "message"))
"""The centre's own words: names and numbers are taken out of them (`scrub`)."""

_BORN = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PERSONS_NUMBER = re.compile(
    rf"(?<!\d)(?:\d{{6}}(?:19|20)\d\d{_BORN}\d{{3}}[\dXx]|\d{{8}}{_BORN}\d{{3}}|1[3-9]\d{{9}})(?!\d)"
)
"""An ID number, the older one of 15 digits, or a mobile phone's."""

_PLAIN = re.compile(r"[\x20-\x7e]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")


def document(text: str) -> dict[str, Any] | None:
    """The JSON object that it is; None for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def laid_out(value: Any) -> str:
    """As people read it."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def named(infno: str, text: str, harmless: Set[str] = HARMLESS) -> str:
    """A JSON object whose fields have the national names, or those that a dialect knows to be harmless."""
    found = document(text)
    return "" if found is None else laid_out(masked(found, harmless))


def masked(value: Any, harmless: Set[str] = HARMLESS) -> Any:
    """A part of it that has no name of its own."""
    match value:
        case dict():
            return {field_name(name): _field(name, inner, harmless) for name, inner in value.items()}
        case list():
            return [masked(inner, harmless) for inner in value]
        case None | "":
            return value
        case _:
            return MASK


def field_name(name: str) -> str:
    """What a field is called; where that is no name of a field, somebody may stand there."""
    return name if _NAME.fullmatch(name) else MASK


def at_its_place(text: str) -> str:
    """A value that is known by nothing but its place: where it looks like a person's after all, it is masked."""
    return text if _PLAIN.fullmatch(text) and not _PERSONS_NUMBER.search(text) else MASK


def _field(name: str, value: Any, harmless: Set[str]) -> Any:
    if isinstance(value, dict | list):
        return masked(value, harmless)
    if name in _SAID:
        return scrub(str(value or ""))
    return value if name in harmless or _AMOUNT.search(name) else masked(value)
