"""The three signatures against their vectors, and what a gateway learns from a refusal."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insurance.interface import gateways
from insurance.interface.calling import Outcome
from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.gateways import csb, hmac_sm3, tif
from insurance.interface.gateways.gateway import Gateway
from insurance.interface.gateways.refusals import Refusal, refusal_of
from insurance.interface.gateways.signing import Key
from insurance.interface.gateways.skew import seconds_ahead
from tests.unit.interface.words import SAMPLES, Answering, Journal, answer, client, ok

VECTORS: dict[str, Any] = json.loads((SAMPLES / "synthetic" / "gateway-signature-vectors.json").read_bytes())
NOW = 1_700_000_000.0
REQUEST = Request("1101", "/p", {"content-type": "text/plain"}, b'{"infno":"1101"}')
CURRENT, NEXT = Key("AK", "current-secret"), Key("AK2", "next-secret")
TEXTS = {
    "缺少服务网关的请求头!": Refusal.NO_HEADERS,
    "签名时间戳超时!": Refusal.TIME,
    "非法用户!": Refusal.KEY,
    "签名不一致!": Refusal.SIGNATURE,
    "no": Refusal.UNNAMED,
}


def refused(text: str, status: int = 200, **headers: str) -> Reply:
    return answer({"code": 401, "message": text}, status, **headers)


# --- signatures -------------------------------------------------------------------------------


def test_csb_as_its_vector() -> None:
    vector = VECTORS["csb_hmac_sha1"]
    key = Key(vector["headers"]["_api_access_key"], vector["secret_key"])
    assert csb.milliseconds(REQUEST, key, NOW) == {**vector["headers"], "_api_signature": vector["_api_signature"]}
    assert csb.seconds(REQUEST, key, NOW)["_api_timestamp"] == "1700000000"


def test_tif_as_its_vector() -> None:
    vector = VECTORS["tif_sha256"]
    key = Key(vector["x-tif-paasid"], vector["token"])
    sent = tif.headers(key, vector["x-tif-timestamp"], vector["x-tif-nonce"])
    assert sent == {name: value for name, value in vector.items() if name.startswith("x-")}
    assert tif.sign(REQUEST, key, NOW)["x-tif-timestamp"] == "1700000000"


def test_a_nonce_is_never_used_twice() -> None:
    assert len({tif.sign(REQUEST, CURRENT, NOW)["x-tif-nonce"] for _ in range(50)}) == 50


def test_hmac_sm3_as_its_vector() -> None:
    vector = VECTORS["zhejiang_hmac_sm3"]
    request = replace(REQUEST, body=vector["body"].encode())
    sent = hmac_sm3.sign(request, Key(vector["x-ca-key"], vector["secret"]), NOW)
    assert sent == {name: vector[name] for name in ("x-ca-key", "x-ca-signature")}


@pytest.mark.parametrize("name", sorted(gateways.GATEWAYS))
def test_every_gateway_adds_to_the_headers_and_leaves_the_body(name: str) -> None:
    inside = Answering(ok())
    gateways.through(name, inside, [CURRENT]).send(REQUEST, 5)
    ((sent, seconds),) = inside.sent
    assert (sent.body, seconds, sent.headers["content-type"]) == (REQUEST.body, 5, "text/plain")
    assert "AK" in sent.headers.values()
    assert CURRENT.secret not in str(sent.headers)


def test_no_gateway_and_what_is_none() -> None:
    inside = Answering(ok())
    assert gateways.through("", inside, []) is inside
    with pytest.raises(ValueError, match="no gateway 'klingon'; known: csb, csb-seconds, hmac-sm3, tif"):
        gateways.through("klingon", inside, [CURRENT])
    with pytest.raises(ValueError, match="needs a key"):
        gateways.through("tif", inside, [])


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_of_a_refusal(text: str, status: int) -> None:
    assert refusal_of(refused(text, status)) is TEXTS[text]


@pytest.mark.parametrize(
    "reply",
    [
        ok(),
        answer({"infcode": -1, "err_msg": "签名不一致!"}),
        answer({"code": -1, "message": "签名不一致!"}),
        answer({"infcode": 0, "code": 401}, 200),
        answer({"infcode": 0, "output": {}}, 401),
        answer({"code": 0}, 401),
        Reply(500, {}, b"<html>"),
    ],
)
def test_what_is_no_gateways_refusal(reply: Reply) -> None:
    """One that claims success contradicts itself: the dialect must say that nobody knows."""
    assert refusal_of(reply) is None
    assert Gateway(Answering(reply), tif.sign, [CURRENT]).send(REQUEST, 5) is reply


@settings(deadline=None)
@given(st.integers(100, 599), st.binary(max_size=40))
def test_any_bytes_are_read(status: int, body: bytes) -> None:
    assert (refusal_of(Reply(status, {}, body)) is not None) == (status == 401)


@pytest.mark.parametrize(("status", "text"), [(200, "签名不一致!"), (401, "签名时间戳超时!"), (500, "非法用户!")])
def test_a_refused_settlement_was_not_sent_and_has_arrived(status: int, text: str) -> None:
    """NotSent, but with an answer in the journal: it has cost its permit."""
    journal = Journal()
    gateway = Gateway(Answering(refused(text, status)), csb.milliseconds, [CURRENT])
    with pytest.raises(NotSent):
        client(gateway, journal).sign_in()
    ((_, outcome, reply, _),) = journal.after_calls
    assert outcome is Outcome.NOT_SENT and b"401" in reply


def test_a_refusal_that_claims_success_is_unknown() -> None:
    gateway = Gateway(Answering(answer({"infcode": 0, "output": {}}, 401)), csb.milliseconds, [CURRENT])
    with pytest.raises(OutcomeUnknown):
        client(gateway, Journal()).sign_in()


# --- the clock --------------------------------------------------------------------------------


class Centre:
    """Checks the time and the key of a CSB signature; refuses as H's gateway does."""

    def __init__(self, ahead_seconds: float = 0.0, secrets: Mapping[str, str] | None = None) -> None:
        self.ahead_seconds = ahead_seconds
        self.secrets = dict({CURRENT.name: CURRENT.secret} if secrets is None else secrets)
        self.says_the_time = True
        self.arrivals = 0

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        self.arrivals += 1
        sent, now = request.headers, NOW + self.ahead_seconds
        date = {"date": formatdate(now, usegmt=True)} if self.says_the_time else {}
        if abs(int(sent["_api_timestamp"]) / 1000 - now) > 1800:
            return refused("签名时间戳超时!", **date)
        if sent["_api_access_key"] not in self.secrets:
            return refused("非法用户!", 401, **date)
        key = Key(sent["_api_access_key"], self.secrets[sent["_api_access_key"]])
        expected = csb.milliseconds(request, key, int(sent["_api_timestamp"]) / 1000)
        return ok() if expected == {name: sent[name] for name in expected} else refused("签名不一致!", **date)


def gateway(centre: Centre, *keys: Key) -> Gateway:
    return Gateway(centre, csb.milliseconds, keys or [CURRENT], clock=lambda: NOW)


def statuses(gateway: Gateway, count: int) -> list[int]:
    return [gateway.send(REQUEST, 5).status for _ in range(count)]


@pytest.mark.parametrize("ahead", [-7200.0, 2000.0, 86_400.0])
def test_a_signature_refused_for_its_time_is_made_with_the_gateways_clock_from_then_on(ahead: float) -> None:
    centre = Centre(ahead)
    signing = gateway(centre)
    assert statuses(signing, 3) == [401, 200, 200]
    assert signing.ahead_seconds == pytest.approx(ahead, abs=1)
    assert centre.arrivals == 3, "each message once: the caller sends it anew"


def test_a_clock_that_was_put_right_is_noticed() -> None:
    centre = Centre(7200.0)
    signing = gateway(centre)
    statuses(signing, 2)
    centre.ahead_seconds = 0.0
    assert statuses(signing, 2) == [401, 200]


def test_a_clock_within_bounds_is_told_of_and_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    inside = Answering(ok())
    inside.given = Reply(200, {"Date": formatdate(NOW + 90, usegmt=True)}, b"{}")
    signing = Gateway(inside, csb.seconds, [CURRENT], clock=lambda: NOW)
    with caplog.at_level(logging.WARNING):
        statuses(signing, 3)
    assert [sent.headers["_api_timestamp"] for sent, _ in inside.sent] == ["1700000000"] * 3
    assert [record.getMessage() for record in caplog.records] == ["the gateway's clock is +90 s from ours"]


def test_a_gateway_that_does_not_say_the_time_stays_shut() -> None:
    centre = Centre(7200.0)
    centre.says_the_time = False
    assert statuses(gateway(centre), 3) == [401, 401, 401]


@pytest.mark.parametrize("written", ["", "yesterday", "Wed, 99 Oct 2026 07:28:00 GMT"])
def test_a_date_that_is_none(written: str) -> None:
    assert seconds_ahead(Reply(200, {"date": written}, b""), NOW, NOW) is None


# --- renewed secrets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "renewed", [Key("AK", "next-secret"), Key("AK2", "next-secret")], ids=["new secret", "new key"]
)
def test_the_next_key_is_tried_when_the_current_one_is_refused(renewed: Key) -> None:
    centre = Centre()
    signing = gateway(centre, CURRENT, renewed)
    assert statuses(signing, 2) == [200, 200]
    centre.secrets = {renewed.name: renewed.secret}
    assert statuses(signing, 3) == [401, 200, 200]


def test_keys_that_are_both_refused_are_tried_in_turn() -> None:
    centre = Centre(secrets={})
    signing = gateway(centre, CURRENT, NEXT)
    assert statuses(signing, 3) == [401, 401, 401]
    centre.secrets = {CURRENT.name: CURRENT.secret}
    assert 200 in statuses(signing, 2)


def test_a_secret_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        statuses(gateway(Centre(secrets={}), CURRENT, NEXT), 2)
    said = caplog.text + repr(CURRENT) + repr(NEXT)
    assert "secret" not in said.replace("refused", "") and len(caplog.records) == 2


def test_a_signed_request_shows_no_header() -> None:
    inside = Answering(ok())
    gateways.through("hmac-sm3", inside, [CURRENT]).send(REQUEST, 5)
    assert "x-ca" not in repr(inside.sent)
