"""Signed, and not a byte may change."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from hospital.errors import Invalid
from insurance.quota import sealing

BODY = {"name": "互联网医院", "day": "2026-11-23", "calls": 3, "nested": {"b": [1, 2], "a": None}}


def private_pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def why_not(statement: bytes) -> str:
    with pytest.raises(Invalid) as raised:
        sealing.opened(statement, sealing.own_key())
    return raised.value.code


def test_what_was_signed_can_be_opened() -> None:
    assert sealing.opened(sealing.seal(BODY), sealing.own_key()) == BODY


def test_canonical_json_has_one_form() -> None:
    assert sealing.canonical({"b": 1, "a": "医"}) == '{"a":"医","b":1}'.encode()
    assert sealing.canonical(dict(reversed(BODY.items()))) == sealing.canonical(BODY)


def test_whichever_byte_is_changed_it_is_seen() -> None:
    statement = sealing.seal(BODY)
    for place in range(len(statement)):
        for mask in (0x01, 0x20):
            changed = bytearray(statement)
            changed[place] ^= mask
            assert why_not(bytes(changed)) in ("changed", "other_key", "no_statement"), place


@pytest.mark.parametrize(
    "made", [lambda s: s + b"\n", lambda s: s[:-1], lambda s: b" " + s, lambda s: s[:-2] + b',"x":1}\n']
)
def test_nothing_may_be_put_around_it(made: Callable[[bytes], bytes]) -> None:
    assert why_not(made(sealing.seal(BODY))) in ("changed", "no_statement")


def test_written_with_other_spaces_or_another_order_it_is_not_the_same() -> None:
    sealed = json.loads(sealing.seal(BODY))
    assert why_not(json.dumps(sealed, indent=1).encode()) == "changed"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '"x"', "{", "1", '{"body": {}, "public_key": 1, "signature": "%"}', "[" * 100_000]
)
def test_what_is_no_statement_is_called_so(text: str) -> None:
    assert why_not(text.encode()) == "no_statement"


def test_somebody_elses_signature_is_not_ours(settings: LazySettings) -> None:
    settings.STATEMENT_KEY = private_pem(Ed25519PrivateKey.generate())
    theirs = sealing.seal(BODY)
    settings.STATEMENT_KEY = ""
    assert why_not(theirs) == "other_key"


def test_their_body_under_our_key_does_not_fit(settings: LazySettings) -> None:
    settings.STATEMENT_KEY = private_pem(Ed25519PrivateKey.generate())
    theirs = json.loads(sealing.seal(BODY))
    settings.STATEMENT_KEY = ""
    theirs["public_key"] = sealing.pem_of(sealing.own_key())
    assert why_not(sealing.canonical(theirs) + b"\n") == "changed"


def test_without_a_key_one_is_derived_from_the_secret(settings: LazySettings) -> None:
    settings.STATEMENT_KEY = ""
    assert sealing.is_derived()
    first = sealing.fingerprint(sealing.own_key())
    assert sealing.fingerprint(sealing.own_key()) == first
    settings.SECRET_KEY = "another secret of at least thirty-two characters"
    assert sealing.fingerprint(sealing.own_key()) != first


def test_with_a_key_that_one_signs(settings: LazySettings) -> None:
    key = Ed25519PrivateKey.generate()
    settings.STATEMENT_KEY = private_pem(key)
    assert not sealing.is_derived()
    assert sealing.opened(sealing.seal(BODY), key.public_key()) == BODY
    assert sealing.key_of(sealing.pem_of(key.public_key())) == key.public_key()


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_called_so(pem: str) -> None:
    with pytest.raises(Invalid) as raised:
        sealing.key_of(pem)
    assert raised.value.code == "no_key"


def test_the_key_is_read_from_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = private_pem(Ed25519PrivateKey.generate())
    (tmp_path / "good.pem").write_text(pem)
    monkeypatch.setenv("STATEMENT_KEY", str(tmp_path / "good.pem"))
    assert Environment().signing_key("STATEMENT_KEY") == pem
    monkeypatch.setenv("STATEMENT_KEY", "")
    assert Environment().signing_key("STATEMENT_KEY") == ""
    for wrong in (tmp_path / "missing.pem", tmp_path):
        monkeypatch.setenv("STATEMENT_KEY", str(wrong))
        with pytest.raises(ImproperlyConfigured, match="STATEMENT_KEY must name a readable PEM file"):
            Environment().signing_key("STATEMENT_KEY")
