"""Staff's view: everything can be looked at, no state can be written, n can be changed."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hospital.models import (
    Appointment,
    Archive,
    Change,
    Doctor,
    Erasure,
    Journal,
    Notice,
    PriceList,
    Session,
)
from hospital.privacy import masked
from insurance.models import (
    CaseFile,
    ClockStep,
    DayBook,
    Decision,
    Difference,
    InterfaceCall,
    LimitChange,
    LineDay,
    PaymentOrder,
    Permit,
    ProofDay,
    Quota,
    Settlement,
    Trial,
    Visit,
)
from insurance.quota import permits
from insurance.quota.lanes import Lane
from tests import factories
from tests.integration import everything
from tests.simulators import Simulator

REGISTERED = [model for model in admin.site._registry if model._meta.app_label in ("hospital", "insurance")]
WITH_A_STATE = (
    Appointment,
    Archive,
    Erasure,
    Notice,
    Trial,
    Settlement,
    PaymentOrder,
    Permit,
    ProofDay,
    Visit,
    InterfaceCall,
    Journal,
    Change,
    LimitChange,
    LineDay,
    ClockStep,
    DayBook,
    Difference,
    CaseFile,
    Decision,
)


def address(model: type[Model], page: str, *pk: int) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=pk)


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def one_of_each(insurer: Simulator, payments: Simulator) -> Settlement:
    return everything.one_of_each()


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def n(value: object, why: str = "because") -> dict[str, str]:
    """What the form of a quota sends."""
    return {"per_minute": str(value), "least": "1", "adapts": "on", "why": why}


def test_every_list_and_page_can_be_opened(desk: Client, one_of_each: Settlement) -> None:
    assert len(REGISTERED) >= 20
    for model in REGISTERED:
        assert desk.get(address(model, "changelist")).status_code == 200, model
        row = model._default_manager.first()
        assert row is not None, model
        assert desk.get(address(model, "change", row.pk)).status_code == 200, model


def test_lists_can_be_searched_and_filtered(desk: Client, one_of_each: Settlement) -> None:
    for model in REGISTERED:
        if admin.site._registry[model].search_fields:
            assert desk.get(address(model, "changelist"), {"q": "1"}).status_code == 200, model


@pytest.mark.parametrize("model", WITH_A_STATE)
def test_no_state_can_be_written(desk: Client, one_of_each: Settlement, model: type[Any]) -> None:
    row = model._default_manager.first()
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert desk.post(address(model, "change", row.pk), {"state": "cancelled"}).status_code == 403
    assert desk.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert desk.get(address(model, "add")).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_no_number_is_shown_whole(desk: Client, one_of_each: Settlement) -> None:
    number = one_of_each.appointment.patient.id_number
    archive = one_of_each.appointment.archive
    assert masked(number) in desk.get(address(Archive, "change", archive.pk)).content.decode()
    for model in REGISTERED:
        row = model._default_manager.first()
        assert row is not None
        for page in (desk.get(address(model, "changelist")), desk.get(address(model, "change", row.pk))):
            assert number not in page.content.decode(), model


def test_changing_n_makes_and_retires_permits(desk: Client) -> None:
    for wanted in (7, 3, 0, 12):
        answer = desk.post(address(Quota, "change", quota().pk), n(wanted))
        assert answer.status_code == 302
        assert quota().per_minute == Permit.objects.filter(quota=quota(), retired=False).count() == wanted


@pytest.mark.parametrize("wrong", ["200", "1000", "-1", "many"])
def test_n_that_cannot_be_is_refused_in_the_form(desk: Client, wrong: str) -> None:
    answer = desk.post(address(Quota, "change", quota().pk), n(wrong))
    assert answer.status_code == 200 and list(answer.context["adminform"].form.errors) == ["per_minute"]
    assert (quota().per_minute, Permit.objects.filter(quota=quota()).count()) == (100, 100)


def test_quotas_are_neither_made_nor_taken_away(desk: Client) -> None:
    assert desk.get(address(Quota, "add")).status_code == 403
    assert desk.post(address(Quota, "delete", quota().pk), {"post": "yes"}).status_code == 403


def test_a_session_is_planned_with_all_its_seats_free(desk: Client) -> None:
    factories.session()
    starts = timezone.localtime()
    fields = {
        "doctor": Doctor.objects.get().pk,
        "price_list": PriceList.objects.get().pk,
        "starts_at_0": f"{starts:%Y-%m-%d}",
        "starts_at_1": "00:00:00",
        "ends_at_0": f"{starts:%Y-%m-%d}",
        "ends_at_1": "23:59:00",
        "capacity": "12",
    }
    assert desk.post(address(Session, "add"), fields).status_code == 302
    session = Session.objects.latest("pk")
    assert (session.capacity, session.free) == (12, 12)
    factories.booked(session)
    desk.post(address(Session, "change", session.pk), fields | {"capacity": "99", "free": "99"})
    session.refresh_from_db()
    assert (session.capacity, session.free) == (12, 11)


def test_who_is_not_staff_sees_nothing(client: Client) -> None:
    client.force_login(factories.patient().user)
    for model in REGISTERED:
        assert client.get(address(model, "changelist")).status_code == 302
