"""Other people's things are not there: at every address with an id, under every method, now and when one is added."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern

from config.urls import API, urlpatterns
from insurance.settlement.models import Settlement
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused
from tests.simulators import Simulator

NEVER = 2**40
"""An id that nothing has."""

DESK_ONLY = ("PUT appointments/<int:pk>/charges/",)
"""Refused to every patient alike, whosever it is: 403."""


def calls() -> Iterator[str]:
    """Every method of every address of the API that holds an id."""
    for pattern in urlpatterns:
        path = str(pattern.pattern)
        if isinstance(pattern, URLPattern) and path.startswith(API) and "<int:" in path:
            view = getattr(pattern.callback, "cls")  # noqa: B009  Django's types do not know it
            for method in sorted(set(view().allowed_methods) - {"OPTIONS"}):
                yield f"{method} {path.removeprefix(API)}"


@pytest.fixture
def ids(insurer: Simulator) -> dict[str, int]:
    """The things of one patient, by the first word of their address."""
    trial = doing.priced(factories.patient())
    settlement: Settlement = doing.opened(trial)
    return {"appointments": trial.appointment_id, "trials": trial.pk, "settlements": settlement.pk}


def ask(call: str, number: int) -> Any:
    """As a patient who has nothing."""
    method, path = call.split()
    client = doing.speaking_as(factories.patient())
    address = f"/{API}{path.replace('<int:pk>', str(number))}"
    return client.generic(method, address, '{"mode": "insurance"}', content_type="application/json")


def test_there_are_such_addresses() -> None:
    assert len(list(calls())) >= 8


@pytest.mark.parametrize("call", calls())
def test_what_is_anothers_is_answered_like_what_was_never_there(call: str, ids: dict[str, int]) -> None:
    kind = call.split()[1].split("/")[0]
    wanted = (403, "permission_denied") if call in DESK_ONLY else (404, f"no_such_{kind.removesuffix('s')}")
    assert refused(ask(call, ids[kind]), *wanted) == refused(ask(call, NEVER), *wanted)
