"""The calls of the last 5 minutes, through the index on transaction and time: which, how they ended, how fast."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.metrics_core import GaugeHistogramMetricFamily, Metric

from operations.metrics.family import filled, rows

LATELY_SECONDS = 300
BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OPEN = "open"
"""Sent, and nothing is known of it yet."""

# The kinds are found by jumping from one to the next in the index `call_sent`, however many calls there are of each.
_CALLS = """
    WITH RECURSIVE kind(infno) AS (
        (SELECT min(infno) FROM insurance_interfacecall)
        UNION ALL
        SELECT (SELECT min(infno) FROM insurance_interfacecall call WHERE call.infno > kind.infno)
          FROM kind WHERE kind.infno IS NOT NULL)
    SELECT kind.infno, call.outcome,
           width_bucket(extract(epoch FROM call.answered_at - call.sent_at)::float8, %(bounds)s::float8[]) AS bucket,
           count(*), coalesce(sum(extract(epoch FROM call.answered_at - call.sent_at)), 0)::float8
      FROM kind JOIN insurance_interfacecall call
        ON call.infno = kind.infno AND call.sent_at > statement_timestamp() - make_interval(secs => %(lately)s)
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def read() -> Iterable[Metric]:
    """How many, and how long the answers took."""
    found = rows(_CALLS, bounds=list(BOUNDS_SECONDS), lately=LATELY_SECONDS)
    counted: Counter[tuple[str, str]] = Counter()
    for infno, outcome, _, count, _ in found:
        counted[infno, outcome or OPEN] += count
    yield filled(
        "insurance_recent_calls",
        "Calls of the last 5 minutes, by transaction and outcome.",
        ["infno", "outcome"],
        counted.items(),
    )
    answers = GaugeHistogramMetricFamily(
        "insurance_recent_answer_seconds", "Answer times of the calls of the last 5 minutes.", labels=["infno"]
    )
    for infno in sorted({infno for infno, _ in counted}):
        buckets = [(bucket, count, total) for name, _, bucket, count, total in found if name == infno]
        answers.add_metric([infno], *_histogram([row for row in buckets if row[0] is not None]))
    yield answers


def _histogram(buckets: list[tuple[int, int, float]]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative, as Prometheus has it; `bucket` is how many of the bounds an answer time reached."""
    cumulative = [
        (str(bound), float(sum(count for bucket, count, _ in buckets if bucket <= place)))
        for place, bound in enumerate(BOUNDS_SECONDS)
    ]
    everything = float(sum(count for _, count, _ in buckets))
    return [*cumulative, ("+Inf", everything)], sum(total for _, _, total in buckets)
