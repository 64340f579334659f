"""What the other sides say of themselves: the insurer's and the payment institution's own counts and ledgers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from demo.home import CannotStart

TOGETHER = "all"
"""What an insurer counts over all metered transactions. Before it come the trial and the settlement, in this order and
by their names in its dialect."""

SUMS = ("settlements", "fund_fen", "account_fen", "cash_fen")


@dataclass(frozen=True)
class Insurer:
    """An insurer's account of what has reached it, at one moment. `totals` is None if it does not show its ledger."""

    arrivals: int = 0
    worst_60s: int = 0
    over_limit: int = 0
    totals: dict[str, int] | None = None
    shows_arrivals: bool = False


def ask_insurer(address: str) -> Insurer:
    """The insurer as it is now; one that is not a simulator shows neither arrivals nor ledger."""
    stats, ledger = _json(f"{address}/_stats"), _json(f"{address}/_ledger")
    metered = [each for name, each in (stats or {}).get("metered", {}).items() if name != TOGETHER]
    trial = metered[0] if metered else {}
    return Insurer(
        arrivals=int(trial.get("arrivals", 0)),
        worst_60s=int(trial.get("worst_window", 0)),
        over_limit=sum(int(each.get("over_limit", 0)) for each in metered),
        totals=_sums(ledger["totals"]) if ledger else None,
        shows_arrivals=bool(trial),
    )


def since(now: Insurer, before: Insurer) -> Insurer:
    """What has come on top of `before`: an insurer that is not ours may have served others earlier."""
    totals = now.totals
    if totals and before.totals:
        totals = {name: totals[name] - before.totals[name] for name in SUMS}
    over = now.over_limit - before.over_limit
    return Insurer(now.arrivals - before.arrivals, now.worst_60s, over, totals, now.shows_arrivals)


def together(insurers: Sequence[Insurer]) -> Insurer:
    """All of them as one: `worst_60s` is the fullest one's. Each has a limit of its own."""
    totals = [one.totals for one in insurers if one.totals is not None]
    return Insurer(
        arrivals=sum(one.arrivals for one in insurers),
        worst_60s=max(one.worst_60s for one in insurers),
        over_limit=sum(one.over_limit for one in insurers),
        totals={name: sum(each[name] for each in totals) for name in SUMS} if len(totals) == len(insurers) else None,
        shows_arrivals=all(one.shows_arrivals for one in insurers),
    )


def ask_payments(address: str) -> dict[str, int]:
    """What the payment institution has collected: `paid` (how many) and `cash_fen`."""
    ledger = _json(f"{address}/_ledger") or {"totals": {}}
    return {name: int(ledger["totals"].get(name, 0)) for name in ("paid", "cash_fen")}


async def last_window(client: httpx.AsyncClient, address: str) -> int | None:
    """How many trials reached the insurer in the last 60 s; None if it does not say."""
    try:
        response = await client.get(f"{address}/_stats")
        response.raise_for_status()
    except httpx.HTTPError:
        return None  # shown as "-": the picture goes on without this figure
    return int(next(iter(response.json().get("last_window", {}).values()), 0))


def _sums(totals: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(totals.get(name, 0)) for name in SUMS}


def _json(url: str) -> dict[str, Any] | None:
    try:
        response = httpx.get(url, timeout=10, trust_env=False)
    except httpx.TransportError as error:
        raise CannotStart(f"{url} does not answer: {error}") from error
    if response.is_error or "json" not in response.headers.get("Content-Type", ""):
        return None
    answer: dict[str, Any] = response.json()
    return answer
