"""The insurers' interfaces: is the gate open, which permits are free, how near to n does the worst minute come, and how
far a gateway's clock is from ours."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone
from prometheus_client.metrics_core import Metric

from insurance.quota import gate, gateway_clock, insurers, permits, proof
from insurance.quota.models import Insurer, Quota
from insurance.quota.proof import Worst
from operations.metrics.family import filled, gauge, rows

LATELY_SECONDS = 300.0

_PERMITS = """
    SELECT insurer.name, quota.name,
           CASE WHEN permit.held AND permit.free_at > clock_timestamp() THEN 'held'
                WHEN permit.free_at > clock_timestamp() THEN 'cooling' ELSE 'free' END AS state, count(*)
      FROM insurance_permit permit JOIN insurance_quota quota ON quota.id = permit.quota_id
      JOIN insurance_insurer insurer ON insurer.id = quota.insurer_id
     WHERE NOT permit.retired GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def read() -> Iterable[Metric]:
    """The gates, the quotas, their permits and the proof of the last minutes."""
    yield from _gates(list(Insurer.objects.order_by("pk")))
    quotas = list(Quota.objects.select_related("insurer").order_by("pk"))
    yield from _limits(quotas)
    yield filled(
        "insurance_permits",
        "Permits: free, held by a call, or cooling (resting a window after the answer).",
        ["insurer", "quota", "state"],
        (([insurer, quota, state], count) for insurer, quota, state, count in rows(_PERMITS)),
    )
    since = timezone.now() - timedelta(seconds=LATELY_SECONDS)
    yield filled(
        "insurance_gateway_clock_ahead_seconds",
        "How far a gateway's clock was ahead of ours (negative: behind) when it last answered, within a day.",
        ["insurer"],
        (([seen.insurer], seen.ahead_seconds) for seen in gateway_clock.lately()),
    )
    yield from _proved([(quota, proof.worst_of(quota, since)) for quota in quotas])


def _gates(all_insurers: list[Insurer]) -> Iterable[Metric]:
    now, labels = timezone.now(), ["insurer"]
    named: dict[str, tuple[str, Callable[[Insurer], float | bool]]] = {
        "insurance_interface_paused": ("Whether staff have paused it.", lambda one: one.paused_at is not None),
        "insurance_interface_maintenance": (
            "Whether a maintenance window is running.",
            lambda one: gate.window_at(one, now) is not None,
        ),
        "insurance_circuit_open": ("Whether the circuit breaker holds everybody back.", gate.is_probed),
        "insurance_circuit_failures": ("Silences in a row.", lambda one: one.circuit_failures),
        "insurance_calls_in_flight": ("Calls under way.", insurers.in_flight),
    }
    for name, (means, value) in named.items():
        yield filled(name, means, labels, (([one.name], float(value(one))) for one in all_insurers))


def _limits(quotas: list[Quota]) -> Iterable[Metric]:
    labels = ["insurer", "quota"]
    for name, means, field in (
        ("insurance_quota_limit_calls", "n that staff have set: calls in any 60 s.", "per_minute"),
        ("insurance_quota_in_force_calls", "n in force, lower while the interface ails.", "in_force"),
    ):
        family = gauge(name, means, labels=labels)
        for quota in quotas:
            if (n := getattr(quota, field)) is not None:
                family.add_metric([quota.insurer.name, quota.name], n)
        yield family


def _proved(found: list[tuple[Quota, Worst]]) -> Iterable[Metric]:
    labels = ["insurer", "quota"]
    yield filled(
        "insurance_quota_worst_window_calls",
        "The most calls sent in any 60 s of the last 5 minutes.",
        labels,
        ((_of(quota), worst.worst) for quota, worst in found),
    )
    yield filled(
        "insurance_quota_over_limit_calls",
        "Calls of the last 5 minutes that went over n, or may have at the receiver. Always 0.",
        labels,
        ((_of(quota), max(worst.over, worst.over_possible)) for quota, worst in found),
    )
    yield filled(
        "insurance_quota_used_ratio",
        "Share of n that the last 5 minutes used.",
        labels,
        ((_of(quota), _used(quota, worst)) for quota, worst in found if quota.in_force),
    )


def _of(quota: Quota) -> list[str]:
    return [quota.insurer.name, quota.name]


def _used(quota: Quota, worst: Worst) -> float:
    return worst.calls * permits.WINDOW_SECONDS / (LATELY_SECONDS * (quota.in_force or 1))
