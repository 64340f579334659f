"""The national algorithms against the examples of their standards."""

import gmalg
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from insurance.interface.security.sm import USER_ID, BlockCipher, Signer, Verifier, sm3

# GB/T 32918.5-2017, annex A.2 and A.3: the recommended curve.
PRIVATE = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
PUBLIC = (
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
MESSAGE = b"message digest"
C1 = (
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
)
C3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
C2 = "21886CA989CA9C7D58087307CA93092D651EFA"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_as_gbt_32905(text: bytes, digest: str) -> None:
    assert sm3(text).hex() == digest


def test_sm4_as_gbt_32907() -> None:
    block = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    cipher = BlockCipher("0123456789ABCDEFFEDCBA9876543210")
    encrypted = cipher.encrypted(block)
    assert encrypted[:16].hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    assert cipher.decrypted(encrypted) == block


def test_sm2_signs_as_gbt_32918() -> None:
    """With the standard's own random number."""
    r, s = gmalg.SM2(bytes.fromhex(PRIVATE), USER_ID, rnd_fn=lambda bits: K).sign(MESSAGE)
    assert (r.hex().upper(), s.hex().upper()) == (R, S)


def test_sm2_decrypts_as_gbt_32918() -> None:
    sm2 = gmalg.SM2(bytes.fromhex(PRIVATE))
    assert sm2.decrypt(bytes.fromhex("04" + C1 + C3 + C2)) == b"encryption standard"
    encrypted = gmalg.SM2(pk=bytes.fromhex("04" + PUBLIC), rnd_fn=lambda bits: K).encrypt(b"encryption standard")
    assert encrypted.hex().upper() == "04" + C1 + C3 + C2


@pytest.mark.parametrize("public", [PUBLIC, "04" + PUBLIC, PUBLIC.lower()])
def test_a_signature_of_the_standard_is_believed(public: str) -> None:
    verifier = Verifier(public)
    assert verifier.vouches(MESSAGE, bytes.fromhex(R + S))
    assert verifier.vouches(MESSAGE, encode_dss_signature(int(R, 16), int(S, 16)))


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 64, bytes.fromhex(S + R), b"0\x06\x02\x01\x01"])
def test_another_signature_is_not(signature: bytes) -> None:
    assert not Verifier(PUBLIC).vouches(MESSAGE, signature)


def test_what_we_sign_is_ours_and_just_that() -> None:
    signer, verifier = Signer(PRIVATE), Verifier(PUBLIC)
    first, second = signer.signed(MESSAGE), signer.signed(MESSAGE)
    assert len(first) == len(second) == 64 and first != second
    assert verifier.vouches(MESSAGE, first) and verifier.vouches(MESSAGE, second)
    assert not verifier.vouches(MESSAGE + b" ", first)


@pytest.mark.parametrize("key", ["", "short", "zz" * 16, "0123456789ABCDEF0"])
def test_an_sm4_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="SM4 key"):
        BlockCipher(key)


@pytest.mark.parametrize("key", ["", "12", "zz" * 32])
def test_an_sm2_private_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="SM2 private key"):
        Signer(key)


@pytest.mark.parametrize("key", ["", "12", "zz" * 64, "01" * 64])
def test_an_sm2_public_key_that_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="SM2 public key"):
        Verifier(key)


def test_a_text_of_sixteen_characters_is_a_key_too() -> None:
    cipher = BlockCipher("sixteen letters!")
    assert cipher.decrypted(cipher.encrypted("密文".encode())).decode() == "密文"


@pytest.mark.parametrize("data", [b"", b"half a block", b"\0" * 16])
def test_what_was_not_encrypted_with_this_key(data: bytes) -> None:
    with pytest.raises(ValueError):
        BlockCipher("sixteen letters!").decrypted(data)
