"""Every dialect beside a centre that speaks it, as processes of their own. A dialect joins by its line in DIALECTS and
its face's line in FACES, of the same name: nothing is written here. One outside the package is named in CENTRES
(`tests/centres.py`)."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from insurance.interface.exchange import Dialect
from insurance.interface.profile import Operation
from insurance.quota import exchange
from insurance.trial.models import Trial
from tests.centres import CENTRES
from tests.integration import doing
from tests.integration.conftest import (
    _database,
    forget_the_insurer,
    payments,
    payments_process,
)
from tests.simulators import Simulator, running

__all__ = ["_database", "payments", "payments_process"]


class Centre(Simulator):
    """The simulated centre of one dialect; its own names for what we ask of it."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(url)
        self.name = name

    @property
    def dialect(self) -> Dialect:
        return exchange.dialect()

    def number(self, operation: Operation) -> str:
        """What the operation is called on this wire."""
        return exchange.profile().infno(operation)

    @property
    def lookup(self) -> str:
        """What a lost settlement is looked for with."""
        return self.number(Operation.FEE_DETAILS if self.dialect.settled_ids else Operation.QUERY)

    def goes_wrong(self, operation: Operation, kind: str, **rule: object) -> None:
        """A fault of this kind, once unless `times` says otherwise."""
        self.faults({"infno": self.number(operation), "kind": kind, "times": 1, **rule})

    def calls(self, operation: Operation) -> int:
        """How many of them came."""
        return int(self.stats()["calls"].get(self.number(operation), 0))

    def standing(self) -> list[dict[str, object]]:
        """The settlements that stand in its books."""
        return [row for row in self.ledger()["settlements"] if not row["refunded"]]


@pytest.fixture(scope="session", params=sorted(CENTRES))
def centre_process(request: pytest.FixtureRequest) -> Iterator[Centre]:
    with running("insurer", "--dialect", CENTRES[request.param]) as simulator:
        yield Centre(request.param, simulator.url)


@pytest.fixture
def centre(centre_process: Centre, settings: LazySettings) -> Iterator[Centre]:
    """Empty, and the one that our settings name."""
    centre_process.reset()
    settings.INSURANCE_DIALECT, settings.INSURANCE_URL = centre_process.name, centre_process.url
    settings.INSURANCE_TIMEOUT_SECONDS = 2
    forget_the_insurer()
    yield centre_process
    forget_the_insurer()


@pytest.fixture
def trial(centre: Centre, payments: Simulator) -> Trial:
    """A bill of somebody who has a part to pay."""
    return doing.priced(doing.somebody_who_pays_cash())
