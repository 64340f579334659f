"""The money identities that every bill must keep. Pure.

Source: protocol 3.7, identities 1-6 (H, texts of 2206, 2207 and 5203).
"""

from collections.abc import Iterator, Sequence

from insurance.interface.amounts import to_yuan
from insurance.interface.messages import Bill, LineSplit, PolicySplit

_SPLIT_WORDS = {
    "fulamt_ownpay_fen": "fully self-paid",
    "overlmt_selfpay_fen": "over the price limit",
    "preselfpay_fen": "advance self-pay",
    "inscp_scp_fen": "within policy scope",
}


def violations(bill: Bill, lines: Sequence[LineSplit] = ()) -> tuple[str, ...]:
    """Each broken identity as a short sentence with amounts in yuan and no personal data; () when all hold.

    `lines` are the 2204 answers of all batches that the bill covers; without them identities 5 and 6 are not checked,
    nor 4 without a split.
    """
    return (*_of_bill(bill), *_of_lines(bill, lines))


def _of_bill(bill: Bill) -> Iterator[str]:
    yield from _differs("1: total", bill.total_fen, "fund + person + hospital", *_payers(bill))
    parts = [fen for _, fen in bill.fund_parts]
    yield from _differs("2: fund", bill.fund_fen, "sum of the fund's parts", *parts)
    yield from _differs("3: person", bill.person_fen, "account + cash", bill.account_fen, bill.cash_fen)
    if not _within(bill.shared_account_fen, bill.account_fen):
        shared, account = to_yuan(bill.shared_account_fen), to_yuan(bill.account_fen)
        yield f"identity 3: shared account {shared} is not within account {account}"
    if bill.split is not None:
        yield from _differs("4: total", bill.total_fen, "sum of the policy split", *_amounts(bill.split))


def _of_lines(bill: Bill, lines: Sequence[LineSplit]) -> Iterator[str]:
    if not lines:
        return
    yield from _differs("5: total", bill.total_fen, "sum of the lines", *(line.amount_fen for line in lines))
    for name, word in _SPLIT_WORDS.items() if bill.split is not None else ():
        parts = (getattr(line.split, name) for line in lines)
        yield from _differs(f"5: {word}", getattr(bill.split, name), "sum of the lines", *parts)
    for number, line in enumerate(lines, 1):
        yield from _differs(f"6: line {number}", line.amount_fen, "sum of its split", *_amounts(line.split))


def _differs(name: str, fen: int, words: str, *parts: int) -> Iterator[str]:
    if fen != sum(parts):
        yield f"identity {name} {to_yuan(fen)} is not {words} {to_yuan(sum(parts))}"


def _payers(bill: Bill) -> tuple[int, int, int]:
    return bill.fund_fen, bill.person_fen, bill.hospital_fen


def _amounts(split: PolicySplit) -> tuple[int, ...]:
    return tuple(getattr(split, name) for name in _SPLIT_WORDS)


def _within(part_fen: int, whole_fen: int) -> bool:
    """In a cancellation both are negative."""
    return 0 <= part_fen <= whole_fen or whole_fen <= part_fen <= 0
