"""The API keeps what its schema says, whatever is sent: no 5xx, and no status, type, header or shape beyond it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from config.openapi.operations import TOLD
from config.wsgi import application
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator

CASES = 12
CHECKS: list[Any] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
NOTHING_TO_GET_WRONG = ("accounts_export_retrieve", "line_retrieve", "token_revoke_all_create")
ASKED = [
    (operation_id, mode)
    for operation_id in sorted(TOLD)
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation_id not in NOTHING_TO_GET_WRONG
]


@pytest.fixture(scope="module")
def api_schema() -> OpenApiSchema:
    """Against our WSGI application, with no network between."""
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
    schema.app = application
    return schema


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests leave the test's own connection open, as with Django's test client."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture
def ids(insurer: Simulator, settings: LazySettings) -> dict[str, int]:
    """A patient with a story, and where it stands; nobody is held back for asking often."""
    for name in ("PER_ADDRESS", "SIGNED_IN_PER_ADDRESS", "PER_USER", "PER_USERNAME"):
        setattr(settings, f"RATE_LIMIT_{name}", "1000000/m")
    trial = doing.priced(factories.patient())
    settlement = doing.opened(trial)
    return {
        "user": trial.appointment.patient.user_id,
        "appointments": trial.appointment_id,
        "trials": trial.pk,
        "settlements": settlement.pk,
    }


def headers_of(operation_id: str, ids: dict[str, int]) -> dict[str, str]:
    """The patient's token; the charges are the desk's."""
    user = User.objects.get(pk=ids["user"])
    if operation_id == "appointments_charges_update":
        user = doing.own_system()
    return {"Authorization": f"Bearer {AccessToken.for_user(user)}"}


@pytest.mark.usefixtures("door_on_this_thread")
@pytest.mark.parametrize(("operation_id", "mode"), ASKED, ids=[f"{name}-{mode.value}" for name, mode in ASKED])
def test_the_schema_is_kept(
    operation_id: str, mode: GenerationMode, api_schema: OpenApiSchema, ids: dict[str, int]
) -> None:
    operation = api_schema.find_operation_by_id(operation_id)
    headers = headers_of(operation_id, ids)

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)
        if "id" in case.path_parameters:
            case.path_parameters["id"] = ids[operation.path.split("/")[3]]
            case.call_and_validate(headers=headers, checks=CHECKS[:-1])

    ask()
