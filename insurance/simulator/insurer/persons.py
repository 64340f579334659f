"""The insured: everybody with a well-formed card is one, and what they are follows from their number."""

import re
from dataclasses import dataclass
from datetime import date

from insurance.simulator.insurer.pricing import hashed

ID_CARD = "02"
ID_NUMBER = re.compile(r"\d{17}[\dXx]|\d{15}")
CARD = re.compile(r"[!-~]{4,50}")


@dataclass(slots=True)
class Person:
    """One insured person. `balance` is the personal account in fen; the rest is as last told by 1101."""

    psn_no: str
    insutype: str
    balance: int
    certno: str = ""
    psn_name: str = "测试人员"


def well_formed(cert_type: str, cert_no: str) -> bool:
    """Whether this can be a card: electronic credential 01, identity card 02, social-security card 03 (3.1)."""
    if cert_type == ID_CARD:
        return ID_NUMBER.fullmatch(cert_no) is not None
    return cert_type in {"01", "03"} and CARD.fullmatch(cert_no) is not None


def psn_no_of(number: str) -> str:
    """The 20-digit person number of an ID or card number."""
    return f"9999{hashed(f'person:{number.upper()}', 10**16):016d}"


def insutype_of(psn_no: str) -> str:
    """310 employee or 390 resident."""
    return "390" if hashed(f"insutype:{psn_no}", 2) else "310"


def balance_of(psn_no: str) -> int:
    """The account's first balance: a third have nothing, a third too little for most visits, a third plenty."""
    kind = hashed(f"kind:{psn_no}", 3)
    within = hashed(f"balance:{psn_no}", 10**9)
    return (0, 100 + within % 4_900, 5_000 + within % 500_000)[kind]


def birthday(certno: str) -> date:
    """From an 18-digit ID number; 1990-01-01 where it holds no date."""
    try:
        return date.fromisoformat(f"{certno[6:10]}-{certno[10:12]}-{certno[12:14]}")
    except ValueError:
        return date(1990, 1, 1)


def gender(certno: str) -> str:
    """1 male, 2 female, by the 17th digit of an ID number."""
    return "2" if certno[16:17].isdigit() and int(certno[16]) % 2 == 0 else "1"


def age(certno: str, today: date) -> float:
    """Years with one decimal, as recorded (33.7)."""
    return (today - birthday(certno)).days * 10 // 365 / 10
