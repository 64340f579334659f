"""What can go wrong at the insurer, named by what the caller may do next.

InterfaceError
├── NotSent          surely nothing was carried out            -> send again later, under a new msgid
│   └── NotSignedIn  the sign_no is not (or no longer) known   -> sign in anew first
├── Throttled        refused because of the rate, not done     -> keep the place in line, come back later
├── Refused          refused for a business reason, not done   -> tell the patient
├── NotWritable      our own data or settings do not fit the
│                    wire, so nothing was said at all           -> show it to staff; nobody has refused anything
└── OutcomeUnknown   it may have been carried out              -> ask or reverse; never send a settlement again

Texts of the insurer may name a person, so no exception keeps a long run of digits or letters.
Source: protocol 4 (idempotency and failure semantics).
"""

import re
from enum import StrEnum

_ALNUM = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ"
# Bracketed internal codes such as [iptPsnSetlMgtBO_4412] are the only error codes a centre gives (protocol 4).
_INTERNAL_CODE = re.compile(r"\[([A-Za-z]{2,40}_[0-9]{1,6})\]")
# Eight digits or more, also when grouped ("999999 19900101 0011"); mixed runs such as a card number or a token.
_NUMBER = re.compile(r"[0-9０-９](?:[ \-*]?[0-9０-９]){7,}[Xx]?")
_MIXED = re.compile(rf"(?=[{_ALNUM}]*[0-9０-９])[{_ALNUM}]{{8,}}")
_RUN = re.compile(rf"[{_ALNUM}]{{8,}}")
_MAX_CHARACTERS = 300  # err_msg is C200 (H t3)
_NAMED = re.compile(
    r"(姓名|参保人员?|患者|人员名称|psn_name)(\s*[:：=]\s*|\s*[\[【「(（\"'])([^\s,，。;；\]】」)）\"']+)"
)


class InterfaceError(Exception):
    """Any failure of a call to the insurer. Its text holds no card number, ID number or name."""

    def __init__(self, message: str = "") -> None:
        super().__init__(_without_numbers(message))

    def __str__(self) -> str:
        return str(self.args[0])

    def forget(self, name: str) -> None:
        """Somebody of this name may be meant: it stands in the text no more."""
        if name:
            self.args = (str(self.args[0]).replace(name, "*"), *self.args[1:])


class NotSent(InterfaceError):
    """Surely nothing was carried out: no connection, no permit, or stopped at the gateway (H t6)."""


class NotSignedIn(NotSent):
    """The centre does not know the sign_no (9001) or no longer does; it refused before it did anything."""


class Throttled(InterfaceError):
    """The centre refused because of the rate; nothing was carried out."""

    def __init__(self, message: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(scrub(message))
        self.args = (*self.args, retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Refusal(StrEnum):
    """Refusals that tell what stands at the centre: the `code` of Refused when the Profile knows the text."""

    ALREADY_SETTLED = "already_settled"  # 2207: another message has settled it
    NOTHING_TO_REVERSE = "nothing_to_reverse"  # 2601: what we sent was not carried out
    ALREADY_REVERSED = "already_reversed"  # 2601, 2208: it was, and has been undone
    NO_SUCH_SETTLEMENT = "no_such_settlement"  # 2208, 5203
    NO_SUCH_VISIT = "no_such_visit"  # 2202, 2208, 5201, 5203, 5204
    NOT_SIGNED_IN = "not_signed_in"  # any but 9001: raised as NotSignedIn


class Refused(InterfaceError):
    """A business refusal (infcode other than 0); nothing was carried out.

    `code` is our own word (a Refusal, "not_insured") where there is one, and else the centre's bracketed internal code.
    """

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(scrub(message))
        self.args = (*self.args, code)
        self.code = code


class NotWritable(InterfaceError):
    """What was to be said cannot be written in this dialect: a fault of ours, which stays until somebody corrects it.

    Nothing was written down or sent. The text names the place, never the value.
    """


class OutcomeUnknown(InterfaceError):
    """It may have been carried out: no answer, half an answer, or one that cannot be read."""


def internal_code(text: str) -> str:
    """The bracketed code in an err_msg, e.g. "iptPsnSetlMgtBO_4412"; "" if there is none."""
    found = _INTERNAL_CODE.search(text)
    return found.group(1) if found else ""


def scrub(text: str) -> str:
    """A centre's text with names after a label and every run of eight or more digits or letters replaced by "*"."""
    unnamed = _NAMED.sub(r"\1\2*", text[:_MAX_CHARACTERS])
    parts = _INTERNAL_CODE.split(unnamed)  # text, code, text, code, …
    parts[::2] = [_RUN.sub("*", _without_numbers(part)) for part in parts[::2]]
    parts[1::2] = [f"[{code}]" for code in parts[1::2]]
    return "".join(parts)


def _without_numbers(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return _MIXED.sub("*", _NUMBER.sub("*", printable))
