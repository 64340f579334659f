"""Workers that send metered messages to the simulated insurer as fast as they are let: ours, and what others would do.

Each function here is the whole life of one worker process.
"""

import contextlib
import itertools
import logging
import os
import time
from datetime import UTC, datetime

from django.conf import settings
from kombu.utils.limits import TokenBucket
from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from insurance.interface import dialects
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import InterfaceError
from insurance.interface.messages import Card, Insured
from insurance.interface.transport import HttpTransport
from insurance.quota import permits
from insurance.quota.exchange import exchange, profile, turn_seconds
from insurance.quota.lanes import Lane

ANSWER_LIMIT_SECONDS = 1.0

logging.getLogger("insurance.quota.exchange").setLevel(logging.ERROR)  # each of these calls is refused, on purpose


def by_permits(seconds: float) -> None:
    """Ours: a permit, the message, the answer. Nobody ever has to wait for work."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        one_by_permit()


def one_by_permit(wait_seconds: float = 1.0) -> None:
    """One turn, if a permit comes free in time."""
    held = permits.take(Lane.TRIAL, turn_seconds=turn_seconds(), wait_seconds=wait_seconds)
    if held is not None:
        with contextlib.suppress(InterfaceError), exchange(held, Lane.TRIAL, "hammer") as client:
            _ask(client)


def by_token_bucket(seconds: float, n: int, window_seconds: float) -> None:
    """Celery's `rate_limit`: kombu's bucket of one token, filled n times a window, in every worker process."""
    client, ends_at = _client(), time.monotonic() + seconds
    bucket = TokenBucket(n / window_seconds)
    while time.monotonic() < ends_at:
        if bucket.can_consume():
            _try_on(client)
        else:
            time.sleep(bucket.expected_time())


def by_moving_window(seconds: float, n: int, window_seconds: int, storage: str) -> None:
    """`limits` in Valkey: exact for all workers together, but stamped when sent; and then the network is slow, once."""
    client, started_at = _client(), time.monotonic()
    ends_at, slow_until = started_at + seconds, started_at + window_seconds / 2
    limiter = MovingWindowRateLimiter(storage_from_string(storage))
    limit = RateLimitItemPerSecond(n, window_seconds)
    while time.monotonic() < ends_at:
        if limiter.hit(limit, "insurer"):
            time.sleep(0.5 if time.monotonic() < slow_until else 0)
            _try_on(client)
        else:
            time.sleep(0.005)


def _try_on(client: InsuranceClient) -> None:
    with contextlib.suppress(InterfaceError):
        _ask(client)


def _ask(client: InsuranceClient) -> None:
    """2206A for a visit that nobody registered: refused, and counted like any other."""
    insured, card = Insured("P1", "310", settings.INSURANCE_REGION, "11"), Card("02", "X")
    client.trial(insured, card, "V1", "B1", 100, "11")


class _NoJournal:
    """The others keep no books."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def new_msgid(self) -> str:
        return f"{settings.INSURANCE_INSTITUTION_CODE}{os.getpid():014d}{next(self.numbers) % 10_000:04d}"

    def before(self, msgid: str, infno: str, body: bytes) -> float:
        return ANSWER_LIMIT_SECONDS

    def after(self, msgid: str, outcome: Outcome, reply: bytes, note: str) -> None:
        return


def _client() -> InsuranceClient:
    dialect, transport = dialects.load(settings.INSURANCE_DIALECT), HttpTransport(profile())
    return InsuranceClient(profile(), dialect, transport, _NoJournal(), lambda: datetime.now(UTC))
