from collections.abc import Iterator

import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.simulator.hospital import Hospital
from tests.unit.simulator.running import running


@pytest.fixture(scope="session")
def insurer_url() -> Iterator[str]:
    with running(Insurer(Settings())) as url:
        yield url


@pytest.fixture
def hospital(insurer_url: str) -> Iterator[Hospital]:
    """A hospital in front of an insurer with empty books."""
    hospital = Hospital(insurer_url)
    assert hospital.http.post("/_reset").status_code == 200
    yield hospital
    hospital.http.close()
