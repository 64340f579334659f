"""Never more than n in any window, counted where it counts: at the receiver. Window and n are scaled down."""

import time
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from insurance.models import InterfaceCall
from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Quota
from insurance.quota.proof import Worst, holds, worst_of
from tests.integration.conftest import forget_the_insurer
from tests.races import senders
from tests.races.together import at_once, processes, wait_until
from tests.races.wires import late_wire
from tests.simulators import Simulator, running

N = 20
WINDOW_SECONDS = 3
RANDOM_ANSWERS = [
    {"infno": "2206A", "kind": "slow", "seconds": seconds, "share": share}
    for seconds, share in ((0.02, 0.3), (0.1, 0.3), (0.25, 0.1))
]


@pytest.fixture
def insurer(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A receiver that counts n in a window of three seconds and answers after a random time."""
    monkeypatch.setattr(permits, "WINDOW_SECONDS", float(WINDOW_SECONDS))
    monkeypatch.setattr(permits, "MARGIN_SECONDS", permits.MARGIN_SECONDS * WINDOW_SECONDS / 60)
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.INSURANCE_TIMEOUT_SECONDS = N, 1
    with running("insurer", "--per-minute", str(N), "--window-seconds", str(WINDOW_SECONDS)) as simulator:
        settings.INSURANCE_URL = simulator.url
        simulator.faults(*RANDOM_ANSWERS)
        forget_the_insurer()
        yield simulator
        forget_the_insurer()


def test_eight_processes_use_all_of_n_and_never_more(insurer: Simulator) -> None:
    with processes(8, senders.by_permits, 10.0) as workers:
        wait_for_the_end_of(workers)
    seen = metered(insurer)
    assert (seen["over_limit"], seen["worst_window"]) == (0, N)
    proved = proved_by_our_records()
    assert (proved.calls, proved.worst_possible, proved.permits_used) == (len(arrivals(insurer)), N, N)
    assert used(arrivals(insurer)) >= 0.9 * WINDOW_SECONDS / (WINDOW_SECONDS + mean_answer_seconds())


def test_the_very_first_calls_of_all_are_limited_too(insurer: Simulator) -> None:
    """The quota is made by whoever comes first; nobody may see it without its limit."""
    quotas = at_once([partial(permits.quota_of, Lane.TRIAL)] * 20)
    assert {quota.per_minute for quota in quotas if isinstance(quota, Quota)} == {N}
    assert None not in quotas


def test_celerys_rate_limit_in_four_workers_lets_far_too_many_through(insurer: Simulator) -> None:
    """Negative control: each process counts for itself."""
    with processes(4, senders.by_token_bucket, 2.0, N, WINDOW_SECONDS) as workers:
        wait_for_the_end_of(workers)
    assert metered(insurer)["over_limit"] > N / 2


def test_a_window_stamped_at_sending_is_not_the_receivers(insurer: Simulator, valkey_url: str) -> None:
    """Negative control: exact bookkeeping, but what was sent early and arrived late meets what was sent late."""
    with processes(8, senders.by_moving_window, 4.0, N, WINDOW_SECONDS, valkey_url) as workers:
        wait_for_the_end_of(workers)
    assert metered(insurer)["over_limit"] > 0


def test_n_lowered_and_raised_under_load_holds_from_that_moment_on(insurer: Simulator) -> None:
    changes = [(0.0, N)]
    with processes(8, senders.by_permits, 7.5) as workers:
        for after_seconds, n in ((1.5, 6), (3.5, N), (0.3, 4), (0.3, N)):
            time.sleep(after_seconds)  # not waiting for anything: the load goes on under each limit
            quota = permits.quota_of(Lane.TRIAL)
            assert quota is not None
            limits.set_limit(quota, n)
            changes.append((time.time(), n))
        wait_for_the_end_of(workers)
    assert metered(insurer)["over_limit"] == 0
    assert not list(over_the_limit_in_force(arrivals(insurer), changes))
    assert proved_by_our_records().calls == len(arrivals(insurer))


def test_workers_killed_with_permits_in_their_hands_never_cost_more_than_a_permit(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "slow", "seconds": 0.4})
    left_by_the_killed = InterfaceCall.objects.filter(outcome="")
    for killed_calls in (3, 6):
        with processes(8, senders.by_permits, 30.0) as workers:
            wait_until(lambda least=killed_calls: left_by_the_killed.count() >= least)
            for worker in workers:
                worker.kill()
    with processes(4, senders.by_permits, 3.0) as workers:
        wait_for_the_end_of(workers)
    assert metered(insurer)["over_limit"] == 0
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    proved_by_our_records()
    wait_until(lambda: permits.free_count(quota) == N)


def test_a_message_that_is_never_answered_counts_from_the_latest_it_can_have_arrived(
    insurer: Simulator, settings: LazySettings
) -> None:
    """n = 1: the next one comes a window after the first one's *arrival*, late though that was."""
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    limits.set_limit(quota, 1)
    with late_wire(insurer.url, seconds=0.7 * settings.INSURANCE_TIMEOUT_SECONDS) as url:
        settings.INSURANCE_URL = url
        forget_the_insurer()
        senders.one_by_permit()
    settings.INSURANCE_URL = insurer.url
    forget_the_insurer()
    senders.one_by_permit(wait_seconds=20)
    late, after = arrivals(insurer)
    assert after - late >= WINDOW_SECONDS
    assert proved_by_our_records().worst_possible == 1


def proved_by_our_records() -> Worst:
    """What was counted at the receiver follows from our own records too."""
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    found = worst_of(quota)
    assert holds(found), found
    return found


def metered(insurer: Simulator) -> dict[str, Any]:
    return dict(insurer.stats()["metered"]["2206A"])


def used(times: list[float]) -> float:
    """The share of the allowance that was used: how long it took until n came for the last time after the first n."""
    windows = (len(times) - 1) // N
    return windows * WINDOW_SECONDS / (times[windows * N] - times[0])


def mean_answer_seconds() -> float:
    calls = InterfaceCall.objects.filter(metered=True, answered_at__isnull=False)
    times = [(call.answered_at - call.sent_at).total_seconds() for call in calls if call.answered_at]
    return sum(times) / len(times)


def arrivals(insurer: Simulator) -> list[float]:
    answer = httpx.get(f"{insurer.url}/_stats?arrivals=1", trust_env=False).json()
    return [row["at"] for row in answer["arrivals"]["2206A"]]


def over_the_limit_in_force(times: list[float], changes: list[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """Arrivals that found the limit used up. What was on its way when n was lowered has a second to arrive."""
    for place, at in enumerate(times):
        found = place - bisect_right(times, at - WINDOW_SECONDS)
        if found >= max(n for since, n in changes if since <= at and not _replaced(since, at - 1.0, changes)):
            yield at, found


def _replaced(since: float, at: float, changes: list[tuple[float, int]]) -> bool:
    """Whether the limit set then had been replaced by another at that time."""
    return any(since < later <= at for later, _ in changes)


def wait_for_the_end_of(workers: list[Any]) -> None:
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
