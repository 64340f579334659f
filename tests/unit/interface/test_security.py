"""Messages that are signed and encrypted, and what a reply is worth whose signature is wrong."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown
from insurance.interface.exchange import Dialect, Reply, Request
from insurance.interface.questions import Pricing, Reversal, Settling
from insurance.interface.security import Keys, raw, spoken
from insurance.interface.security.rules import RULES, Rule
from insurance.interface.security.sealing import Sealing
from insurance.interface.security.sm import BlockCipher, Signer, Verifier, sm3
from tests.unit.interface.test_sm import PRIVATE, PUBLIC
from tests.unit.interface.words import CARD, INSURED, NATIONAL, SPLIT, answer, ok, profile, setlinfo

SHARED = "0123456789ABCDEFFEDCBA9876543210"
KEYS = Keys(PRIVATE, PUBLIC, SHARED)
SETTLING = Settling(Pricing(INSURED, CARD, "M1", "1", 452, "11", True), "1", SPLIT)
MSGID = "H99999900001202401020900000001"
NOW = datetime(2024, 1, 2, 1, 0, tzinfo=UTC)


def dialect(security: str = "", **changes: Any) -> Dialect:
    return spoken(NATIONAL, profile(security=security, **changes), KEYS)


def written(dialect: Dialect, question: Any = SETTLING, **changes: Any) -> dict[str, Any]:
    request = dialect.settle.encode(profile(**changes), MSGID, NOW, question)
    return dict(json.loads(request.body))


def signed(output: object, signer: Signer | None = None, cipher: BlockCipher | None = None, **changes: Any) -> Reply:
    """A reply as the centre makes it, with `output` the last member, signed as it stands there."""
    text = json.dumps(output, ensure_ascii=False)
    vouched = b64encode(cipher.encrypted(text.encode())).decode() if cipher else text
    cainfo = b64encode((signer or Signer(PRIVATE)).signed(vouched.encode())).decode()
    return answer({"infcode": 0, "cainfo": cainfo, **changes, "output": vouched if cipher else output})


# --- what leaves ------------------------------------------------------------------------------


def test_without_security_a_dialect_is_what_it_was() -> None:
    assert dialect() is NATIONAL


def test_guangdong_digests_the_input() -> None:
    found = written(dialect("sm3-input"))
    text = json.dumps(found["input"], ensure_ascii=False, separators=(",", ":"))
    assert (found["signtype"], found["cainfo"]) == ("SM3", sm3(text.encode()).hex().upper())
    assert {**found, "cainfo": "", "signtype": ""} == written(NATIONAL)


def test_jilin_encrypts_the_input_and_signs_what_it_sends() -> None:
    found = written(dialect("sm2-input", encrypts=True))
    assert (found["signtype"], found["enc_type"]) == ("SM2", "SM4")
    assert Verifier(PUBLIC).vouches(found["input"].encode(), b64decode(found["cainfo"]))
    plain = json.loads(BlockCipher(SHARED).decrypted(b64decode(found["input"])))
    assert plain == written(NATIONAL)["input"]


def test_yb_signs_the_rest_of_the_envelope_in_ascii_order() -> None:
    found = written(dialect("sm2-envelope", encrypts=True))
    names = sorted(name for name, value in found.items() if value and name not in ("cainfo", "input"))
    text = "&".join(f"{name}={found[name]}" for name in names)
    assert Verifier(PUBLIC).vouches(text.encode(), b64decode(found["cainfo"]))
    assert names.index("enc_type") < names.index("fixmedins_code") and "signtype=SM2" in text


def test_no_person_is_in_an_encrypted_message() -> None:
    request = dialect("sm2-input", encrypts=True).settle.encode(profile(), MSGID, NOW, SETTLING)
    assert CARD.number.encode() not in request.body


def test_what_has_no_envelope_is_left_alone() -> None:
    request = Request("4261", "/p", {}, b'{"orgBizSer":"1"}')
    assert Sealing(RULES["sm2-input"], True, KEYS).sealed(request) is request


# --- what comes -------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypts", [False, True])
def test_a_signed_reply_is_read(encrypts: bool) -> None:
    cipher = BlockCipher(SHARED) if encrypts else None
    reply = signed({"setlinfo": setlinfo(setl_id="S1")}, cipher=cipher)
    bill = dialect("sm2-input", encrypts=encrypts).settle.decode(SETTLING, reply)
    assert (bill.setl_id, bill.total_fen) == ("S1", 452)


def test_a_signature_is_over_the_text_and_not_over_its_meaning() -> None:
    text = '{ "infcode" : 0 , "output" : {"amount" : 4.520,\n "b":[]} , "cainfo" : "%s" }'
    cainfo = b64encode(Signer(PRIVATE).signed(b'{"amount" : 4.520,\n "b":[]}')).decode()
    reply = Reply(200, {}, (text % cainfo).encode())
    assert Sealing(RULES["sm2-input"], False, KEYS).opened(reply) is reply


@pytest.mark.parametrize("security", ["sm2-input", "sm2-envelope"])
@pytest.mark.parametrize("cainfo", [None, "", "MOCK", b64encode(b"\1" * 64).decode()])
@pytest.mark.parametrize("infcode", [0, -1])
def test_a_wrong_signature_on_a_settlement_is_unknown_and_never_refused(
    security: str, cainfo: str | None, infcode: int
) -> None:
    output = {"setlinfo": setlinfo(setl_id="S1")} if infcode == 0 else None
    reply = answer({"infcode": infcode, "err_msg": "已结算", "output": output, "cainfo": cainfo})
    with pytest.raises(OutcomeUnknown, match="signature"):
        dialect(security).settle.decode(SETTLING, reply)


def test_another_centres_signature_is_wrong() -> None:
    reply = signed({"setlinfo": setlinfo(setl_id="S1")}, Signer("11" * 32))
    with pytest.raises(OutcomeUnknown, match="signature"):
        dialect("sm2-input").settle.decode(SETTLING, reply)


def test_a_changed_amount_is_noticed() -> None:
    reply = signed({"setlinfo": setlinfo(setl_id="S1")})
    changed = replace(reply, body=reply.body.replace(b'"S1"', b'"S2"'))
    with pytest.raises(OutcomeUnknown, match="signature"):
        dialect("sm2-input").settle.decode(SETTLING, changed)


def test_an_encrypted_output_with_another_key_is_unknown() -> None:
    reply = signed({"setlinfo": setlinfo(setl_id="S1")}, cipher=BlockCipher("00" * 16))
    with pytest.raises(OutcomeUnknown, match="decrypted"):
        dialect("sm2-input", encrypts=True).settle.decode(SETTLING, reply)


@pytest.mark.parametrize("output", ["not Base64!", "AAAA", b64encode(b"x" * 32).decode()])
def test_an_output_that_was_never_encrypted_is_unknown(output: str) -> None:
    with pytest.raises(OutcomeUnknown, match="decrypted"):
        Sealing(Rule(), True, KEYS).opened(ok(output))


def test_amounts_stay_as_they_were_written() -> None:
    cipher = BlockCipher(SHARED)
    hidden = b64encode(cipher.encrypted(b'{"amount":4.520,"n":1E2}')).decode()
    opened = Sealing(Rule(), True, KEYS).opened(ok(hidden))
    assert b'"output":{"amount":4.520,"n":1E2}' in opened.body


@pytest.mark.parametrize(
    "reply",
    [
        answer({"code": 401, "message": "签名不一致!"}),
        Reply(502, {}, b"<html>"),
        Reply(200, {}, b""),
        Reply(200, {"content-type": "application/zip"}, b"PK\3\4"),
    ],
)
def test_what_is_not_the_centres_own_word_is_left_to_the_dialect(reply: Reply) -> None:
    assert Sealing(RULES["sm2-input"], True, KEYS).opened(reply) is reply


def test_a_gateways_refusal_was_still_not_sent() -> None:
    with pytest.raises(NotSent):
        dialect("sm2-input").settle.decode(SETTLING, answer({"code": 401, "message": "签名不一致!"}))


def test_a_digest_proves_nothing_and_is_not_asked_for() -> None:
    bill = dialect("sm3-input").settle.decode(SETTLING, ok({"setlinfo": setlinfo(setl_id="S1")}))
    assert bill.setl_id == "S1"


@pytest.mark.parametrize("wrapped", [{"code": -1, "message": "no"}, {"code": "0", "data": {"setlinfo": {}}}])
def test_an_unsigned_wrapper_decides_nothing(wrapped: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown, match="not signed"):
        dialect("sm2-input").settle.decode(SETTLING, answer(wrapped))
    with pytest.raises(NotSent):
        dialect("sm2-input").settle.decode(SETTLING, answer({"code": 401, "message": "no"}))


@pytest.mark.parametrize("encrypts", [False, True])
def test_local_names_are_read_behind_a_signature(encrypts: bool) -> None:
    info = setlinfo(setl_id="S1")
    info["pdn_cash"] = info.pop("psn_cash_pay")
    here = dialect("sm2-input", encrypts=encrypts, names={"psn_cash_pay": "pdn_cash"})
    reply = signed({"setlinfo": info}, cipher=BlockCipher(SHARED) if encrypts else None)
    assert here.settle.decode(SETTLING, reply).cash_fen == 0


def test_any_bytes() -> None:
    spoken_here = dialect("sm2-input", encrypts=True)

    @settings(deadline=None)
    @given(st.integers(100, 599), st.binary(max_size=60))
    def any_bytes(status: int, body: bytes) -> None:
        with pytest.raises(InterfaceError):
            spoken_here.settle.decode(SETTLING, Reply(status, {}, body))

    any_bytes()


def test_keys_are_not_shown() -> None:
    assert PRIVATE not in repr(KEYS) and SHARED not in repr(KEYS)


# --- names and raw members --------------------------------------------------------------------


def test_nodes_and_fields_have_their_local_names() -> None:
    local = {"nodes": {"settle": {"data": "mdtrtinfo"}}, "names": {"invono": "inv_no", "psn_cash_pay": "pdn_cash"}}
    found = written(dialect(**local), **local)
    assert list(found["input"]) == ["mdtrtinfo"] and found["input"]["mdtrtinfo"]["inv_no"] == "1"
    reversal = NATIONAL.reverse.encode(profile(**local), MSGID, NOW, Reversal(INSURED, "1", "2207"))
    assert list(json.loads(reversal.body)["input"]) == ["data"], "of this operation only"


def test_local_names_are_read() -> None:
    info = setlinfo(setl_id="S1")
    info["pdn_cash"] = info.pop("psn_cash_pay")
    reply = ok({"setlinfo": info})
    with pytest.raises(OutcomeUnknown, match="psn_cash_pay is missing"):
        NATIONAL.settle.decode(SETTLING, reply)
    assert dialect(names={"psn_cash_pay": "pdn_cash"}).settle.decode(SETTLING, reply).cash_fen == 0


def test_a_renamed_amount_keeps_its_digits() -> None:
    info = setlinfo(setl_id="S1", psn_part_amt=None)
    info["pdn_cash"] = info.pop("psn_cash_pay")
    body = json.dumps({"infcode": 0, "output": {"setlinfo": info}})
    body = body.replace(f'"pdn_cash": {json.dumps(info["pdn_cash"])}', '"pdn_cash": 0.29')
    bill = dialect(names={"psn_cash_pay": "pdn_cash"}).settle.decode(SETTLING, Reply(200, {}, body.encode()))
    assert bill.cash_fen == 29


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": 1},
        {"b": {"c": ["}", '"', "\\"]}, "a": None},
        {"": "", "名": "值", "{": "}"},
        {"x": 1.50, "y": [], "z": {}},
    ],
)
def test_members_are_those_of_the_object(document: dict[str, object], indent: int | None) -> None:
    found = raw.members(json.dumps(document, indent=indent, ensure_ascii=False).encode())
    assert found is not None and {name: raw.value(text) for name, text in found.items()} == document
    assert list(found) == list(document) and json.loads(raw.joined(found)) == document


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_members_of_anything(body: bytes) -> None:
    found = raw.members(body)
    assert found is None or isinstance(json.loads(body), dict)
