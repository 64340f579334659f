"""What the others' books hold of a day, as rows to compare: the result of 3202, and the day file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from insurance.interface.statements import StatementDifference
from insurance.payment.day_file import LineKind, StatementLine
from insurance.reconciliation.compare import Key, Row
from insurance.reconciliation.rules import Movement

LONGEST_KEY = 64
SAYS_OTHERWISE = "differs"
"""Where the insurer finds the same amounts and is not content, and says no more."""


def insurer_rows(said: Sequence[Row], result: Iterable[StatementDifference], day: date) -> list[Row]:
    """The insurer's rows, from what we said and what it says of that. Some centres answer every row, some only those
    that they find wrong: what is not answered is agreed on. One without a message is a row that it does not have."""
    told = {_key(answer): answer for answer in result if not answer.centre_only}
    answered = (_answered(row, told.get((row.movement, row.key))) for row in said)
    unsaid = (_centre_only(answer, day) for answer in result if answer.centre_only)
    return [*(row for row in answered if row), *unsaid]


def payment_rows(lines: Iterable[StatementLine], day: date) -> Iterator[Row]:
    """The payment institution's rows. The order's number is that of our settlement."""
    for line in lines:
        paid = line.kind is LineKind.PAYMENT
        yield Row(
            movement=Movement.PAID if paid else Movement.REFUNDED,
            key=_word(line.order_no if paid else line.refund_no),
            amounts=(line.amount_fen,),
            day=day,
            number=_word(line.order_no),
            mark=_word(line.transaction_no) if paid else "",
        )


def _key(answer: StatementDifference) -> Key:
    return (Movement.UNDONE if answer.is_refund else Movement.SETTLED), answer.setl_id


def _answered(row: Row, answer: StatementDifference | None) -> Row | None:
    if answer is None or answer.balanced:
        return row
    if not answer.msgid:
        return None
    amounts = _amounts(answer)
    mark = (answer.memo or SAYS_OTHERWISE) if amounts == row.amounts else row.mark
    return replace(row, amounts=amounts, mark=mark, msgid=answer.msgid)


def _centre_only(answer: StatementDifference, day: date) -> Row:
    movement = Movement.UNDONE if answer.is_refund else Movement.SETTLED
    return Row(movement, answer.msgid[:LONGEST_KEY], _amounts(answer), day, msgid=answer.msgid[:LONGEST_KEY])


def _word(text: str) -> str:
    """A word of theirs that a row of ours can hold."""
    return "".join(filter(str.isprintable, text))[:LONGEST_KEY]


def _amounts(answer: StatementDifference) -> tuple[int, int, int]:
    return answer.total_fen, answer.fund_fen, answer.account_fen
