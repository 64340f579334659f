"""What may be shown of a line: everything stands at a place, so the places that say nothing of a person are named here,
by transaction. A place that is not named is masked, and so is all of a transaction that is not."""

from collections.abc import Callable, Mapping

from insurance.interface.dialects.delimited.line import ONLINE
from insurance.interface.dialects.delimited.local import NUMBERS
from insurance.interface.errors import scrub
from insurance.interface.masking import MASK, at_its_place
from insurance.interface.profile import Operation

_BILL = frozenset(range(10))  # amounts, state, time and serial (bills.py)
_PRICING = frozenset((0, 1, 2, 3, 4, 8, 9, 11, 12))  # not the operator, 10

_ASKED: Mapping[Operation, frozenset[int]] = {
    Operation.REGISTER: frozenset((0, 1, 2, 10, 11, 14)),
    Operation.CANCEL_REGISTRATION: frozenset((0, 2)),
    Operation.UPLOAD_CHARGES: frozenset((0, 1, 2, 3, 4, 5, 6, 8, 9, 21, 22)),
    Operation.WITHDRAW_CHARGES: frozenset((0, 3)),
    Operation.TRIAL: _PRICING,
    Operation.SETTLE: _PRICING,
    Operation.CANCEL: frozenset((0, 1, 2, 4, 5)),
    Operation.QUERY: frozenset((0, 1, 2)),
    Operation.DAY_TOTALS: frozenset(range(10)),
}
_TOLD: Mapping[Operation, frozenset[int]] = {
    Operation.PERSON: frozenset((3, 6, 7)),
    Operation.TRIAL: _BILL,
    Operation.SETTLE: _BILL,
    Operation.QUERY: _BILL,
    Operation.SIGN_IN: frozenset((0,)),
    Operation.DAY_TOTALS: frozenset((0,)),
}
_OPERATIONS = {number: operation for operation, number in NUMBERS.items()}


def masked(infno: str, text: str) -> str:
    """A request has nine parts, an answer four (line.py, replies.py); "" for anything else."""
    parts = text.strip("\ufeff\r\n ").split("^")
    match len(parts), parts[-1]:
        case 9, "" if parts[7] == ONLINE:
            return "^".join(_request(parts))
        case 4, "":
            return "^".join(_answer(infno, parts))
    return ""


def _request(parts: list[str]) -> list[str]:
    """`infno^hospital^operator^cycle^serial^centre^arguments^1^`: the operator is a person too."""
    shown = [at_its_place(part) for part in parts]
    shown[2] = MASK if parts[2] else ""
    shown[6] = "$".join(_row(row, _places(_ASKED, parts[0])) for row in parts[6].split("$"))
    return shown


def _answer(infno: str, parts: list[str]) -> list[str]:
    """`serial^cycle^arguments^`; without a serial the third part says why not."""
    told = _row(parts[2], _places(_TOLD, infno)) if parts[0].strip() else scrub(parts[2])
    return [*map(at_its_place, parts[:2]), told, ""]


def _row(row: str, shown: frozenset[int]) -> str:
    return "|".join(_shown(place, field, shown) for place, field in enumerate(row.split("|")))


def _shown(place: int, field: str, shown: frozenset[int]) -> str:
    show: Callable[[str], str] = at_its_place if place in shown else lambda text: MASK
    return show(field) if field else ""


def _places(known: Mapping[Operation, frozenset[int]], infno: str) -> frozenset[int]:
    operation = _OPERATIONS.get(infno)
    return known.get(operation, frozenset()) if operation else frozenset()
