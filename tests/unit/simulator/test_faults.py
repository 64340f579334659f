"""Each way to go wrong, over a real connection."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from insurance.simulator.insurer.misbehaviour import FAULTS
from tests.unit.simulator.hospital import AtHospital, Hospital, Json, decoded
from tests.unit.simulator.running import running

GONE = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def visit(hospital: Hospital) -> AtHospital:
    visit = hospital.visit()
    visit.upload("10.00")
    return visit


def settlements(visit: AtHospital) -> int:
    return int(visit.hospital.ledger()["totals"]["settlements"])


def struck(visit: AtHospital) -> list[int]:
    return [rule["struck"] for rule in visit.hospital.get("/_faults")["rules"]]


def post(visit: AtHospital) -> httpx.Response:
    return visit.hospital.post("2207A", visit.asked())


@pytest.mark.parametrize(
    ("rule", "booked"),
    [
        ({"kind": "lose"}, 1),
        ({"kind": "lose", "seconds": 0.05}, 1),
        ({"kind": "drop_after"}, 1),
        ({"kind": "half"}, 1),
        ({"kind": "drop_before"}, 0),
        ({"kind": "hang", "seconds": 0.05}, 0),
        ({"kind": "down", "seconds": 60}, 0),
    ],
)
def test_no_answer(visit: AtHospital, rule: Json, booked: int) -> None:
    visit.hospital.faults({"infno": "2207A", **rule})
    with pytest.raises(GONE):
        post(visit)
    assert (settlements(visit), struck(visit)) == (booked, [1])
    stats = visit.hospital.get("/_stats")
    assert stats["metered"]["2207A"]["arrivals"] == 1
    assert stats["lost"] == (rule["kind"] in {"lose", "drop_after"})


@pytest.mark.parametrize(
    ("kind", "status", "booked"),
    [("rubbish", 200, 1), ("html", 200, 1), ("empty", 200, 1), ("http_500", 500, 1), ("gateway_401", 401, 0)],
)
def test_an_answer_that_is_none(visit: AtHospital, kind: str, status: int, booked: int) -> None:
    visit.hospital.faults({"infno": ["2207A"], "kind": kind})
    answer = post(visit)
    assert (answer.status_code, settlements(visit)) == (status, booked)
    if kind == "gateway_401":
        assert answer.json() == {"code": 401, "message": "签名不一致!"}
    else:
        with pytest.raises(ValueError, match=r"Expecting value|codec|control"):
            json.loads(answer.content)


@pytest.mark.parametrize(
    ("kind", "text"), [("refuse", "系统繁忙，请稍后再试"), ("throttle", "访问过于频繁，请稍后再试")]
)
def test_a_refusal_books_nothing(visit: AtHospital, kind: str, text: str) -> None:
    visit.hospital.faults({"infno": "2207A", "kind": kind, "times": 1}, {"kind": kind, "message": "别的"})
    assert decoded(post(visit))["err_msg"] == text
    assert decoded(post(visit))["err_msg"] == "别的"
    assert (settlements(visit), struck(visit)) == (0, [1, 1])


def test_a_slow_answer_comes_late_and_whole(visit: AtHospital) -> None:
    visit.hospital.faults({"infno": "2207A", "kind": "slow", "seconds": 0.3})
    begin = time.monotonic()
    assert decoded(post(visit))["infcode"] == 0
    assert time.monotonic() - begin >= 0.3


def test_a_duplicate_is_booked_twice_and_answered_once(visit: AtHospital) -> None:
    visit.hospital.faults({"infno": "2207A", "kind": "duplicate"})
    setl_id = decoded(post(visit))["output"]["setlinfo"]["setl_id"]
    ledger = visit.hospital.ledger()
    assert len(ledger["double"]) == 1
    assert ledger["settlements"][0]["setl_id"] == setl_id
    assert ledger["settlements"][0]["msgid"] == ledger["settlements"][1]["msgid"]


def test_wrong_totals_are_only_said(visit: AtHospital) -> None:
    visit.hospital.faults({"kind": "wrong_totals"})
    info = decoded(post(visit))["output"]["setlinfo"]
    assert info["medfee_sumamt"] == 11 != info["fund_pay_sumamt"] + info["psn_part_amt"]
    assert visit.hospital.ledger()["totals"]["total_fen"] == 1000
    assert visit.upload("3.00", batch="B2")[0]["det_item_fee_sumamt"] == 4


def test_an_outage_ends(visit: AtHospital) -> None:
    visit.hospital.faults({"kind": "down", "seconds": 0.5})
    deadline = time.monotonic() + 10
    answered = False
    with pytest.raises(GONE):
        post(visit)
    while not answered and time.monotonic() < deadline:
        try:
            answered = decoded(post(visit))["infcode"] == 0
        except GONE:
            continue
    assert answered and settlements(visit) == 1


def test_share_and_seed_repeat_a_run(hospital: Hospital) -> None:
    def run() -> list[bool]:
        hospital.faults({"infno": "9001", "kind": "refuse", "share": 0.3}, seed=7)
        sign_in = {"signIn": {"opter_no": "1", "mac": "1", "ip": "1"}}
        return [hospital.call("9001", sign_in)["infcode"] == 0 for _ in range(100)]

    first = run()
    assert first == run()
    assert 15 <= first.count(False) <= 45


def test_a_rule_hits_both_forms_of_a_transaction_and_no_other(visit: AtHospital) -> None:
    visit.hospital.faults({"infno": "2206", "kind": "refuse"})
    assert visit.hospital.call("2206A", visit.asked())["infcode"] == -1
    assert visit.hospital.call("2207A", visit.asked())["infcode"] == 0


@pytest.mark.parametrize(
    "script",
    [{"rules": [{"kind": "explode"}]}, {"rules": {}}, {"lose": 2}, {"lost": 1}, {"lose": "x"}, {"seed": "x"}, []],
)
def test_a_script_not_understood_changes_nothing(hospital: Hospital, script: object) -> None:
    hospital.faults({"kind": "slow"})
    assert hospital.http.post("/_faults", json=script).status_code == 400
    assert hospital.get("/_faults")["rules"][0]["kind"] == "slow"


def test_lose_in_short_and_reset(visit: AtHospital) -> None:
    assert visit.hospital.http.post("/_faults", json={"lose": 1}).json()["rules"][0]["kind"] == "lose"
    with pytest.raises(GONE):
        post(visit)
    assert visit.hospital.http.post("/_reset").status_code == 200
    assert visit.hospital.get("/_faults")["rules"] == []
    ledger, stats = visit.hospital.ledger(), visit.hospital.get("/_stats")
    assert (ledger["settlements"], ledger["visits"], stats["calls"], stats["lost"]) == ([], [], {}, 0)


def test_lose_from_the_start() -> None:
    with running(Insurer(Settings(lose=1.0))) as url, pytest.raises(GONE):
        Hospital(url).person("999999199001010011")


@pytest.fixture
def connection(hospital: Hospital) -> Iterator[socket.socket]:
    address = urlsplit(str(hospital.http.base_url))
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        yield connection


@pytest.mark.parametrize("kind", ["lose", "drop_before"])
def test_not_one_byte_comes_back(hospital: Hospital, connection: socket.socket, kind: str) -> None:
    hospital.faults({"kind": kind})
    body = b'{"infno":"9001","msgid":"M","input":{}}'
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_every_kind_is_tested_here() -> None:
    tested = {"lose", "slow", "refuse", "throttle", "hang", "drop_before", "drop_after", "duplicate", "wrong_totals"}
    assert set(FAULTS) == tested | {"down", "rubbish", "html", "empty", "half", "gateway_401", "http_500"}
