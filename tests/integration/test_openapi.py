"""The schema says everything: an example of every call and answer, and every code with which it may be refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from config.openapi import examples
from config.openapi.codes import CODES
from config.openapi.document import operations
from config.openapi.operations import TAGS, TOLD
from hospital.archives import filing
from hospital.identity import is_id_number
from hospital.notices import delivery
from insurance.settlement import collecting, steps
from insurance.trial import turns
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator

ROOT = Path(__file__).parents[2]
PROBLEM = "application/problem+json"

REFUSALS = re.compile(r'(?:Invalid|NotFound|Conflict|Forbidden|HeldBack|Unavailable)\(\s*"([a-z_]+)"')
BEHIND_THE_API = (
    *("config/errors.py", "hospital/rest.py", "hospital/idempotency.py", "hospital/archives/entry.py"),
    *("insurance/trial/access.py", "insurance/trial/admission.py", "insurance/trial/urgency.py"),
    *("insurance/settlement/opening.py", "insurance/settlement/giving_up.py", "insurance/payment/api.py"),
    *("hospital/appointments/*.py", "insurance/*/api.py", "hospital/*/api.py"),
)
ELSEWHERE = {"bad_mode", "no_such_link"}
"""What the serializer refuses before, and what only a page asks for."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return dict(json.loads(OpenApiJsonRenderer().render(made)))  # type: ignore[no-untyped-call]


def wrong(value: Any, shape: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """What the shape has against the value."""
    whole = {**shape, "components": schema["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def bodies(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What goes in and what comes out, each with its examples; an answer without a body has none."""
    given = {"request": operation["requestBody"]} if "requestBody" in operation else {}
    return {name: body for name, body in (given | operation["responses"]).items() if "content" in body}


def test_every_call_is_told_of_and_nothing_else(schema: dict[str, Any]) -> None:
    assert {operation["operationId"] for _, operation in operations(schema)} == set(TOLD)


def test_every_call_has_a_summary_and_a_subject(schema: dict[str, Any]) -> None:
    subjects = {name for name, _ in TAGS}
    for path, operation in operations(schema):
        assert operation["summary"], path
        assert set(operation["tags"]) <= subjects, path


def test_every_body_has_an_example_that_fits_its_shape(schema: dict[str, Any]) -> None:
    for _, operation in operations(schema):
        for name, body in bodies(operation).items():
            for content in body["content"].values():
                assert content["examples"], (operation["operationId"], name)
                for example in content["examples"].values():
                    against = wrong(example["value"], content["schema"], schema)
                    assert not against, (operation["operationId"], name, against)


def test_every_call_says_how_it_may_be_refused(schema: dict[str, Any]) -> None:
    for path, operation in operations(schema):
        refusals = {status: body for status, body in operation["responses"].items() if status >= "400"}
        assert {"500", "503"} <= set(refusals), path
        assert all(set(body["content"]) == {PROBLEM} for body in refusals.values()), path
        told = {code for body in refusals.values() for code in body["content"][PROBLEM]["examples"]}
        assert told >= set(TOLD[operation["operationId"]].codes), path
        assert ("401" in refusals) >= any(operation.get("security", ())), path


def test_every_code_there_is_is_told_of(schema: dict[str, Any]) -> None:
    files = [file for pattern in BEHIND_THE_API for file in ROOT.glob(pattern)]
    raised = {code for file in files for code in REFUSALS.findall(file.read_text())} - ELSEWHERE
    assert len(raised) > 30
    assert raised <= set(CODES)
    told = {
        code
        for _, operation in operations(schema)
        for body in operation["responses"].values()
        for code in body.get("content", {}).get(PROBLEM, {}).get("examples", ())
    }
    assert told == set(CODES)


def test_a_refusal_is_told_with_the_words_it_is_answered_with(schema: dict[str, Any]) -> None:
    files = [file for folder in ("hospital", "insurance") for file in (ROOT / folder).rglob("*.py")]
    words = "".join(file.read_text() for file in [*files, ROOT / "config" / "errors.py"])
    ours = [str(detail) for _, detail in CODES.values() if str(detail).endswith(".")]
    frameworks = ("This password is too common.", "The user's password", "Unsupported", "Authentication", "You do not")
    assert [text for text in ours if text not in words and not text.startswith(frameworks)] == []


def test_the_person_in_the_examples_could_exist_and_does_not() -> None:
    assert is_id_number(examples.ID_NUMBER, today=timezone.localdate())


def test_an_unknown_field_is_no_part_of_a_shape(schema: dict[str, Any]) -> None:
    booking = {"schema": {"$ref": "#/components/schemas/BookingInput"}}["schema"]
    assert wrong(examples.BOOKING, booking, schema) == []
    assert wrong(examples.BOOKING | {"sesion": 1}, booking, schema)


def test_the_webhook_is_told_of_too(schema: dict[str, Any]) -> None:
    sent = schema["webhooks"]["notice"]["post"]["requestBody"]["content"]["application/json"]
    assert wrong(sent["examples"]["example"]["value"], sent["schema"], schema) == []


def test_a_whole_story_is_answered_in_the_shapes_of_the_schema(
    schema: dict[str, Any], insurer: Simulator, payments: Simulator
) -> None:
    def asked(client: APIClient, operation_id: str, body: Any = None, **where: int) -> Any:
        path, method, operation = calls[operation_id]
        answer = client.generic(method, path.format(**where), json.dumps(body), content_type="application/json")
        content = operation["responses"][str(answer.status_code)]["content"][answer.headers["Content-Type"]]
        assert wrong(answer.json(), content["schema"], schema) == []
        return answer.json()

    calls = {
        operation["operationId"]: (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    who = doing.somebody_who_pays_cash()
    client, session = doing.speaking_as(who), factories.session()
    account = examples.ACCOUNT | {"id_number": factories.id_number()}
    assert asked(APIClient(), "accounts_create", account)["username"] == account["username"]
    pair = asked(APIClient(), "token_create", {name: account[name] for name in ("username", "password")})
    assert asked(APIClient(), "token_refresh_create", {"refresh": pair["refresh"]})["access"]
    assert asked(client, "sessions_list")[0]["id"] == session.pk
    card = {"type": "02", "number": who.id_number}
    booked = asked(client, "appointments_create", {"session": session.pk, "insurance_card": card})
    assert asked(client, "appointments_create", {"session": session.pk, "insurance_card": card})["status"] == 409
    filing.file_batch(10)
    delivery.send_due()
    assert asked(client, "notices_list")[0]["kind"] == "filed"
    trial = asked(client, "appointments_trials_create", {}, id=booked["id"])
    assert asked(client, "line_retrieve")["waiting"] == 1
    assert turns.take_one()
    assert asked(client, "trials_retrieve", id=trial["id"])["state"] == "priced"
    opened = asked(client, "trials_settlements_create", {"mode": "insurance"}, id=trial["id"])
    assert steps.settle_one()
    collecting.collect_due()
    assert asked(client, "settlements_retrieve", id=opened["id"])["payment"]["url"]
    assert asked(client, "appointments_retrieve", id=booked["id"])["settlements"][0]["state"] == "paying"
    assert asked(client, "appointments_list")[0]["id"] == booked["id"]


def test_the_page_loads_everything_from_here_and_nothing_inline(client: Client) -> None:
    answer = client.get(f"{doing.API}/docs/")
    page = answer.content.decode()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|<script>|\son\w+=|\sstyle=", page)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 6 and all(address.startswith("/") for address in loaded)
    assert [client.get(address).status_code for address in loaded] == [200] * 6
