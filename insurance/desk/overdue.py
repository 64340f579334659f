"""How long a settlement may be in each state before somebody looks at it. The one table."""

from collections.abc import Mapping

from hospital import tuning
from insurance.states import SettlementState as S

MINUTE, HOUR = 60, 3600

LIMIT_SECONDS: Mapping[S, int] = {
    S.UNKNOWN: 0,  # at once: somebody's money may have moved
    S.MANUAL: 0,
    S.WAITING: HOUR,
    S.CALLING: HOUR,  # counted from when it began to wait
    S.INSURED: 10 * MINUTE,
    S.PAYING: 30 * MINUTE,  # after the patient's time to pay is over
    S.CLAIMING: 24 * HOUR,
    S.PAID: HOUR,
    S.CONFIRMING: HOUR,  # counted from when it was paid
    S.REVERSING: HOUR,
    S.REFUNDING: HOUR,
}
"""Seconds. States that are not in here are ends."""


def limit_seconds(state: S) -> int:
    """From how many seconds on a settlement in this state stands on the desk."""
    extra = tuning.value("PAYMENT_EXPIRES_SECONDS") if state == S.PAYING else 0
    return LIMIT_SECONDS[state] + extra
