"""The insurer as an ASGI app: every POST is the interface, what begins with `/_` is for whoever watches.

FHIR paths are answered in FHIR, by a gateway in front of the same books, meter and faults (`fhir`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from insurance.simulator.asgi import TEXT, BadBody, Exchange, Receive, Scope, Send, loads
from insurance.simulator.faults import BadScript, Faults
from insurance.simulator.insurer import envelope, form, self_pay
from insurance.simulator.insurer.envelope import NotAnEnvelope, Refused
from insurance.simulator.insurer.fhir import gateway as fhir
from insurance.simulator.insurer.fhir.gateway import FhirExchange
from insurance.simulator.insurer.ledger import CHINA, Ledger
from insurance.simulator.insurer.meter import Meter
from insurance.simulator.insurer.misbehaviour import FAULTS, LOSING, THROTTLED, Work
from insurance.simulator.insurer.transactions import carry_out, table
from insurance.simulator.money import JsonObject

ABOUT = (
    "simulated insurer: POST the national envelope or FHIR R4; GET /_ledger /_stats /_faults; POST /_faults /_reset\n"
)


@dataclass(frozen=True)
class Settings:
    """`per_minute` arrivals of each `metered` transaction in `window_seconds` are the limit, refused beyond it
    only if `enforce`; `lose` is a share 0..1 of answers; `latency_seconds` is added to every call."""

    per_minute: int = 100
    window_seconds: float = 60.0
    metered: tuple[str, ...] = ("2206A", "2207A")
    enforce: bool = False
    refuse_double: bool = False
    lose: float = 0.0
    seed: int = 0
    latency_seconds: float = 0.0


class Insurer:
    """One centre: its books, its meter, its faults."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.handlers = table(settings.refuse_double)
        self.ledger = Ledger()
        self.meter = Meter(settings.metered, settings.per_minute, settings.window_seconds)
        self.faults = Faults(frozenset(FAULTS), "lose", settings.seed)
        self.routes: dict[tuple[str, str], Callable[[Exchange], Awaitable[None]]] = {
            ("GET", "/"): self._about,
            ("GET", "/_ledger"): self._show_ledger,
            ("GET", "/_stats"): self._show_stats,
            ("GET", "/_faults"): self._show_faults,
            ("POST", "/_faults"): self._set_faults,
            ("POST", "/_reset"): self._reset,
        }
        if settings.lose:
            self.faults.replace({"lose": settings.lose})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        route = self.routes.get((exchange.method, exchange.path))
        if route is not None:
            await route(exchange)
        elif fhir.is_meant(exchange):
            await self._interface(FhirExchange(scope, receive, send, self.ledger))
        elif exchange.method == "POST":
            await self._interface(exchange)
        else:
            await exchange.send(404, b"not found\n", TEXT)

    async def _interface(self, exchange: Exchange) -> None:
        """Understand the call, count its arrival, answer it or not."""
        work: Work
        try:
            document, file = form.parts(exchange.header(b"content-type"), await exchange.body())
            body = loads(document)
            msgid = exchange.header(b"x-msgid")
            if self_pay.is_report(exchange.path, body, msgid):
                infno, work = self_pay.INFNO, partial(self._self_pay, body, msgid)
            else:
                call = envelope.read(body, file)
                infno, msgid, work = call.infno, call.msgid, partial(carry_out, self.handlers, self.ledger, call)
        except (BadBody, NotAnEnvelope) as error:
            await exchange.send_json(200, envelope.refused(datetime.now(CHINA), f"交易报文不正确：{error}"))
            return
        over = self.meter.arrive(infno, msgid, exchange.arrived_ns)
        await self._answer(exchange, infno, self._throttled if over and self.settings.enforce else work)

    async def _answer(self, exchange: Exchange, infno: str, work: Work) -> None:
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

    def _self_pay(self, body: JsonObject, msgid: str) -> JsonObject:
        try:
            return self_pay.report(self.ledger, body, msgid)
        except Refused as refusal:
            return self_pay.wrapped(-1, "error", str(refusal))

    def _throttled(self) -> JsonObject:
        self.meter.refused += 1
        return envelope.refused(datetime.now(CHINA), THROTTLED)

    async def _about(self, exchange: Exchange) -> None:
        await exchange.send(200, ABOUT.encode(), TEXT)

    async def _show_ledger(self, exchange: Exchange) -> None:
        """`?rows=0` leaves the rows out: totals only, for who asks often."""
        await exchange.send_json(200, self.ledger.shown(_asked(exchange, "rows", "1")))

    async def _show_stats(self, exchange: Exchange) -> None:
        await exchange.send_json(200, self.meter.shown(_asked(exchange, "arrivals", "0")))

    async def _show_faults(self, exchange: Exchange) -> None:
        await exchange.send_json(200, self.faults.shown())

    async def _set_faults(self, exchange: Exchange) -> None:
        try:
            self.faults.replace(loads(await exchange.body()))
        except (BadBody, BadScript) as error:
            await exchange.send_json(400, {"error": str(error)})
            return
        await self._show_faults(exchange)

    async def _reset(self, exchange: Exchange) -> None:
        """Empty books, meter and faults."""
        self.ledger = Ledger()
        self.meter.reset()
        self.faults.replace({})
        await exchange.send_json(200, {"reset": True})


def _asked(exchange: Exchange, name: str, default: str) -> bool:
    return parse_qs(exchange.query.decode("latin-1")).get(name, [default])[-1] != "0"
