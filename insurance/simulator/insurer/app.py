"""The insurer as an ASGI app: every POST is the interface, what begins with `/_` is for whoever watches."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qs

from insurance.simulator.asgi import TEXT, Answering, Exchange, Receive, Scope, Send
from insurance.simulator.faults import Faults
from insurance.simulator.insurer.faces import FETCHED, Message, NotUnderstood, face
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.insurer.meter import Meter
from insurance.simulator.insurer.misbehaviour import FAULTS, LOSING, THROTTLED, Reply, Work

ABOUT = "simulated insurer: POST a message of its dialect; GET /_ledger /_stats /_faults; POST /_faults /_reset\n"


@dataclass(frozen=True)
class Settings:
    """`dialect` is the wire it listens to (`faces`), `profile` the region's way of it (`provinces`; "": the nation's).

    `per_minute` arrivals of each `metered` transaction (none: those of the dialect) in `window_seconds` are the limit,
    refused beyond it only if `enforce`; `lose` is a share 0..1 of answers; `latency_seconds` is added to every call.
    """

    dialect: str = "national"
    profile: str = ""
    per_minute: int = 100
    window_seconds: float = 60.0
    metered: tuple[str, ...] = ()
    enforce: bool = False
    refuse_double: bool = False
    lose: float = 0.0
    seed: int = 0
    latency_seconds: float = 0.0


class Insurer:
    """One centre: its books, its meter, its faults."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.face_of = partial(face(settings.dialect), **({"profile": settings.profile} if settings.profile else {}))
        self.methods = ("POST", "GET") if settings.dialect in FETCHED else ("POST",)
        self._new_books()
        metered = settings.metered or self.face.metered
        self.meter = Meter(metered, settings.per_minute, settings.window_seconds)
        self.faults = Faults(frozenset(FAULTS), "lose", settings.seed)
        self.routes: dict[tuple[str, str], Callable[[Exchange], Awaitable[None]]] = {
            ("GET", "/"): self._about,
            ("GET", "/_ledger"): self._show_ledger,
            ("GET", "/_stats"): self._show_stats,
            ("GET", "/_faults"): self.faults.tell,
            ("POST", "/_faults"): self.faults.hear,
            ("POST", "/_reset"): self._reset,
        }
        if settings.lose:
            self.faults.replace({"lose": settings.lose})

    def _new_books(self) -> None:
        self.ledger = Ledger()
        self.face = self.face_of(self.ledger, refuse_double=self.settings.refuse_double)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        route = self.routes.get((exchange.method, exchange.path))
        if route is not None:
            await route(exchange)
        elif exchange.method in self.methods:
            await self._interface(exchange)
        else:
            await exchange.send(404, b"not found\n", TEXT)

    async def _interface(self, exchange: Exchange) -> None:
        """Understand the call, count its arrival, answer it or not."""
        msgid = exchange.header(b"x-msgid") or exchange.header(b"x-request-id")
        headers = exchange.header(b"content-type"), msgid
        await self.take(exchange, Message(exchange.path, await exchange.body(), *headers), exchange.arrived_ns)

    async def take(self, exchange: Answering, message: Message, arrived_ns: int) -> None:
        """One message, by HTTP or by a line (`lines`); `arrived_ns` is `time.monotonic_ns()` of its first byte."""
        try:
            asked = self.face.understand(message)
        except NotUnderstood as error:
            await exchange.answer(error.reply)
            return
        over, work = self.meter.arrive(asked.infno, asked.msgid, arrived_ns), asked.work
        if over and self.settings.enforce:
            work = replace(work, carry_out=lambda: self._throttled(asked.work))
        await self._answer(exchange, asked.infno, work)

    async def _answer(self, exchange: Answering, infno: str, work: Work) -> None:
        self.meter.enter()
        try:
            if self.settings.latency_seconds:
                await asyncio.sleep(self.settings.latency_seconds)
            rule = self.faults.strike(infno)
            if rule is None:
                await exchange.answer(work())
                return
            self.meter.lost += rule.kind in LOSING
            await FAULTS[rule.kind](exchange, rule, work)
        finally:
            self.meter.leave()

    def _throttled(self, work: Work) -> Reply:
        self.meter.refused += 1
        return work.refuse(THROTTLED)

    async def _about(self, exchange: Exchange) -> None:
        await exchange.send(200, ABOUT.encode(), TEXT)

    async def _show_ledger(self, exchange: Exchange) -> None:
        """`?rows=0` leaves the rows out: totals only, for who asks often."""
        await exchange.send_json(200, self.ledger.shown(_asked(exchange, "rows", "1")))

    async def _show_stats(self, exchange: Exchange) -> None:
        await exchange.send_json(200, self.meter.shown(_asked(exchange, "arrivals", "0")))

    async def _reset(self, exchange: Exchange) -> None:
        """Empty books, meter and faults."""
        self._new_books()
        self.meter.reset()
        self.faults.replace({})
        await exchange.send_json(200, {"reset": True})


def _asked(exchange: Exchange, name: str, default: str) -> bool:
    return parse_qs(exchange.query.decode("latin-1")).get(name, [default])[-1] != "0"
