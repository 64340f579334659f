"""Personal data at rest: encrypted, found by a keyed index, shown masked."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from hospital import keys
from hospital.archives.filing import THE_RECORDS_OWN_FAULT
from hospital.archives.records import Record
from hospital.privacy import (
    COMPRESSED_FROM_BYTES,
    FORGOTTEN,
    blind_index,
    blind_indexes,
    decrypt,
    encrypt,
    is_current,
    masked,
)


@given(st.text())
def test_what_was_encrypted_decrypts(text: str) -> None:
    assert decrypt(encrypt(text)) == text


@pytest.mark.parametrize(
    "text", ["医" * COMPRESSED_FROM_BYTES, "\0", "\0" * COMPRESSED_FROM_BYTES, "x" * 511, "x" * 512]
)
def test_what_is_long_is_stored_short_and_read_again(text: str) -> None:
    for compressed in (True, False):
        assert decrypt(encrypt(text, "reply", compressed=compressed), "reply") == text


def test_a_message_takes_half_the_room() -> None:
    message = json.dumps([{"fee_code": f"{n:06}", "amount": n * 7919 % 1000, "item": "医疗服务项目"} for n in range(9)])
    assert len(encrypt(message, compressed=True)) < len(base64.b64encode(message.encode())) / 2


def test_what_was_compressed_otherwise_is_the_values_own_fault(settings: LazySettings) -> None:
    """Filing rejects it and goes on."""
    key = keys.ring().current
    sealed = base64.b64encode(b"n" * 12 + key.cipher.encrypt(b"n" * 12, b"\0no zlib", b"name")).decode()
    with pytest.raises(THE_RECORDS_OWN_FAULT):
        decrypt(f"{key.id}.{sealed}", "name")


def test_a_long_text_that_was_stored_as_it_is_is_read(settings: LazySettings) -> None:
    """As it was made before long ones were compressed."""
    settings.PII_KEY = "k" * 40
    key, text = keys.ring().current, "x" * COMPRESSED_FROM_BYTES
    then = base64.b64encode(b"n" * 12 + key.cipher.encrypt(b"n" * 12, text.encode(), b"reply")).decode()
    assert decrypt(f"{key.id}.{then}", "reply") == text


def test_equal_texts_have_different_ciphertexts() -> None:
    assert encrypt("110101199001010011") != encrypt("110101199001010011")


def test_a_changed_ciphertext_is_noticed() -> None:
    raw = bytearray(base64.b64decode(encrypt("110101199001010011")))
    raw[-1] ^= 1
    with pytest.raises(InvalidTag):
        decrypt(base64.b64encode(bytes(raw)).decode())


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_blind_index_is_equal_for_equal_texts_only(one: str, other: str) -> None:
    assert (blind_index(one) == blind_index(other)) is (one == other)


@given(st.text(alphabet="0123456789X", min_size=8, max_size=30))
def test_masked_shows_the_first_and_the_last_four(number: str) -> None:
    shown = masked(number)
    assert (shown[0], shown[-4:], len(shown)) == (number[0], number[-4:], len(number))
    assert set(shown[1:-4]) == {"*"}


@pytest.mark.parametrize(("text", "shown"), [("", ""), ("王", "王"), ("王五", "王*"), ("12345", "1*")])
def test_masked_shows_little_of_short_texts(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_value_is_bound_to_what_it_is() -> None:
    stored = encrypt("13800000000", "phone")
    assert decrypt(stored, "phone") == "13800000000"
    with pytest.raises(InvalidTag):
        decrypt(stored, "name")


def test_what_was_written_before_there_were_key_ids_is_read(settings: LazySettings) -> None:
    """As it was made then, byte for byte."""
    settings.PII_KEY = "k" * 40
    secret = hmac.new(b"k" * 40, b"encrypt", hashlib.sha256).digest()
    then = base64.b64encode(b"n" * 12 + AESGCM(secret).encrypt(b"n" * 12, "王五".encode(), None)).decode()
    assert decrypt(then, "name") == "王五"
    settings.PII_KEY, settings.PII_OLD_KEYS = "j" * 40, ["k" * 40]
    assert decrypt(then, "name") == "王五" and not is_current(then)


def test_the_current_key_writes_and_older_ones_read(settings: LazySettings) -> None:
    settings.PII_KEY = "k" * 40
    stored, index = encrypt("王五", "name"), blind_index("110101199001010011")
    settings.PII_KEY, settings.PII_OLD_KEYS = "j" * 40, ["k" * 40]
    assert decrypt(stored, "name") == "王五" and not is_current(stored)
    assert is_current(encrypt("王五", "name")) and is_current("") and is_current(FORGOTTEN)
    assert blind_indexes("110101199001010011") == [blind_index("110101199001010011"), index]


def test_without_the_key_it_is_the_configuration_that_is_wrong(settings: LazySettings) -> None:
    """And not the record, which filing would reject."""
    stored = encrypt("王五", "name")
    settings.PII_KEY = "j" * 40
    with pytest.raises(keys.UnknownKey):
        decrypt(stored, "name")
    assert not issubclass(keys.UnknownKey, THE_RECORDS_OWN_FAULT)


def of_the_key_service() -> list[str]:
    return ["s" * 40, "k" * 40]


def no_good() -> list[str]:
    return ["short"]


def test_the_keys_may_come_from_a_function(settings: LazySettings) -> None:
    settings.PII_KEY = "k" * 40
    stored = encrypt("王五", "name")
    settings.PII_KEY, settings.PII_KEYS_FROM = "", f"{__name__}.of_the_key_service"
    assert decrypt(stored, "name") == "王五" and not is_current(stored)
    settings.PII_KEYS_FROM = f"{__name__}.no_good"
    with pytest.raises(ImproperlyConfigured):
        encrypt("王五", "name")


def test_the_forgotten_says_nothing() -> None:
    assert decrypt(FORGOTTEN, "reply") == ""


def test_a_record_that_is_filed_says_nothing_of_its_person() -> None:
    record = Record(7, 0, 8, "王五", "110101199001010011", "a", "01", "C123456789", "b")
    assert not any(secret in repr(record) for secret in ("王五", "110101199001010011", "C123456789"))
