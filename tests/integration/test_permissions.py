"""Who may do what at every address there is, as `docs/permissions.md` has it. A new address without a line fails.

Nothing is kept of what is tried: each request runs in a transaction of its own that is undone. Pages of the admin are
decided about and not written out: two thousand of them would take minutes.
"""

import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from config.urls import API
from hospital.appointments import following
from hospital.models import Erasure
from insurance.models import DayBook, Decision, Settlement
from tests import factories
from tests.integration import addresses, brought, everything
from tests.integration.brought import somebody
from tests.integration.pages import no_log
from tests.simulators import Simulator

pytestmark = pytest.mark.security

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
PATIENTS = ("nobody", "owner", "other")
ROLES = ("clerk", "supervisor", "registrar", "cashier", "finance", "operator", "auditor")
PEOPLE = (*PATIENTS, *ROLES)
ELSEWHERE = "203.0.113.9"

WORDS = {401: "sign in", 403: "no", 404: "nothing", 405: "–"}
"""Everything else is "yes": whoever is told that a field is missing may do it."""

USUAL = re.compile(r"admin/(hospital|insurance|auth)/\w+/(add/|<path:object_id>/(history/|delete/|change/)?)?")
"""Of the pages that Django makes for each model, what each role may do is told and tried by model: docs/roles.md."""

TOLD_THERE = "[by role](roles.md)"

DESK_FORMS = {
    "admin/hospital/erasure/find/": "who=nobody",
    "admin/hospital/erasure/<int:pk>/decide/": "decide=approve",
    "admin/insurance/casefile/<int:pk>/act/": "action=now&state=unknown&attempt=0",
    "admin/insurance/casefile/trial/<int:pk>/act/": "action=back&why=because",
    "admin/insurance/casefile/decision/<int:pk>/decide/": "decide=approve",
}

SIGN_IN = ("/sign-in/", "/admin/login/")
OPEN_TO_ALL = "yes"

Found = dict[str, dict[str, str]]


def written() -> Found:
    """Address → person → cell, of every table of the page."""
    found: Found = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            address, _methods, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[address.strip("`")] = dict(zip(PEOPLE, cells, strict=True))
    return found


class Somebody:
    """A client in somebody's name, with the session of the pages and the token of the API; from elsewhere."""

    def __init__(self, user: User | None) -> None:
        self.client = Client(REMOTE_ADDR=ELSEWHERE)
        self.token: dict[str, Any] = {}
        if user is not None:
            self.client.force_login(user)
            self.token = {"HTTP_AUTHORIZATION": f"Bearer {AccessToken.for_user(user)}"}
        self.cookies = self.client.cookies.output()

    def tries(self, method: str, path: str, body: str, kind: str) -> str:
        """What becomes of it, in a word. Nothing of it stays."""
        self.client.cookies = SimpleCookie(self.cookies.replace("Set-Cookie: ", ""))
        key = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex}
        with transaction.atomic():
            answer = self.client.generic(method, path, body, content_type=kind, **self.token, **key)
            transaction.set_rollback(True)
        if answer.status_code == 302 and answer["Location"].startswith(SIGN_IN):
            return WORDS[401]
        return WORDS.get(answer.status_code, OPEN_TO_ALL)


def things(own: Settlement) -> dict[str, Any]:
    """What stands in for an id: the owner's things, and of the desk's whatever there is."""
    refund = brought.refund_due(brought.paid())
    frozen = brought.frozen()
    return {
        "sessions/": own.appointment.session_id,
        "appointments/": own.appointment_id,
        "follow/": following.start(own.appointment),
        f"{API}appointments/": own.appointment_id,
        f"{API}trials/": own.trial_id,
        f"{API}settlements/": own.pk,
        "admin/hospital/archive/": own.appointment.archive.pk,
        "admin/hospital/erasure/": Erasure.objects.latest("pk").pk,
        "admin/hospital/erasure/patient/": own.appointment.patient_id,
        "admin/insurance/daybook/": DayBook.objects.latest("pk").pk,
        "admin/insurance/casefile/": own.pk,
        "admin/insurance/casefile/trial/": frozen.pk,
        "admin/insurance/casefile/refund/": refund.pk,
        "admin/insurance/casefile/decision/": Decision.objects.latest("pk").pk,
    }


def body(method: str, address: str, own: Settlement) -> tuple[str, str]:
    """What the owner would send, and its kind."""
    if not address.startswith(API):
        return DESK_FORMS.get(address, ""), "application/x-www-form-urlencoded"
    fee = '{"med_list_codg": "1", "medins_list_codg": "H1", "name": "x", "quantity": "1", "unit_price": "1"}'
    bodies = {
        "PUT appointments/<int:pk>/charges/": f'{{"charges": [{fee}]}}',
        "POST trials/<int:pk>/settlements/": '{"mode": "insurance"}',
    }
    return bodies.get(f"{method} {address.removeprefix(API)}", "{}"), "application/json"


@pytest.fixture
def own(insurer: Simulator, payments: Simulator, own_counters: None, settings: LazySettings) -> Settlement:
    for limit in ("PER_ADDRESS", "SIGNED_IN_PER_ADDRESS", "PER_USER", "PER_USERNAME"):
        setattr(settings, f"RATE_LIMIT_{limit}", "1000000/m")
    return everything.one_of_each()


@pytest.fixture
def found(own: Settlement, monkeypatch: pytest.MonkeyPatch) -> Found:
    """What everybody may do, everywhere."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    with no_log():
        return everywhere(own)


def everywhere(own: Settlement) -> Found:
    users: dict[str, User | None] = {"nobody": None, "owner": own.appointment.patient.user}
    users |= {"other": factories.patient().user} | {role: somebody(role) for role in ROLES}
    people = {name: Somebody(user) for name, user in users.items()}
    ids = things(own)
    return {
        address: {
            name: _cell(
                [who.tries(method, path, *body(method, address, own)) for method in addresses.methods(address, pattern)]
            )
            for name, who in people.items()
            if name in asked(address)
        }
        | dict.fromkeys(set(PEOPLE) - set(asked(address)), TOLD_THERE)
        for address, pattern in addresses.every().items()
        for path in (addresses.filled(address, ids),)
    }


def asked(address: str) -> tuple[str, ...]:
    """Who tries this address here."""
    return PATIENTS if USUAL.fullmatch(address) else PEOPLE


def _cell(words: list[str]) -> str:
    return words[0] if len(set(words)) == 1 else ", ".join(words)


def test_everybody_may_do_what_the_page_says_and_nothing_else(found: Found) -> None:
    told = written()
    assert set(found) == set(told), "an address without a line, or a line without an address"
    differ = [f"{address}: {cells}" for address, cells in found.items() if cells != told[address]]
    assert differ == []


def test_the_page_says_the_methods() -> None:
    said = dict(re.findall(r"^\| `([^`]*)` \| ([A-Z ]+) \|", PAGE.read_text(), re.MULTILINE))
    assert said == {one: " ".join(addresses.methods(one, pattern)) for one, pattern in addresses.every().items()}


def test_what_is_anothers_is_not_there() -> None:
    """Whatever the page says: another patient gets nothing at an address with an id of the owner's."""
    for address, cells in written().items():
        if "<int:pk>" in address and not address.startswith(("admin/", "sessions/")):
            assert cells["other"].split(", ")[0] in ("nothing", "no", "–"), address
            assert "yes" not in cells["other"], address


def test_patients_have_no_way_into_the_admin() -> None:
    for address, cells in written().items():
        if address.startswith("admin/") and address not in ("admin/login/", "admin/logout/"):
            assert {cells[name] for name in PATIENTS} <= {"sign in", "–, sign in", "sign in, –"}, address
