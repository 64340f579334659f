"""Personal data at rest: encrypted, found by a keyed index, shown masked."""

import base64

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from hospital.privacy import blind_index, decrypt, encrypt, masked


@given(st.text())
def test_what_was_encrypted_decrypts(text: str) -> None:
    assert decrypt(encrypt(text)) == text


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
