"""What the insurer counts, and what it does beyond n."""

import threading
import time
from collections.abc import Iterator

import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.simulator.hospital import AtHospital, Hospital
from tests.unit.simulator.running import running


@pytest.fixture
def visit() -> Iterator[AtHospital]:
    with running(Insurer(Settings(per_minute=3, enforce=True))) as url:
        visit = Hospital(url).visit()
        visit.upload("10.00")
        yield visit


def test_beyond_n_calls_are_refused_each_transaction_for_itself(visit: AtHospital) -> None:
    hospital = visit.hospital
    texts = [hospital.call("2206A", visit.asked())["err_msg"] for _ in range(5)]
    assert texts == [None, None, None, "访问过于频繁，请稍后再试", "访问过于频繁，请稍后再试"]
    assert hospital.call("2206", visit.asked())["infcode"] == -1
    assert hospital.call("2207A", visit.asked())["infcode"] == 0
    stats = hospital.get("/_stats")
    assert (stats["per_minute"], stats["window_seconds"], stats["refused"]) == (3, 60, 3)
    trials, everything = stats["metered"]["2206A"], stats["metered"]["all"]
    assert (trials["arrivals"], trials["worst_window"], trials["over_limit"]) == (6, 6, 3)
    assert (everything["arrivals"], everything["worst_window"], everything["over_limit"]) == (7, 7, 4)
    assert stats["last_window"] == {"2206A": 6, "2207A": 1, "all": 7}
    assert stats["calls"] == {"1101": 1, "2201": 1, "2204": 1, "2206A": 5, "2206": 1, "2207A": 1}


def test_arrivals_are_listed_with_wall_clock_and_msgid(visit: AtHospital) -> None:
    before = time.time()
    visit.hospital.call("2206A", visit.asked(), "M-7")
    stats = visit.hospital.get("/_stats?arrivals=1")
    (arrival,) = stats["arrivals"]["2206A"]
    assert arrival["msgid"] == "M-7"
    assert before - 0.1 <= float(arrival["at"]) <= time.time() + 0.1
    assert stats["metered"]["2206A"]["first_at"] == stats["metered"]["2206A"]["last_at"] == arrival["at"]
    assert "arrivals" not in visit.hospital.get("/_stats")


def test_the_window_slides_on() -> None:
    with running(Insurer(Settings(per_minute=1, window_seconds=1, enforce=True))) as url:
        visit = Hospital(url).visit()
        visit.upload("1.00")
        deadline = time.monotonic() + 10
        visit.trial()
        assert visit.hospital.call("2206A", visit.asked())["infcode"] == -1
        while visit.hospital.get("/_stats")["last_window"]["2206A"]:
            assert time.monotonic() < deadline
        assert visit.hospital.call("2206A", visit.asked())["infcode"] == 0


def test_latency_and_calls_in_flight() -> None:
    with running(Insurer(Settings(latency_seconds=0.3))) as url:
        callers = [threading.Thread(target=Hospital(url).person, args=("999999199001010011",)) for _ in range(8)]
        begin = time.monotonic()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert time.monotonic() - begin >= 0.3
        assert 2 <= Hospital(url).get("/_stats")["in_flight_max"] <= 8
