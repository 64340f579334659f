"""6302: the centre tells us what became of an order. Source: protocol 3.15.

It is never believed: it is a reason to ask (6301) sooner. So that nobody can make us ask at will, it must be signed. No
source says how a callback is, and signatures are regional (protocol 2.5): we take that of the gateway which signs time
and body (HMAC-SM3), with the secret that was agreed on for callbacks.
"""

import hmac
import json
from decimal import Decimal

from insurance.interface.dialects.mobile.orders import LONGEST_NUMBER
from insurance.interface.dialects.mobile.states import MEANS, Means, OrderState, may_become
from insurance.interface.dialects.national.fields import Node
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import OrderNews, Request
from insurance.interface.gateways import hmac_sm3
from insurance.interface.gateways.signing import Key

INFNO = "6302"
MAX_BYTES = 64 * 1024
REPLAY_SECONDS = 300
SIGNATURE = "x-ca-signature"
_LONGEST_TIME = 12  # digits of Unix seconds


def signature(secret: str, body: bytes, now: float) -> str:
    """`<unix s>:<UPPER-hex>`, as the centre signs."""
    return hmac_sm3.sign(Request(INFNO, "", {}, body), Key("", secret), now)[SIGNATURE]


def is_genuine(secret: str, given: str, body: bytes, now: float) -> bool:
    """Whether it is the centre's own and not older than REPLAY_SECONDS."""
    time, _, _ = given.partition(":")
    if not (time.isascii() and time.isdigit() and len(time) <= _LONGEST_TIME):
        return False
    if len(body) > MAX_BYTES or abs(now - int(time)) > REPLAY_SECONDS:
        return False
    return hmac.compare_digest(signature(secret, body, int(time)).encode(), given.encode())


def read(body: bytes) -> OrderNews:
    """Which order it is about, and what it says of it.

    Worth a question is a state that decides something and that a settlement under way can come to. Raises ValueError.
    """
    try:
        node = Node("callback", json.loads(body.decode(), parse_float=Decimal))
        number, state = node.text("payOrdId"), OrderState(node.text("ordStas"))
    except (ValueError, ArithmeticError, RecursionError, OutcomeUnknown) as error:
        raise ValueError(f"no callback: {type(error).__name__}") from None
    if len(number) > LONGEST_NUMBER:
        raise ValueError("no callback: payOrdId is too long")
    return OrderNews(number, state.value, _is_worth_asking(state))


def _is_worth_asking(state: OrderState) -> bool:
    return MEANS[state] is not Means.UNDER_WAY and may_become(OrderState.SETTLING, state)
