"""With several insurers, staff look at what is one's alone; with one there is nothing to choose."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from insurance.models import InterfaceCall, Settlement, Trial
from insurance.quota import insurers
from insurance.trial import line
from tests.integration import brought, elsewhere
from tests.integration.desk import page


@pytest.fixture
def two(settings: LazySettings) -> None:
    settings.INSURERS = elsewhere.agreed("http://127.0.0.1:9")
    insurers.everyone()


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def settlement(insurer: str) -> Model:
    made = brought.waiting()
    Settlement.objects.filter(pk=made.pk).update(insurer=insurer)
    return made


def trial(insurer: str) -> Model:
    made = brought.waiting().trial
    Trial.objects.filter(pk=made.pk).update(line=line.line_of(insurers.named(insurer)))
    return made


def call(insurer: str) -> Model:
    return InterfaceCall.objects.create(msgid=insurer, infno="1101", lane="trial", purpose="x", insurer=insurer)


def names_on(desk: Client, query: str = "") -> str:
    return page(desk, reverse("admin:insurance_casefile_changelist") + query)


@pytest.mark.usefixtures("two")
def test_the_desk_shows_the_cases_of_one_insurer(desk: Client) -> None:
    here, there, frozen = brought.unknown(), brought.unknown(), brought.frozen()
    refused = brought.refused_refund(brought.refunding())
    Settlement.objects.filter(pk__in=[there.pk, refused.order.settlement.pk]).update(insurer=elsewhere.NAME)
    Trial.objects.filter(pk=frozen.pk).update(line=line.line_of(elsewhere.row()))
    of_all, of_one = names_on(desk), names_on(desk, f"?insurer={elsewhere.NAME}")
    told = (there.number, refused.refund_no, f"/trial/{frozen.pk}/")
    assert all(each in of_all for each in (here.number, *told))
    assert all(each in of_one for each in told) and here.number not in of_one
    of_the_other = names_on(desk, "?insurer=default&choice=unknown")
    assert here.number in of_the_other and there.number not in of_the_other
    assert "?insurer=default&amp;choice=person" in of_the_other, "the choices keep it"
    assert here.number in names_on(desk, "?insurer=nobody"), "who is not known is not asked for"


@pytest.mark.usefixtures("two")
def test_all_of_one_insurers_cases_go_on(desk: Client) -> None:
    here, there = brought.unknown(), brought.unknown()
    Settlement.objects.filter(pk=there.pk).update(insurer=elsewhere.NAME)
    later = timezone.now() + timedelta(hours=1)
    Settlement.objects.update(due_at=later)
    said = {"all": "unknown", "insurer": elsewhere.NAME, "why": "it is back"}
    desk.post(reverse("admin:insurance_casefile_changelist"), said)
    assert set(Settlement.objects.filter(due_at=later)) == {here}


def test_with_one_insurer_the_desk_has_no_choice(desk: Client) -> None:
    brought.unknown()
    assert "insurer=" not in names_on(desk)


KINDS = [(settlement, "insurer"), (trial, "line__insurer__id__exact"), (call, "insurer")]


def listed(desk: Client, model: type[Model], **chosen: object) -> list[int]:
    answer = desk.get(reverse(f"admin:insurance_{model._meta.model_name}_changelist"), chosen)
    assert answer.status_code == 200
    return sorted(row.pk for row in answer.context["cl"].result_list)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("made", "parameter"), KINDS)
def test_a_list_is_filtered_by_insurer(desk: Client, made: Callable[[str], Model], parameter: str) -> None:
    here, there = made("default"), made(elsewhere.NAME)
    chosen = elsewhere.row().pk if "id" in parameter else elsewhere.NAME
    assert listed(desk, type(here)) == [here.pk, there.pk]
    assert listed(desk, type(here), **{parameter: chosen}) == [there.pk]
    where = reverse(f"admin:insurance_{type(here)._meta.model_name}_changelist")
    assert f"?{parameter}={chosen}" in desk.get(where).content.decode(), "and there is something to click on"


@pytest.mark.parametrize(("made", "parameter"), KINDS)
def test_one_insurer_is_no_choice(desk: Client, made: Callable[[str], Model], parameter: str) -> None:
    row = made("default")
    where = reverse(f"admin:insurance_{type(row)._meta.model_name}_changelist")
    assert f"?{parameter}=" not in desk.get(where).content.decode()
