"""Personal data is masked before anything is written to a log: whatever its source, also in arguments and errors.

By form: ID numbers, phones, social-security and bank cards, links to follow. By name: whatever stands beside a key such
as `psn_name`, also inside a text. More is masked than must be: a log can do without a number that only looks like one.
"""

import re
from collections.abc import Mapping
from typing import Any

MASK = "[masked]"

_DATE = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ESCAPED = r"(?<=\\x[0-9a-f]{2}) | (?<=\\u[0-9a-f]{4})"  # in a repr, the digits of \\x01 are not the number's
_NO_DIGIT = rf"(?: (?<!\d) | {_ESCAPED} )"
_NO_HEX = rf"(?: (?<![0-9a-fA-F]) | {_ESCAPED} )"  # no piece of a UUID
_FORMS = re.compile(
    rf"""
    {_NO_DIGIT} [1-9]\d{{5}} (?:18|19|20)\d\d {_DATE} \d{{3}} [\dXx] (?!\d)   # ID number, whatever its check digit
    | {_NO_DIGIT} [1-9]\d{{7}} {_DATE} \d{{3}} (?!\d)                         # ID number of before 1999
    | {_NO_HEX} (?:\+?86[\ -]?)? 1[3-9]\d{{9}} (?![0-9a-fA-F])   # mobile phone
    | {_NO_DIGIT} 62\d{{14,17}} (?!\d)                                        # bank card
    | (?<=/follow/) [\w-]+                                                    # the link that a family follows by
    | (?: (?<![0-9A-Z]) | {_ESCAPED} ) [A-Z]\d{{8}} [0-9A-Z]? (?![0-9A-Za-z])             # social-security card
    """,
    re.VERBOSE,
)

KEYS = frozenset(
    {"psn_name", "patn_name", "patient_name", "id_number", "certno", "psn_cert_no", "mdtrt_cert_no", "psn_no"}
    | {"psnno", "mdtrtcertno", "cardsn", "drname", "idno", "paytoken", "revstoken", "payauthno"}  # mobile payment
    | {"card_sn", "card_no", "card_number", "insurance_card", "tel", "phone", "mobile", "addr", "address"}
    | {"password", "passwd", "token", "access", "refresh", "authorization", "cookie", "secret", "api_key"}
)
_NAMED = "|".join(sorted(KEYS, key=len, reverse=True))
_QUOTE = r"""\\*["']"""
_KEYED = re.compile(
    rf"""((?:{_QUOTE}(?:{_NAMED}|name){_QUOTE}\s*:\s*|\b(?:{_NAMED})\s*=\s*)(?P<quote>{_QUOTE}))(?:(?!(?P=quote)).)*"""
    rf"""|(\b(?:{_NAMED})=)(?!{_QUOTE}|\[masked\])[^\s,;&)\]}}]+""",
    re.IGNORECASE | re.DOTALL,
)


def masked(text: str) -> str:
    """The text without what identifies a person."""
    return _FORMS.sub(MASK, _KEYED.sub(lambda found: f"{found[1] or found[3]}{MASK}", text))


def clean(value: Any) -> Any:
    """The same for whatever else is logged; what is neither a text nor a plain container becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked(str(key)): MASK if str(key).lower() in KEYS else clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(one) for one in value]
    text = masked(str(value))
    return value if isinstance(value, int | float) and text == str(value) else text
