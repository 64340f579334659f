"""The FHIR face: what is no FHIR is told so and not counted; what is asked for by GET is a file and nothing else."""

from collections.abc import Iterator

import httpx
import pytest

from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.simulator.running import running

FHIR = {"content-type": "application/fhir+json", "x-request-id": "M1"}


@pytest.fixture(scope="module")
def centre() -> Iterator[httpx.Client]:
    with running(Insurer(Settings(dialect="fhir"))) as url, httpx.Client(base_url=url, verify=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Claim/$submit", "{"),
        ("/Claim/$submit", '{"resourceType": "Claim"}'),
        ("/Claim/$submit", '{"resourceType": "Claim", "status": "entered-in-error", "use": "claim"}'),
        ("/fhir", '{"resourceType": "Bundle", "entry": []}'),
        ("/Patient", '{"resourceType": "Patient"}'),
        ("/Encounter/_search", "subject=1"),
        ("/", '{"infno": "1101", "msgid": "M1", "input": {}}'),
    ],
)
def test_what_is_no_fhir_is_told_so(centre: httpx.Client, path: str, body: str) -> None:
    answer = centre.post(path, content=body, headers=FHIR)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/fhir+json; charset=utf-8")
    assert answer.json()["issue"][0]["code"] == "structure"
    assert centre.get("/_stats").json()["calls"] == {}


def test_a_file_is_created_and_fetched_as_it_is(centre: httpx.Client) -> None:
    content = b"PK" + bytes(range(256))
    created = centre.post("/fhir/Binary", content=content, headers={**FHIR, "content-type": "application/zip"})
    assert created.status_code == 201
    fetched = centre.get(f"/fhir{created.headers['location']}", headers=FHIR)
    assert (fetched.status_code, fetched.content) == (200, content)
    nowhere = centre.get("/fhir/Binary/none", headers=FHIR)
    assert (nowhere.status_code, nowhere.json()["resourceType"]) == (422, "OperationOutcome")
    centre.post("/_reset")


def test_a_rate_refusal_says_when_to_come_back(centre: httpx.Client) -> None:
    centre.post("/_faults", json={"rules": [{"infno": "9102", "kind": "throttle"}]})
    answer = centre.get("/Binary/none", headers=FHIR)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["issue"][0]["code"] == "throttled"
    centre.post("/_reset")
