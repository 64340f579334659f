"""The figures of the overview: those of the metrics, of the doctor and of the ledger, for people.

Nothing here costs more when more waits: counts are capped (`operations.metrics.family`) and read from partial indexes,
the calls of the curve are no more than n allows. Of today's money today's entries are added up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import ticks
from insurance.ledger.models import LedgerEntry, Leg
from insurance.quota import picture, proof
from insurance.quota.models import Quota
from insurance.quota.picture import COLUMN_SECONDS, Picture
from insurance.settlement.models import Settlement
from insurance.states import SettlementState
from operations.doctor import interface, upkeep
from operations.doctor.finding import Finding, Level
from operations.metrics import money
from operations.metrics.family import COUNTED_AT_MOST

SHOWN = timedelta(minutes=10)
TICK = timedelta(minutes=2)
ENDED = (SettlementState.COMPLETED, SettlementState.REVERSED, SettlementState.REFUSED)
EACH_SECOND = "tasks.upkeep.turns"
_SEVERITY = (Level.OK, Level.WARNING, Level.BAD)


@dataclass(frozen=True, slots=True)
class Flow:
    """A quota and what went through it lately."""

    quota: Quota
    picture: Picture


@dataclass(frozen=True, slots=True)
class Doubt:
    """Settlements of one state that is no rest: how many, and how long the oldest has been in it."""

    state: str
    count: int
    oldest_seconds: float


def interface_findings() -> list[Finding]:
    """Is the interface up? The worst insurer first."""
    return sorted(interface.check(), key=lambda found: -_SEVERITY.index(found.level))


def flows(now: datetime) -> list[Flow]:
    """The quotas that limit something. Whoever asks within the same five seconds sees the same curve."""
    drawn_at = datetime.fromtimestamp(now.timestamp() // COLUMN_SECONDS * COLUMN_SECONDS, tz=now.tzinfo)
    limited = Quota.objects.select_related("insurer").filter(in_force__isnull=False).order_by("name", "pk")
    return [Flow(quota, picture.of(quota, drawn_at, SHOWN, TICK)) for quota in limited]


def in_doubt() -> list[Doubt]:
    """What is not known, and what needs a person."""
    found = {state: (count, age) for state, count, age in money.live()}
    nothing = (0, 0.0)
    return [Doubt(state, *found.get(state, nothing)) for state in (SettlementState.UNKNOWN, SettlementState.MANUAL)]


def ended_today() -> list[tuple[str, int]]:
    """How many settlements came to each end today and are still there."""
    begin, _end = proof.bounds(timezone.localdate())
    counts = {state: Settlement.objects.filter(state=state, since__gte=begin) for state in ENDED}
    return [(state.value, rows.order_by()[:COUNTED_AT_MOST].count()) for state, rows in counts.items()]


def legs_today() -> list[tuple[object, int]]:
    """What moved today on each leg, in fen."""
    begin, end = proof.bounds(timezone.localdate())
    entries = LedgerEntry.objects.filter(at__gte=begin, at__lt=end)
    sums = dict(entries.values_list("leg").annotate(Sum("amount_fen")).order_by())
    return [(leg.label, sums.get(leg.value, 0)) for leg in Leg]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Who beats, and whether; `seconds` since the last time (None: never)."""

    who: object
    alive: bool
    seconds: float | None


def heartbeats() -> list[Heartbeat]:
    """Of beat, by the tick of each second; of the workers, who ask for every tick by themselves too, by any."""
    ages = ticks.ages_seconds()
    beat, workers = ages.get(EACH_SECOND), min(ages.values(), default=None)
    return [
        Heartbeat(_("beat"), beat is not None and beat <= upkeep.LATE_SECONDS, beat),
        Heartbeat(_("workers"), workers is not None and workers <= upkeep.STOPPED_SECONDS, workers),
    ]


def of_ticks() -> list[Finding]:
    """What the doctor says of them."""
    return list(upkeep.check())
