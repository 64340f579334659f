"""Races need transactions that really commit, and the simulators where something is said to the insurer."""

import os

import pytest
import redis

from tests.integration.conftest import insurer, insurer_process, payments, payments_process

__all__ = ["insurer", "insurer_process", "payments", "payments_process"]


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Every test in here commits for real."""


@pytest.fixture
def valkey_url() -> str:
    """An empty database of a Valkey or Redis that tests may use."""
    url = os.environ.get("TEST_VALKEY_URL")
    if not url:
        pytest.skip("TEST_VALKEY_URL is not set (bin/test sets it)")
    redis.Redis.from_url(url).flushdb()
    return url
