"""Browsers elsewhere: who may ask, what they may send and read."""

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.integration import doing

APP, LINE = "https://app.hospital.example", f"{doing.API}/line/"


@pytest.fixture(autouse=True)
def _app(settings: LazySettings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]


def preflight(client: Client, origin: str, path: str = f"{doing.API}/appointments/") -> dict[str, str]:
    """What the browser is told before it asks, header by header."""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, idempotency-key"}
    answer = client.options(path, headers={"Origin": origin, **asks})
    return {name.lower(): value for name, value in answer.items() if name.lower().startswith("access-control")}


def test_the_app_is_let_in_with_what_it_needs(client: Client) -> None:
    told = preflight(client, APP)
    assert told["access-control-allow-origin"] == APP
    assert {"authorization", "content-type", "idempotency-key", "if-none-match"} <= set(
        told["access-control-allow-headers"].split(", ")
    )
    assert {"GET", "POST", "PUT", "DELETE"} <= set(told["access-control-allow-methods"].split(", "))
    assert "access-control-allow-credentials" not in told


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://app.hospital.example", f"{APP}.evil", "null"])
def test_others_are_not(client: Client, origin: str) -> None:
    assert preflight(client, origin) == {}


@pytest.mark.parametrize("path", ["/", "/admin/", "/metrics", "/healthz"])
def test_only_the_api_is_open(client: Client, path: str) -> None:
    assert preflight(client, APP, path) == {}


def test_what_a_client_steers_by_may_be_read(client: Client) -> None:
    answer = client.get(LINE, headers={"Origin": APP})
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"ETag", "Link", "Location", "Retry-After", "X-Request-ID"}
    unchanged = client.get(LINE, headers={"Origin": APP, "If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.headers["Access-Control-Allow-Origin"]) == (304, APP)


def test_by_default_nobody_is(client: Client, settings: LazySettings) -> None:
    settings.CORS_ALLOWED_ORIGINS = []
    assert preflight(client, APP) == {}
