"""The ways the insurer can go wrong, by kind of fault.

Nothing is carried out: refuse, throttle, hang, drop_before, down, gateway_401.
It is carried out, but the answer is lost, late, wrong or unreadable: lose, drop_after, slow, duplicate,
wrong_totals, rubbish, html, empty, half, http_500. The caller cannot tell the last five from the first six.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from insurance.simulator.asgi import HTML, TEXT, Answering, Content
from insurance.simulator.faults import Rule
from insurance.simulator.money import JsonObject

Reply = JsonObject | bytes | Content
"""A message, a file, or a message that is no JSON."""

THROTTLED = "访问过于频繁，请稍后再试"
BUSY = "系统繁忙，请稍后再试"
BAD_SIGNATURE = "签名不一致!"
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
HANG_SECONDS = 60.0
SLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Work:
    """One call as a face understood it: `work()` carries it out. `refuse` is how this wire says no, `spoil` what an
    answer looks like whose total is one yuan too high, so that neither the lines nor the parts add up to it."""

    carry_out: Callable[[], Reply]
    refuse: Callable[[str], Reply]
    spoil: Callable[[Reply], Reply]

    def __call__(self) -> Reply:
        return self.carry_out()


Fault = Callable[[Answering, Rule, Work], Awaitable[None]]


async def _refuse(exchange: Answering, rule: Rule, work: Work) -> None:
    usual = THROTTLED if rule.kind == "throttle" else BUSY
    await exchange.answer(work.refuse(rule.message or usual))


async def _hang(exchange: Answering, rule: Rule, work: Work) -> None:
    await asyncio.sleep(rule.wait(HANG_SECONDS))
    await exchange.abort()


async def _drop_before(exchange: Answering, rule: Rule, work: Work) -> None:
    await exchange.abort()


async def _gateway_401(exchange: Answering, rule: Rule, work: Work) -> None:
    await exchange.send_json(401, {"code": 401, "message": rule.message or BAD_SIGNATURE})


async def _lose(exchange: Answering, rule: Rule, work: Work) -> None:
    work()
    await asyncio.sleep(rule.wait(0))
    await exchange.abort()


async def _slow(exchange: Answering, rule: Rule, work: Work) -> None:
    reply = work()
    await asyncio.sleep(rule.wait(SLOW_SECONDS))
    await exchange.answer(reply)


async def _duplicate(exchange: Answering, rule: Rule, work: Work) -> None:
    reply = work()
    work()
    await exchange.answer(reply)


async def _wrong_totals(exchange: Answering, rule: Rule, work: Work) -> None:
    await exchange.answer(work.spoil(work()))


async def _rubbish(exchange: Answering, rule: Rule, work: Work) -> None:
    work()
    await exchange.send(200, (rule.message or "\x00\x01%#@!{infcode:").encode())


async def _html(exchange: Answering, rule: Rule, work: Work) -> None:
    work()
    await exchange.send(200, (rule.message or PAGE).encode(), HTML)


async def _empty(exchange: Answering, rule: Rule, work: Work) -> None:
    work()
    await exchange.send(200, b"")


async def _half(exchange: Answering, rule: Rule, work: Work) -> None:
    await exchange.send_half(work())


async def _http_500(exchange: Answering, rule: Rule, work: Work) -> None:
    work()
    await exchange.send(500, (rule.message or "Internal Server Error").encode(), TEXT)


LOSING = frozenset({"lose", "drop_after"})
FAULTS: dict[str, Fault] = {
    "refuse": _refuse,
    "throttle": _refuse,
    "hang": _hang,
    "drop_before": _drop_before,
    "down": _drop_before,
    "gateway_401": _gateway_401,
    "lose": _lose,
    "drop_after": _lose,
    "slow": _slow,
    "duplicate": _duplicate,
    "wrong_totals": _wrong_totals,
    "rubbish": _rubbish,
    "html": _html,
    "empty": _empty,
    "half": _half,
    "http_500": _http_500,
}
