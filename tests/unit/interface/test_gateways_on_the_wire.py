"""Signed, sealed and by TLS over real sockets: the simulated insurer checks with code of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from insurance.interface import gateways
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.interface.gateways import GATEWAYS, Gateway, Key
from insurance.interface.messages import Card, Insured, choose_insurance
from insurance.interface.security import Keys, spoken
from insurance.interface.transport import HttpTransport, Transport
from insurance.simulator.insurer.app import Insurer, Settings
from insurance.simulator.insurer.gateways import CHECKS
from insurance.simulator.insurer.gateways import Gateway as Checking
from insurance.simulator.insurer.sealed import Sealed
from insurance.simulator.server import App
from tests.unit.interface.test_sm import PRIVATE, PUBLIC
from tests.unit.interface.words import LINE, NATIONAL, NOW, SPLIT, VISIT, Journal, profile
from tests.unit.simulator.running import running

KEY, NEXT = Key("AK", "current-secret"), Key("AK2", "next-secret")
SHARED = "0123456789ABCDEFFEDCBA9876543210"
NUMBER = "999999199001010011"
CHECKED_BY = {"csb": "csb", "csb-seconds": "csb", "tif": "tif", "hmac-sm3": "hmac-sm3"}


@contextmanager
def behind(name: str, status: int = 200, key: Key = KEY) -> Iterator[str]:
    """An insurer behind a gateway that knows this key."""
    with running(Checking(Insurer(Settings()), CHECKS[CHECKED_BY[name]], {key.name: key.secret}, status)) as url:
        yield url


def at(url: str, through: Callable[[Transport], Transport], journal: Journal | None = None) -> InsuranceClient:
    said = profile(url)
    return InsuranceClient(said, NATIONAL, through(HttpTransport(said)), journal or Journal(), lambda: NOW)


def insured(client: InsuranceClient) -> Insured:
    return choose_insurance(client.person(Card("02", NUMBER)))


@pytest.mark.parametrize("name", sorted(GATEWAYS))
def test_a_signed_message_is_let_through(name: str) -> None:
    assert set(CHECKED_BY) == set(GATEWAYS)
    with behind(name) as url:
        client = at(url, lambda inside: gateways.through(name, inside, [KEY]))
        assert insured(client).psn_no
        assert client.upload("名单.zip", b"PK\3\4"), "a form too"


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("name", sorted(GATEWAYS))
def test_a_wrong_secret_was_not_sent(name: str, status: int) -> None:
    journal = Journal()
    with behind(name, status) as url:
        client = at(url, lambda inside: gateways.through(name, inside, [Key("AK", "wrong")]), journal)
        with pytest.raises(NotSent, match="签名不一致"):
            insured(client)
    assert journal.after_calls[0][1] is Outcome.NOT_SENT


def test_without_headers_nothing_gets_in() -> None:
    with behind("tif") as url, pytest.raises(NotSent, match="缺少服务网关的请求头"):
        insured(at(url, lambda inside: inside))


def test_a_wrong_clock_is_put_right_by_the_date_of_the_refusal() -> None:
    with behind("csb") as url:
        late = lambda inside: Gateway(inside, GATEWAYS["csb"], [KEY], clock=lambda: time.time() - 7200)  # noqa: E731
        client = at(url, late)
        with pytest.raises(NotSent, match="签名时间戳超时"):
            insured(client)
        assert insured(client).psn_no


def test_a_renewed_key_is_found() -> None:
    with behind("hmac-sm3", 401, NEXT) as url:
        client = at(url, lambda inside: gateways.through("hmac-sm3", inside, [KEY, NEXT]))
        with pytest.raises(NotSent, match="非法用户"):
            insured(client)
        assert insured(client).psn_no


# --- sealed -----------------------------------------------------------------------------------


@contextmanager
def sealed(forges: frozenset[str] = frozenset()) -> Iterator[tuple[InsuranceClient, Journal]]:
    """A centre that signs and encrypts (Jilin), and a client that does as well. Both have the standard's key pair."""
    app: App = Sealed(Insurer(Settings()), PRIVATE, "04" + PUBLIC, SHARED, forges)
    journal = Journal()
    with running(app) as url:
        said = profile(url, security="sm2-input", encrypts=True)
        dialect = spoken(NATIONAL, said, Keys(PRIVATE, PUBLIC, SHARED))
        yield InsuranceClient(said, dialect, HttpTransport(said), journal, lambda: NOW), journal


def settled(client: InsuranceClient) -> str:
    who = insured(client)
    card = Card("02", NUMBER)
    mdtrt_id = client.register(who, card, VISIT)
    client.upload_visit(who, mdtrt_id, VISIT)
    client.upload_charges(who, mdtrt_id, "B1", VISIT, (LINE,))
    bill = client.trial(who, card, mdtrt_id, "B1", LINE.amount_fen, "11")
    settled = client.settle(who, card, mdtrt_id, "B1", LINE.amount_fen, "11", invono="1", split=bill.split or SPLIT)
    return settled.setl_id


def test_a_whole_settlement_in_secret() -> None:
    with sealed() as (client, journal):
        assert settled(client)
    sent = b"".join(body for _, _, body in journal.before_calls)
    kept = b"".join(reply for _, _, reply, _ in journal.after_calls)
    assert NUMBER.encode() not in sent and NUMBER.encode() not in kept
    assert {outcome for _, outcome, _, _ in journal.after_calls} == {Outcome.ANSWERED}


def test_a_settlement_with_a_forged_answer_is_unknown() -> None:
    with sealed(frozenset({"2207A"})) as (client, journal), pytest.raises(OutcomeUnknown, match="signature"):
        settled(client)
    assert journal.after_calls[-1][1] is Outcome.UNKNOWN and journal.after_calls[-1][2]
