"""What browsers are told, on real answers of every address: policy, frames, sniffing, referrer, cookies."""

import os
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory

from config import errors, headers
from config.door import app
from config.environment import Environment
from config.openapi import page as docs
from config.urls import API
from insurance.quota import paper
from insurance.quota.proof_admin import ON_ITS_OWN
from tests import factories
from tests.integration import addresses, pages

pytestmark = [pytest.mark.security, pytest.mark.usefixtures("own_counters")]

ROOT = Path(__file__).parents[2]
ONLY_IN_THE_ADMIN = ("'unsafe-eval'", "'unsafe-inline'")
LOOKED_AT_BY_PROGRAMS = ("healthz", "readyz", "metrics")
NEVER = ("*", "http:", "https:", "script-src 'unsafe-inline'")


def policy(answer: Any) -> dict[str, str]:
    """Directive → its sources."""
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _space, sources in parts}


def checked(answer: Any, address: str) -> None:
    for name, value in headers.always().items():
        if name != "Referrer-Policy":
            assert answer.headers[name] == value, (address, name)
    assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address
    allowed = policy(answer)
    assert (allowed["default-src"], allowed["frame-ancestors"], allowed["base-uri"]) == ("'none'",) * 3, address
    assert "form-action" in allowed, address
    said = answer.headers["Content-Security-Policy"]
    for word in (*NEVER, *(() if address.startswith("admin/") else ONLY_IN_THE_ADMIN)):
        assert word not in said, (address, word)


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password="x")


def test_every_address_says_what_browsers_may_do(root: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """As nobody and as somebody who may look at everything; pages of the admin are not written out."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    nobody, somebody = Client(), Client()
    somebody.force_login(root)
    with pages.no_log():
        for address in addresses.every():
            path = addresses.filled(address, {})
            for client in (nobody, somebody):
                checked(client.get(path), address)


@pytest.mark.parametrize("path", ["/static/pages/pages.js", "/nowhere", "/api/v1/nowhere", "/admin/nowhere"])
def test_so_does_what_is_no_address_of_ours(path: str) -> None:
    checked(Client().get(path), path.removeprefix("/"))


def test_so_does_a_stranger_to_our_names() -> None:
    answer = Client().get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    checked(answer, "")


def test_so_does_the_door_when_it_is_busy() -> None:
    told: list[Any] = []
    environ = {**RequestFactory().get("/").environ}
    app.refused(environ, lambda *said: told.extend(said), errors.busy(1))
    assert dict(told[1]).items() >= {**headers.always(), "Content-Security-Policy": headers.NOTHING}.items()


def test_nothing_is_written_into_the_pages() -> None:
    patient = factories.patient()
    seat = factories.booked(who=patient)
    client = Client()
    shown = [
        client.get(path) for path in ("/", "/sign-in/", "/sign-up/", "/sessions/", "/admin/login/", f"/{API}docs/")
    ]
    client.force_login(patient.user)
    shown += [client.get(path) for path in ("/", f"/appointments/{seat.pk}/", f"/sessions/{seat.session_id}/")]
    for answer in shown:
        assert answer.status_code == 200
        assert pages.written_into(answer.content.decode()) == []


def test_what_is_written_into_a_page_is_found() -> None:
    """Negative control."""
    page = '<script>1</script><style>a</style><a href="/" onclick="f()">x</a><script type="application/json">1</script>'
    assert len(pages.written_into(page)) == 3
    assert pages.written_into('<p>the button "on"</p><script src="/a.js"></script>') == []


def test_the_statement_is_known_by_the_digest_of_its_style() -> None:
    """RFC: CSP3, 6.7.2. As `printf a | openssl dgst -sha256 -binary | base64` has it."""
    digest = paper.digest_of_style("<html><style>a</style></html>")
    assert digest == "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="
    assert "unsafe" not in ON_ITS_OWN and "frame-ancestors 'none'" in ON_ITS_OWN


def test_the_documentation_has_a_policy_of_its_own() -> None:
    assert policy(Client().get(f"/{API}docs/"))["script-src"] == "'self'"
    assert "unsafe" not in docs.ONLY_OUR_OWN


def production(monkeypatch: pytest.MonkeyPatch, public_url: str) -> dict[str, Any]:
    """The settings as a hospital has them."""
    secrets = dict.fromkeys(("SECRET_KEY", "PII_KEY", "PAYMENT_SECRET"), "x" * 40)
    monkeypatch.setattr(Environment, "ENVIRON", {**os.environ, **secrets, "DEBUG": "0", "PUBLIC_URL": public_url})
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_behind_tls_cookies_and_transport_are_secure(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    made = production(monkeypatch, "https://hospital.example")
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert made[f"{cookie}_COOKIE_SECURE"] is True
    settings.SECURE_HSTS_SECONDS = made["SECURE_HSTS_SECONDS"]
    assert Client().get("/healthz").headers["Strict-Transport-Security"] == "max-age=31536000"
    assert production(monkeypatch, "http://127.0.0.1:8000")["SECURE_HSTS_SECONDS"] == 0


def test_no_script_reads_a_cookie_and_none_is_sent_from_elsewhere() -> None:
    client = Client()
    account = {"username": "wangxm", "password": "a-quiet-meadow-7", "name": "王小明", "phone": "13800000000"}
    client.post("/sign-up/", {**account, "id_number": factories.id_number()})
    client.post("/language/", {"language": "en"})
    client.get("/sign-in/")
    assert {"sessionid", "csrftoken", "django_language"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", ""), cookie.key


def test_whatever_is_sent_to_a_page_needs_its_token(root: User) -> None:
    """Every address with a session: pages and admin. The API has no session: its token is sent by a program."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    sent_to = [
        one for one in addresses.every() if not one.startswith(API) and one not in ("healthz", "readyz", "metrics")
    ]
    with pages.no_log():
        answers = {address: client.post(addresses.filled(address, {})) for address in sent_to}
    assert len(answers) > 200
    only_looked_at = {address for address, answer in answers.items() if answer.status_code in (404, 405)}
    assert {answers[address].status_code for address in set(answers) - only_looked_at} == {403}


def test_the_session_of_the_pages_opens_nothing_in_the_api() -> None:
    client = Client()
    client.force_login(factories.patient().user)
    assert client.get(f"/{API}appointments/").status_code == 401


def test_a_session_of_the_staff_ends_with_the_working_day(settings: LazySettings) -> None:
    User.objects.create_superuser("chief", password="a-quiet-meadow-7")
    client = Client()
    client.post("/admin/login/", {"username": "chief", "password": "a-quiet-meadow-7"})
    assert client.session.get_expiry_age() == settings.STAFF_SESSION_SECONDS
