"""A script of faults: which calls go wrong, how, how often. One seeded draw, so a run can be repeated."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from insurance.simulator.asgi import BadBody, Exchange, loads
from insurance.simulator.money import JsonObject, number

EVERY = "*"

Read = TypeVar("Read")


class BadScript(Exception):
    """The fault script cannot be understood; nothing was changed."""


@dataclass
class Rule:
    """One way to go wrong.

    `share` is the chance per call (0..1), `times` the most strikes (None: no end), `seconds` the length of a
    delay or an outage (None: the kind's own default), `message` a text in place of the usual one.
    """

    names: frozenset[str]
    kind: str
    share: float = 1.0
    times: int | None = None
    seconds: float | None = None
    message: str = ""
    since: float = field(default_factory=time.monotonic)
    struck: int = 0

    def matches(self, name: str, now: float) -> bool:
        if self.times is not None and self.struck >= self.times:
            return False
        if self.kind == "down" and self.seconds is not None and now - self.since >= self.seconds:
            return False
        # A rule for 2207 also hits 2207A and the other way round: the same transaction by region (protocol 2.6).
        return EVERY in self.names or name.removesuffix("A") in {each.removesuffix("A") for each in self.names}

    def wait(self, default: float) -> float:
        return default if self.seconds is None else self.seconds

    def shown(self) -> JsonObject:
        return {
            "names": sorted(self.names),
            "kind": self.kind,
            "share": self.share,
            "times": self.times,
            "seconds": self.seconds,
            "message": self.message,
            "struck": self.struck,
        }


class Faults:
    """The active script. `shorthand` is the kind that `{"lose": 0.05}` stands for."""

    def __init__(self, kinds: frozenset[str], shorthand: str, seed: int = 0) -> None:
        self.kinds = kinds
        self.shorthand = shorthand
        self.seed = seed
        self.rules: list[Rule] = []
        self.random = random.Random(seed)

    def replace(self, script: JsonObject) -> None:
        """Take `script` in place of the active one; `BadScript` leaves the active one as it is."""
        listed = script.get("rules", [])
        if not isinstance(listed, list) or script.keys() - {"seed", "rules", "lose"}:
            raise BadScript("expected seed, rules (a list), lose")
        rules = [self._rule(each) for each in listed]
        if "lose" in script:
            rules.append(self._rule({"kind": self.shorthand, "share": script["lose"]}))
        self.seed = _read(int, script.get("seed", self.seed))
        self.random = random.Random(self.seed)
        self.rules = rules

    def strike(self, name: str, *kinds: str) -> Rule | None:
        """The first rule that hits this call, counted as a strike; only among `kinds`, if any are named."""
        now = time.monotonic()
        for rule in self.rules:
            wanted = not kinds or rule.kind in kinds
            if wanted and rule.matches(name, now) and (rule.share >= 1 or self.random.random() < rule.share):
                rule.struck += 1
                return rule
        return None

    def shown(self) -> JsonObject:
        return {"seed": self.seed, "rules": [rule.shown() for rule in self.rules]}

    async def tell(self, exchange: Exchange) -> None:
        """`GET /_faults`."""
        await exchange.send_json(200, self.shown())

    async def hear(self, exchange: Exchange) -> None:
        """`POST /_faults`: another script, or 400 and the active one stays."""
        try:
            self.replace(loads(await exchange.body()))
        except (BadBody, BadScript) as error:
            await exchange.send_json(400, {"error": str(error)})
            return
        await self.tell(exchange)

    def _rule(self, given: Any) -> Rule:
        if not isinstance(given, dict) or given.get("kind") not in self.kinds:
            raise BadScript(f"each rule needs a kind out of {sorted(self.kinds)}")
        names = given.get("infno", given.get("call", EVERY))
        times, seconds = given.get("times"), given.get("seconds")
        return Rule(
            names=frozenset([names] if isinstance(names, str) else _read(list, names)),
            kind=given["kind"],
            share=_read(_share, given.get("share", 1.0)),
            times=None if times is None else _read(int, times),
            seconds=None if seconds is None else _read(float, seconds),
            message=str(given.get("message") or ""),
        )


def _share(value: object) -> float:
    share = float(number(value))
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    return share


def _read(kind: Callable[[Any], Read], value: object) -> Read:
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise BadScript(str(error)) from error
