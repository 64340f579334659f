"""What staff may do to the interface in the admin: each with a reason, who may, and what is kept of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hospital.models import Change, Department
from insurance.models import Insurer, LimitChange, Line, MaintenanceWindow, Quota, Trial
from insurance.quota import adapting, insurers, permits
from insurance.quota.lanes import Lane
from insurance.trial import admission, line
from tests import factories
from tests.integration.desk import act, address, at_the_desk, changes, errors, page, save

MAY = (
    "change_insurer",
    "add_maintenancewindow",
    "delete_maintenancewindow",
    "view_maintenancewindow",
    "change_quota",
    "view_limitchange",
)
LOOK = tuple(f"view_{name}" for name in ("insurer", "maintenancewindow", "quota", "line", "trial"))
HOUR = timedelta(hours=1)


@pytest.fixture
def clerk(client: Client) -> Client:
    """At the desk, with Django's permissions for all of this."""
    return at_the_desk(client, MAY)


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def window(**changed: Any) -> dict[str, object]:
    """What the form of a window sends."""
    starts, ends = (timezone.localtime() + HOUR * hours for hours in (1, 2))
    fields = {"insurer": insurers.default().pk, "why": "because"}
    fields |= {"starts_at_0": f"{starts:%Y-%m-%d}", "starts_at_1": f"{starts:%H:%M:%S}"}
    fields |= {"ends_at_0": f"{ends:%Y-%m-%d}", "ends_at_1": f"{ends:%H:%M:%S}"}
    return fields | changed


def test_the_interface_is_paused_and_resumed_from_the_list(clerk: Client) -> None:
    insurer = insurers.default()
    assert act(clerk, insurer, "pause") == "Done: 1."
    listed = page(clerk, address(Insurer, "changelist"))
    assert "paused by staff" in listed and "because" in listed
    assert "already" in act(clerk, insurer, "pause")
    assert act(clerk, insurer, "resume") == "Done: 1."
    assert "not paused" in act(clerk, insurer, "resume")
    assert changes() == [("insurer default", "paused", "no", "yes"), ("insurer default", "paused", "yes", "no")]


def test_what_was_chosen_is_asked_about_once_more(clerk: Client) -> None:
    insurer = insurers.default()
    chosen = {"action": "pause", "_selected_action": str(insurer.pk)}
    asked = clerk.post(address(Insurer, "changelist"), chosen).content.decode()
    for told in ("Pause", "<li>default</li>", "Yes, do it", f'name="_selected_action" value="{insurer.pk}"'):
        assert told in asked, told
    assert not Change.objects.exists()


def test_without_a_reason_nothing_is_done(clerk: Client) -> None:
    assert "Say why" in act(clerk, insurers.default(), "pause", why=" ")
    assert insurers.default().paused_at is None and changes() == []


def test_calls_in_flight_and_slow_answers_are_changed_on_the_page(clerk: Client) -> None:
    assert save(clerk, insurers.default(), at_once=4, slow_seconds=7, why="because") == 302
    assert changes() == [("insurer default", "at_once", "10", "4"), ("insurer default", "slow_seconds", "5", "7")]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"at_once": 0, "slow_seconds": 5, "why": "because"}, {"at_once"}),
        ({"at_once": 1001, "slow_seconds": 61, "why": "because"}, {"at_once", "slow_seconds"}),
        ({"at_once": 4, "slow_seconds": 5, "why": " "}, {"why"}),
    ],
)
def test_what_is_wrong_with_the_flow_is_said_at_its_field(clerk: Client, fields: Any, wrong: set[str]) -> None:
    assert set(errors(clerk, address(Insurer, "change", insurers.default().pk), **fields)) == wrong


def test_the_page_of_the_interface_says_how_it_stands(clerk: Client) -> None:
    insurer, now = insurers.default(), timezone.now()
    insurers.plan_window(insurer, now + HOUR, now + 2 * HOUR, who=None, why="nightly")
    Insurer.objects.update(circuit="open", circuit_failures=7, circuit_opened_at=now)
    seen = page(clerk, address(Insurer, "change", insurer.pk))
    for told in ("the insurance interface is down", "nightly", ">7<", ">nobody is let through<"):
        assert told in seen, told


def test_a_window_is_planned_and_dropped(clerk: Client) -> None:
    assert clerk.post(address(MaintenanceWindow, "add"), window()).status_code == 302
    planned = MaintenanceWindow.objects.get()
    assert "because" in page(clerk, address(MaintenanceWindow, "changelist"))
    page(clerk, address(MaintenanceWindow, "change", planned.pk))
    assert act(clerk, planned, "drop") == "Done: 1."
    assert not MaintenanceWindow.objects.exists()
    assert [field for _, field, _, _ in changes()] == ["maintenance window"] * 2


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"ends_at_0": "2020-01-01"}, {"ends_at"}),
        ({"starts_at_0": "2020-01-01", "ends_at_0": "2020-01-02"}, {"ends_at"}),
        ({"ends_at_0": "2040-01-01"}, {"ends_at"}),
        ({"starts_at_0": "yesterday"}, {"starts_at"}),
        ({"why": ""}, {"why"}),
        ({"why": "x" * 301}, {"why"}),
    ],
)
def test_a_window_that_cannot_be_is_refused_at_its_field(
    clerk: Client, changed: dict[str, str], wrong: set[str]
) -> None:
    assert set(errors(clerk, address(MaintenanceWindow, "add"), **window(**changed))) == wrong
    assert not MaintenanceWindow.objects.exists()


def test_a_window_is_never_rewritten(clerk: Client) -> None:
    clerk.post(address(MaintenanceWindow, "add"), window())
    planned = MaintenanceWindow.objects.get()
    assert save(clerk, planned, **window(why="another")) == 403
    assert clerk.post(address(MaintenanceWindow, "delete", planned.pk), {"post": "yes"}).status_code == 403


def test_n_and_its_bounds_are_changed_on_the_page(clerk: Client) -> None:
    before = LimitChange.objects.filter(quota=quota()).count()
    assert save(clerk, quota(), per_minute=80, least=20, evenly="on", why="because") == 302
    now = quota()
    assert (now.per_minute, now.in_force, now.least, now.adapts, now.evenly) == (80, 80, 20, False, True)
    assert changes() == [
        ("quota trial", "per_minute", "100", "80"),
        ("quota trial", "least", "10", "20"),
        ("quota trial", "adapts", "True", "False"),
        ("quota trial", "evenly", "False", "True"),
    ]
    assert LimitChange.objects.filter(quota=now).count() == before + 1


def test_saved_as_it_was_nothing_is_written_down(clerk: Client) -> None:
    adapting.fallen(quota().insurer_id)
    assert save(clerk, quota(), per_minute=100, least=10, adapts="on", why="because") == 302
    assert (quota().in_force, changes()) == (10, [])


@pytest.mark.parametrize(
    ("fields", "wrong", "told"),
    [
        ({"per_minute": 200}, "per_minute", "n must stay below m"),
        ({"least": 101}, "least", "between 0 and 100"),
        ({"per_minute": 10, "least": 11}, "least", "between 0 and 10"),
        ({"why": ""}, "why", "required"),
    ],
)
def test_what_is_wrong_with_n_is_said_at_its_field(
    clerk: Client, fields: dict[str, object], wrong: str, told: str
) -> None:
    asked: dict[str, object] = {"per_minute": 100, "least": 1, "adapts": "on", "why": "because"}
    found = errors(clerk, address(Quota, "change", quota().pk), **(asked | fields))
    assert list(found) == [wrong] and told in found[wrong][0]


def test_the_page_of_a_quota_says_what_is_in_force_and_what_was(clerk: Client) -> None:
    adapting.fallen(quota().insurer_id)
    seen = page(clerk, address(Quota, "change", quota().pk))
    assert "first limit" in seen and "the interface is down" in seen and ">10<" in seen
    assert "the interface is down" in page(clerk, address(LimitChange, "changelist"))


def test_who_may_only_look_can_do_nothing(client: Client) -> None:
    clerk, insurer = at_the_desk(client, LOOK), insurers.default()
    trial = admission.enter(factories.told()[0])
    planned = insurers.plan_window(insurer, timezone.now(), timezone.now() + HOUR, who=None, why="")
    Change.objects.all().delete()
    for row, action in ((insurer, "pause"), (insurer, "resume"), (planned, "drop"), (trial, "expedite")):
        act(clerk, row, action)
    for row in (insurer, quota(), line.line_of(insurer)):
        seen = page(clerk, address(type(row), "change", row.pk))
        assert 'name="why"' not in seen
        assert save(clerk, row, at_once=4, slow_seconds=4, per_minute=50, least=1, weight=5, why="because") == 403
    for model in (MaintenanceWindow, Line):
        assert clerk.post(address(model, "add"), window(department=department_id(), weight=3)).status_code == 403
    assert not Change.objects.exists() and insurers.default().paused_at is None


def department_id() -> int:
    return Department.objects.latest("pk").pk


def test_who_has_no_permission_sees_nothing(client: Client) -> None:
    clerk = at_the_desk(client, ())
    for model in (Insurer, MaintenanceWindow, Quota, Line, Trial, LimitChange):
        assert clerk.get(address(model, "changelist")).status_code == 403


def test_what_comes_in_between_is_told_and_not_done(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form was right when it was checked; the rule is asked once more when it is done."""
    monkeypatch.setattr(insurers, "check_at_once", in_between(monkeypatch))
    where = address(Insurer, "change", insurers.default().pk)
    answer = clerk.post(where, {"at_once": 1001, "slow_seconds": 5, "why": "because"}, follow=True)
    assert "between 1 and 1000" in " ".join(str(message) for message in answer.context["messages"])
    assert (insurers.default().at_once, changes()) == (10, [])


def in_between(monkeypatch: pytest.MonkeyPatch) -> Any:
    check = insurers.check_at_once

    def first(calls: int) -> None:
        monkeypatch.setattr(insurers, "check_at_once", check)

    return first
