"""What each role may do, as `docs/roles.md` has it in its tables: page by page, and action by action."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from hospital.erasure import decisions as erasing
from hospital.models import Archive, Erasure, Patient
from insurance.desk import decisions
from insurance.desk.actions import Action
from insurance.models import DayBook, Decision, Settlement
from tests import factories
from tests.integration import brought
from tests.integration.brought import seen, somebody

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
ROLES = tuple(settings.STAFF_ROLES)
MODELS = {
    model._meta.label_lower: model
    for model in admin.site._registry
    if model._meta.app_label in ("hospital", "insurance", "auth")
}


def table(heading: str) -> dict[str, dict[str, str]]:
    """Row → role → cell, of the first table under this heading."""
    lines = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head, _rule, *body = rows
    return {row[0].strip("`"): dict(zip(head[1:], row[1:], strict=True)) for row in body}


PAGES, ACTIONS = table("Pages"), table("Actions")


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def person(role: str) -> User:
    return somebody(role)


@pytest.fixture
def client_of_role(person: User, client: Client) -> Client:
    client.force_login(person)
    return client


def test_the_tables_have_every_page_and_every_role() -> None:
    assert set(PAGES) == set(MODELS)
    for row in (*PAGES.values(), *ACTIONS.values()):
        assert tuple(row) == ROLES


def allowed(person: User, client: Client, model: type[Model]) -> str:
    """As a cell has it, by opening the pages and asking the admin."""
    request = RequestFactory().get("/")
    request.user = person
    its_admin = admin.site._registry[model]
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    may = {
        "look": client.get(reverse(f"{name}_changelist")).status_code == 200,
        "add": client.get(reverse(f"{name}_add")).status_code == 200,
        "change": its_admin.has_change_permission(request),
        "delete": its_admin.has_delete_permission(request),
    }
    return ", ".join(what for what, yes in may.items() if yes) or "–"


def test_a_role_opens_what_the_table_says(role: str, person: User, client_of_role: Client) -> None:
    found = {name: allowed(person, client_of_role, model) for name, model in MODELS.items()}
    assert found == {name: row[role] for name, row in PAGES.items()}


def test_the_lists_offer_the_actions_of_the_table(role: str, person: User) -> None:
    request = RequestFactory().get("/")
    request.user = person
    offered = {
        f"{label}: {name}"
        for label, model in MODELS.items()
        for name in admin.site._registry[model].get_actions(request)
        if name != "delete_selected" and admin.site._registry[model].has_view_permission(request)
    }
    written = {name for name, row in ACTIONS.items() if re.match(r"[a-z]+\.[a-z]+: ", name) and row[role] == "yes"}
    assert offered == written


def not_forbidden(client: Client, name: str, *pk: int, **fields: object) -> bool:
    """The button of a page; what is missing in the form is told, what is not allowed is forbidden."""
    return client.post(reverse(f"admin:{name}", args=pk), fields).status_code != 403


def opens(client: Client, name: str) -> bool:
    return client.get(reverse(f"admin:{name}")).status_code == 200


def proposes(client: Client, settlement: Settlement) -> bool:
    said = {"action": Action.UNDO.value, "state": settlement.state, "attempt": settlement.attempt, "why": "because"}
    client.post(reverse("admin:insurance_casefile_act", args=[settlement.pk]), said)
    return Decision.objects.exists()


def approves(client: Client, settlement: Settlement) -> bool:
    asked = decisions.propose(seen(settlement), Action.UNDO, who=somebody("clerk"), why="because")
    client.post(reverse("admin:insurance_casefile_decide", args=[asked.pk]), {"decide": "approve"})
    return Decision.objects.get(pk=asked.pk).decided_by is not None


def proposes_erasure(client: Client) -> bool:
    client.post(reverse("admin:hospital_erasure_propose", args=[factories.patient().pk]), {"why": "because"})
    return Erasure.objects.exists()


def erases(client: Client) -> bool:
    asked = erasing.propose(factories.patient(), who=somebody("registrar"), why="because")
    client.post(reverse("admin:hospital_erasure_decide", args=[asked.pk]), {"decide": "approve"})
    return not Patient.objects.get().id_number


def book() -> int:
    return DayBook.objects.create(day=timezone.localdate()).pk


def archive() -> int:
    return brought.waiting().appointment.archive.pk


def now(client: Client) -> bool:
    """Something that one person may do: the next attempt is due now."""
    settlement = brought.unknown()
    said: dict[str, Any] = {"action": Action.NOW.value, "state": settlement.state, "attempt": settlement.attempt}
    return not_forbidden(client, "insurance_casefile_act", settlement.pk, **said)


TRIED: dict[str, Callable[[Client], bool]] = {
    "see a patient's numbers whole": lambda one: not_forbidden(one, "hospital_archive_reveal", archive(), why="x"),
    "make sessions from weekly plans": lambda one: opens(one, "hospital_weeklyplan_make"),
    "bring in sessions as a sheet": lambda one: opens(one, "hospital_session_import"),
    "take out sessions as a sheet": lambda one: opens(one, "hospital_session_export"),
    "let a case go on now": now,
    "propose what moves money": lambda one: proposes(one, brought.manual_from_confirming()),
    "approve what another proposes": lambda one: approves(one, brought.manual_from_confirming()),
    "propose that a patient is erased": proposes_erasure,
    "approve that a patient is erased": erases,
    "compare a day": lambda one: not_forbidden(one, "insurance_daybook_reconcile", book(), why=""),
    "close a day": lambda one: not_forbidden(one, "insurance_daybook_close", book(), why=""),
}


@pytest.mark.parametrize("action", TRIED)
def test_a_role_does_what_the_table_says(role: str, client_of_role: Client, action: str) -> None:
    assert TRIED[action](client_of_role) is (ACTIONS[action][role] == "yes")


def test_every_action_of_the_table_is_tried() -> None:
    assert {name for name in ACTIONS if not re.match(r"[a-z]+\.[a-z]+: ", name)} == set(TRIED)


def test_who_sees_a_whole_number_is_never_the_auditor() -> None:
    assert "hospital.reveal_archive" not in settings.STAFF_ROLES["auditor"]
    assert Archive._meta.permissions == [("reveal_archive", "Can see personal data whole, with a reason")]
