"""Settlements that are under way, cases before a person, refunds."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from insurance.desk import cases
from insurance.desk.cases import Choice
from insurance.desk.overdue import LIMIT_SECONDS
from operations.metrics.family import COUNTED_AT_MOST, filled, rows

# The condition is that of the index `settlement_open`. Of more than can be counted, the oldest of those counted.
_LIVE = f"""
    SELECT live.state, count(one.since), coalesce(extract(epoch FROM clock_timestamp() - min(one.since)), 0)::float8
      FROM unnest(%(states)s::text[]) AS live(state) LEFT JOIN LATERAL (
           SELECT since FROM insurance_settlement
            WHERE state = live.state AND NOT (state IN ('completed', 'refused', 'reversed'))
            ORDER BY due_at LIMIT {COUNTED_AT_MOST}) AS one ON true
     GROUP BY live.state ORDER BY live.state
"""
_REFUNDS = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM insurance_refund WHERE state = 'due' LIMIT {COUNTED_AT_MOST}) AS due),
           (SELECT count(*) FROM (SELECT 1 FROM insurance_refund WHERE state = 'refused' LIMIT {COUNTED_AT_MOST}) AS no)
"""


def live() -> list[tuple[str, int, float]]:
    """Settlements under way: state, how many, and how long the oldest has been in it (seconds)."""
    found = rows(_LIVE, states=[state.value for state in LIMIT_SECONDS])
    return [(state, count, age) for state, count, age in found]


def read() -> Iterable[Metric]:
    """Everything where somebody's money has not come to rest."""
    found = live()
    yield filled(
        "insurance_settlements",
        "Settlements under way, by state.",
        ["state"],
        (([state], count) for state, count, _ in found),
    )
    yield filled(
        "insurance_settlements_oldest_age_seconds",
        "How long the oldest settlement has been in each state.",
        ["state"],
        (([state], age) for state, _, age in found),
    )
    counted = cases.counts()
    yield filled(
        "insurance_cases",
        "Cases on the desk's work list: before a person, unknown, or overdue.",
        ["choice"],
        (([choice.value], counted[choice]) for choice in Choice),
    )
    ((due, refused),) = rows(_REFUNDS)
    yield filled(
        "insurance_refunds",
        "Money to be given back: due, or refused by the payment institution.",
        ["state"],
        ((["due"], due), (["refused"], refused)),
    )
