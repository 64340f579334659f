"""Races need transactions that really commit, and the simulators where something is said to the insurer."""

import pytest

from tests.integration.conftest import insurer, insurer_process, payments, payments_process

__all__ = ["insurer", "insurer_process", "payments", "payments_process"]


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Every test in here commits for real."""
