"""The benchmark of the limit: what it computes, and the network that it puts between."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.bench import options
from tests.bench.limit import arrivals, wire
from tests.bench.limit.scale import Scale, scale_of
from tests.simulators import Simulator, running


@pytest.fixture(scope="module")
def insurer() -> Iterator[Simulator]:
    with running("insurer") as simulator:
        yield simulator


def test_all_of_n_is_used_when_the_next_window_begins_the_moment_the_last_one_ends() -> None:
    burst_after_burst = [0.0] * 5 + [60.0] * 5 + [120.0] * 5
    evenly = [12.0 * number for number in range(26)]
    assert arrivals.used(burst_after_burst, 5, 60) == arrivals.used(evenly, 5, 60) == 1.0


def test_half_of_n_is_used_at_half_the_speed_and_nothing_is_said_before_a_window_is_full() -> None:
    assert arrivals.used([24.0 * number for number in range(26)], 5, 60) == 0.5
    assert arrivals.used([0.0, 1.0, 2.0, 3.0, 4.0], 5, 60) is None


def test_the_worst_second_is_half_open() -> None:
    assert arrivals.worst_second([0.0, 0.5, 0.9, 1.0, 3.0]) == 3
    assert arrivals.worst_second([]) == 0


def test_without_minutes_the_form_is_short_and_with_minutes_it_is_real() -> None:
    assert (scale("limit").n, scale("limit").window, scale("limit").seconds) == (20, 6, 30)
    real = scale("limit", "--minutes", "10")
    assert (real.n, real.window, real.seconds, real.timeout_seconds) == (100, 60, 600, 10)
    with pytest.raises(options.Unusable):
        scale("limit", "--minutes", "1")


def test_a_wire_passes_on_what_it_is_given_one_after_the_other(insurer: Simulator) -> None:
    with wired(insurer, jitter=0.02, lose=0.0) as url, httpx.Client(trust_env=False) as client:
        for _ in range(3):
            assert client.get(f"{url}/").text == httpx.get(f"{insurer.url}/", trust_env=False).text
        assert client.post(f"{url}/_faults", json={"seed": 7}).json()["seed"] == 7


def test_a_wire_delays_the_request_and_not_the_answer(insurer: Simulator) -> None:
    with wired(insurer, jitter=0.4, lose=0.0) as url:
        began = time.time()
        for number in range(4):
            httpx.post(url, json=envelope(f"late-{number}"), trust_env=False)
    came = httpx.get(f"{insurer.url}/_stats?arrivals=1", trust_env=False).json()["arrivals"]["2206A"]
    first = next(row["at"] for row in came if row["msgid"] == "late-0")
    last = next(row["at"] for row in came if row["msgid"] == "late-3")
    assert first - began > 0.01
    assert last - first > 0.1


def test_what_a_lost_answer_answers_has_arrived(insurer: Simulator) -> None:
    before = insurer.stats()["calls"].get("2206A", 0)
    with wired(insurer, jitter=0.0, lose=1.0) as url, pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=envelope("lost"), timeout=0.5, trust_env=False)
    assert insurer.stats()["calls"]["2206A"] == before + 1


def scale(*arguments: str) -> Scale:
    return scale_of(options.parse(arguments)[2])


def envelope(msgid: str) -> dict[str, object]:
    return {"infno": "2206A", "msgid": msgid, "input": {}}


@contextmanager
def wired(insurer: Simulator, jitter: float, lose: float) -> Iterator[str]:
    """A wire to the insurer, in a thread that lives on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        there = httpx.URL(insurer.url).port
        threading.Thread(target=wire.carry, args=(door.dup(), there, jitter, lose, 1), daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
