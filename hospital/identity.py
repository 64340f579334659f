"""ID numbers and insurance cards: is what was typed possible at all? Pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_ID_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CARD_NUMBER = re.compile(r"[0-9A-Za-z]{4,32}")
_TOKEN = re.compile(r"[\x21-\x7e]{4,50}")

CARD_TYPES = ("01", "02", "03")
"""Electronic credential, identity card, social-security card (protocol 3.1, `mdtrt_cert_type`)."""


@dataclass(frozen=True, slots=True)
class InsuranceCard:
    """What the patient identifies with at the insurer."""

    type: str
    number: str = field(repr=False)
    region: str = ""
    """Where the patient is insured, six digits; "": where the hospital is."""


def is_id_number(text: str, *, today: date) -> bool:
    """An 18-digit ID number: form, a birth date in the past, check digit (GB 11643, ISO 7064 MOD 11-2)."""
    if not _ID_NUMBER.fullmatch(text) or not _is_past_date(text[6:14], today):
        return False
    total = sum(map(mul, map(int, text[:17]), _WEIGHTS))
    return _CHECK_DIGITS[total % 11] == text[17]


def is_card(card: InsuranceCard, *, today: date) -> bool:
    """A card number possible for its type: an ID number for an identity card, else form only."""
    if card.type == "02":
        return is_id_number(card.number, today=today)
    pattern = {"01": _TOKEN, "03": _CARD_NUMBER}.get(card.type)
    return bool(pattern and pattern.fullmatch(card.number))


def _is_past_date(text: str, today: date) -> bool:
    try:
        born = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= born <= today
