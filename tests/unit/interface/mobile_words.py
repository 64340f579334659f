"""Shared by the tests of the mobile payment centre: its golden messages, and the questions that they answer."""

import json
from dataclasses import replace
from typing import Any

from insurance.interface.dialects import load
from insurance.interface.exchange import Exchange, Reply
from insurance.interface.messages import Order
from insurance.interface.profile import Profile
from insurance.interface.questions import ChargeBatch, MessageKey, Pricing, SettlementKey, Settling
from tests.unit.interface.words import CARD, INSURED, LINE, NOW, SAMPLES, VISIT

GOLDEN = SAMPLES / "mobile"
DIALECT = load("mobile")
PROFILE = Profile("http://127.0.0.1:1", "H99999900001", "互联网医院", "330100", **DIALECT.defaults)

OPENED_BY, PAID_BY = "H99999900001202401020900000001", "H99999900001202401020905000001"
ASKING = "H99999900001202401020910000001"
OLDER = Order("ORD330100202401020855000000099", "TOKEN-OF-THE-OLDER-ORDER", "H99999900001202401020855000001")
ORDER = Order("ORD330100202401020900000000001", "TOKEN-OF-THE-ORDER", OPENED_BY)
WHO = replace(INSURED, orders=(OLDER, ORDER))

PRICING = Pricing(INSURED, CARD, "M1", "", 452, "11", True, VISIT, (LINE,), OPENED_BY)
SETTLING = Settling(replace(PRICING, insured=WHO, visit=None, lines=(), msgid=""), "7", None, PAID_BY)
KEY = SettlementKey(WHO, "M1", ORDER.number)
REVERSING = replace(KEY, reversal="TOKEN-OF-THE-REVERSAL")
BY_MESSAGE = MessageKey(WHO, "M1", "7", PAID_BY)
GIVING_UP = ChargeBatch(WHO, "M1", "0000")


def there(exchange: Exchange[Any, Any] | None) -> Exchange[Any, Any]:
    assert exchange is not None
    return exchange


REQUESTS: dict[str, tuple[Exchange[Any, Any], str, Any]] = {
    "6201": (DIALECT.trial, OPENED_BY, PRICING),
    "6202": (DIALECT.settle, PAID_BY, SETTLING),
    "6203": (DIALECT.cancel, ASKING, KEY),
    "6203-revs-token": (DIALECT.cancel, ASKING, REVERSING),
    "6301": (DIALECT.query, ASKING, KEY),
    "6401": (there(DIALECT.withdraw_charges), ASKING, GIVING_UP),
}


def written(exchange: Exchange[Any, Any], msgid: str, question: Any) -> Any:
    return json.loads(exchange.encode(PROFILE, msgid, NOW, question).body)


def document(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def golden(name: str, **changes: Any) -> Reply:
    """The reply, with these fields of its data in place of its own; None takes one away."""
    told = document(f"{name}-reply")
    if changes:
        data = {**told["output"]["data"], **changes}
        told["output"]["data"] = {field: value for field, value in data.items() if value is not None}
    return Reply(200, {"content-type": "application/json"}, json.dumps(told).encode())
