from collections.abc import Iterator

import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.simulator.hospital import Hospital
from tests.unit.simulator.running import running


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    with running(Insurer(Settings())) as url:
        yield Hospital(url)
