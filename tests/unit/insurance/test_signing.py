"""The payment institution's signature, computed here once more by hand."""

import hashlib
import hmac

import pytest
from django.conf import LazySettings

from insurance.payment import signing

SECRET = "a-secret-of-the-payment-institution-0123456789"
NOW = 1_790_000_000.0
BODY = b'{"order_no": "S1"}'


@pytest.fixture(autouse=True)
def _secret(settings: LazySettings) -> None:
    settings.PAYMENT_SECRET = SECRET


def signed(body: bytes, timestamp: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("age", [0, 299, 300, -300])
def test_a_fresh_one_is_genuine(age: int) -> None:
    timestamp = str(int(NOW) - age)
    assert signing.is_genuine(timestamp, signed(BODY, timestamp), BODY, NOW)
    assert signing.is_genuine(timestamp, signed(BODY, timestamp).upper(), BODY, NOW)


@pytest.mark.parametrize("age", [301, -301, 86_400])
def test_an_old_one_is_not(age: int) -> None:
    timestamp = str(int(NOW) - age)
    assert not signing.is_genuine(timestamp, signed(BODY, timestamp), BODY, NOW)


def test_another_secret_body_or_time_is_not() -> None:
    timestamp = str(int(NOW))
    assert not signing.is_genuine(timestamp, signed(BODY, timestamp, "another"), BODY, NOW)
    assert not signing.is_genuine(timestamp, signed(BODY, timestamp), BODY + b" ", NOW)
    assert not signing.is_genuine(str(int(NOW) + 1), signed(BODY, timestamp), BODY, NOW)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "²", "1e9", "9" * 5000])
def test_what_is_no_time_is_not(timestamp: str) -> None:
    assert not signing.is_genuine(timestamp, "0" * 64, BODY, NOW)


@pytest.mark.parametrize("signature", ["", "é" * 64, "0" * 64])
def test_what_is_no_signature_is_not(signature: str) -> None:
    assert not signing.is_genuine(str(int(NOW)), signature, BODY, NOW)
