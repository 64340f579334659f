"""The other side as processes; the database really commits."""

from collections.abc import Iterator

import pytest

from tests.acceptance.hospital import WINDOW_SECONDS, N
from tests.simulators import SECRET, Simulator, running


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Every test in here commits for real."""


@pytest.fixture(scope="module")
def insurer_process() -> Iterator[Simulator]:
    with running("insurer", "--per-minute", str(N), "--window-seconds", str(WINDOW_SECONDS)) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def payments_process() -> Iterator[Simulator]:
    with running("payments", "--secret", SECRET) as simulator:
        yield simulator


@pytest.fixture
def insurer(insurer_process: Simulator) -> Simulator:
    """An insurer that takes N in a window of seconds, with empty books."""
    insurer_process.reset()
    return insurer_process


@pytest.fixture
def payments(payments_process: Simulator) -> Simulator:
    """A payment institution with empty books."""
    payments_process.reset()
    return payments_process
