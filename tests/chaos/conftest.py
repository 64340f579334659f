"""The database really commits; the processes work on it."""

import pytest


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Every test in here commits for real."""
