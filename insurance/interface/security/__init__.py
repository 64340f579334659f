"""A dialect as it is spoken at a centre that signs and encrypts its messages, or calls things otherwise.

Source: protocol 2.5. The library for SM2 is loaded only where it is used.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from insurance.interface.dialects.national.envelope import renamed
from insurance.interface.exchange import Answer, Dialect, Exchange, Question, Reply, Request
from insurance.interface.profile import Profile
from insurance.interface.security.rules import RULES, Keys, Rule

__all__ = ["Keys", "Security", "spoken"]

_SEALING = "insurance.interface.security.sealing"


class Security(Protocol):
    """What is done to a message at the edge."""

    def sealed(self, request: Request) -> Request:
        """As it leaves."""
        ...

    def opened(self, reply: Reply) -> Reply:
        """As it can be read. Raises OutcomeUnknown for one that is not the centre's or cannot be decrypted."""
        ...


def spoken(dialect: Dialect, profile: Profile, keys: Keys) -> Dialect:
    """The dialect with this centre's security and names. Raises ValueError for a key that is none."""
    if profile.names:
        dialect = _around(dialect, _as_it_is, _with_our_names(profile.names))
    if profile.security or profile.encrypts:
        rule = RULES[profile.security] if profile.security else Rule()
        security: Security = import_module(_SEALING).Sealing(rule, profile.encrypts, keys)
        dialect = _around(dialect, security.sealed, security.opened, but=("report_self_pay",))
    return dialect


def _around(
    dialect: Dialect,
    seal: Callable[[Request], Request],
    open_reply: Callable[[Reply], Reply],
    but: tuple[str, ...] = (),
) -> Dialect:
    """`but`: what has no envelope (4261) is neither sealed nor opened."""
    parts = {each.name: getattr(dialect, each.name) for each in fields(dialect) if each.name not in but}
    exchanges = {name: part for name, part in parts.items() if isinstance(part, Exchange)}
    around: dict[str, Any] = {name: _exchange(each, seal, open_reply) for name, each in exchanges.items()}
    return replace(dialect, **around)


def _exchange(
    exchange: Exchange[Question, Answer], seal: Callable[[Request], Request], open_reply: Callable[[Reply], Reply]
) -> Exchange[Question, Answer]:
    def encode(profile: Profile, msgid: str, now: datetime, question: Question) -> Request:
        return seal(exchange.encode(profile, msgid, now, question))

    def decode(question: Question, reply: Reply) -> Answer:
        return exchange.decode(question, open_reply(reply))

    return replace(exchange, encode=encode, decode=decode)


def _as_it_is(request: Request) -> Request:
    """What we send has its local names already."""
    return request


def _with_our_names(names: Mapping[str, str]) -> Callable[[Reply], Reply]:
    ours = {theirs: name for name, theirs in names.items()}

    def read(reply: Reply) -> Reply:
        """Fractions become texts, digit by digit; what is no JSON is left for the dialect to judge."""
        try:
            document = json.loads(reply.body, parse_float=str, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return reply
        return replace(reply, body=json.dumps(renamed(document, ours), ensure_ascii=False).encode())

    return read


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
