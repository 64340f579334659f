"""6302: the centre tells us what became of an order. Source: protocol 3.15.

No source says how a callback is signed, and signatures are regional (protocol 2.5). So it is never believed: it is
read, and then it is a reason to ask (6301). What it must hold before that is checked here, so that nobody can make us
ask at will.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from insurance.interface.dialects.mobile.orders import Paid, Queried, read_paid
from insurance.interface.dialects.mobile.states import OrderState, may_become
from insurance.interface.dialects.national.fields import Node
from insurance.interface.errors import OutcomeUnknown

MAX_BYTES = 64 * 1024

Verify = Callable[[bytes, str], bool]
"""Whether the signature is that of the body: the local gateway's rule."""


class NotVerified(Exception):
    """It is not from the centre, or it is no callback. Nothing is done about it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a callback says. Only `is_news` is to be trusted, and only as far as asking goes."""

    paid: Paid

    def is_news(self, known: OrderState) -> bool:
        """Whether it is worth a question: repeated, late and out-of-order ones are not."""
        return may_become(known, self.paid.state)


def read(body: bytes, signature: str, pay_ord_id: str, verify: Verify) -> Told:
    """A callback about the order that its address names. Raises NotVerified, before a byte is parsed if it can."""
    if len(body) > MAX_BYTES or not verify(body, signature):
        raise NotVerified("not signed by the centre")
    try:
        document = json.loads(body.decode(), parse_float=Decimal)
        return Told(read_paid(pay_ord_id, Node("callback", document)))
    except (ValueError, ArithmeticError, RecursionError, OutcomeUnknown) as error:
        raise NotVerified(f"no callback of this order: {type(error).__name__}") from None


def differences(told: Told, asked: Queried) -> tuple[str, ...]:
    """Where the answer to 6301 is not what the callback said; the answer counts, a person sees the difference."""
    pairs = (
        ("state", told.paid.state, asked.paid.state),
        ("total", told.paid.total_fen, asked.paid.total_fen),
        ("cash", told.paid.cash_fen, asked.paid.cash_fen),
        ("account", told.paid.account_fen, asked.paid.account_fen),
        ("fund", told.paid.fund_fen, asked.paid.fund_fen),
    )
    return tuple(f"{name}: told {one}, asked {other}" for name, one, other in pairs if one != other)
