"""What staff may do to the lines in the admin: shares of departments and urgent cases, each with a reason."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hospital.models import Department
from insurance.models import Line, Trial
from insurance.quota import insurers
from insurance.trial import admission, line
from tests import factories
from tests.integration.desk import act, address, at_the_desk, changes, errors, page, save


@pytest.fixture
def clerk(client: Client) -> Client:
    """At the desk, with Django's permissions for all of this."""
    return at_the_desk(client, ("add_line", "change_line", "view_trial", "change_trial"))


def department() -> Department:
    return Department.objects.create(code="0901", name="皮肤科")


def test_a_department_is_given_a_share_and_loses_it(clerk: Client) -> None:
    given = {"department": department().pk, "weight": 3, "why": "because"}
    assert clerk.post(address(Line, "add"), given).status_code == 302
    own = Line.objects.get(department__code="0901")
    assert own.weight == 3
    assert save(clerk, own, weight=0, why="because") == 302
    assert save(clerk, line.line_of(insurers.default()), weight=2, why="because") == 302
    assert changes() == [
        ("line of 0901", "weight", "0", "3"),
        ("line of 0901", "weight", "3", "0"),
        ("common line", "weight", "1", "2"),
    ]


@pytest.mark.parametrize(("weight", "why", "wrong"), [(101, "because", "weight"), (3, "", "why")])
def test_what_is_wrong_with_a_share_is_said_at_its_field(clerk: Client, weight: int, why: str, wrong: str) -> None:
    assert set(errors(clerk, address(Line, "add"), department=department().pk, weight=weight, why=why)) == {wrong}
    assert not Line.objects.filter(department__code="0901").exists()


def test_the_common_line_keeps_a_share_and_the_urgent_one_needs_none(clerk: Client) -> None:
    common = line.line_of(insurers.default())
    assert set(errors(clerk, address(Line, "change", common.pk), weight=0, why="because")) == {"weight"}
    assert save(clerk, line.line_of(insurers.default(), urgent=True), weight=9, why="because") == 403


def test_the_lines_say_who_waits_and_how_long(clerk: Client) -> None:
    for appointment in factories.told(3):
        admission.enter(appointment)
    Trial.objects.update(created_at=timezone.now() - timedelta(hours=3))
    listed = page(clerk, address(Line, "changelist")).split("result_list")[1]
    assert ">3<" in listed and "3\xa0hours" in listed


def test_an_urgent_case_goes_to_the_head_of_the_line(clerk: Client) -> None:
    first, second = (admission.enter(appointment) for appointment in factories.told(2))
    assert act(clerk, second, "expedite") == "Done: 1."
    assert line.ahead_of(Trial.objects.get(pk=second.pk), insurers.default()) == 0
    assert "already" in act(clerk, second, "expedite")
    assert "Say why" in act(clerk, first, "expedite", why="")
    assert changes() == [(f"trial {second.pk}", "urgent", "no", "yes")]
