"""Charges and notices over HTTP."""

from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from hospital.archives import filing
from hospital.models import Appointment, Notice
from hospital.notices import delivery
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields

pytestmark = pytest.mark.usefixtures("own_counters")
APPOINTMENTS, NOTICES = f"{doing.API}/appointments/", f"{doing.API}/notices/"
FEE = {"med_list_codg": "001", "medins_list_codg": "H1", "name": "item", "quantity": "2", "unit_price": "10.005"}


def put_charges(client: APIClient, appointment: Appointment, *lines: dict[str, Any]) -> Any:
    return client.put(f"{APPOINTMENTS}{appointment.pk}/charges/", {"charges": lines}, format="json")


def test_the_desk_replaces_the_charges() -> None:
    appointment = factories.booked()
    answer = put_charges(doing.speaking_as_staff(), appointment, FEE, FEE | {"unit_price": "1.000001"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"charges", "total_fen"}
    assert [line["amount_fen"] for line in answer.json()["charges"]] == [2001, 200]
    assert answer.json()["total_fen"] == 2201
    assert set(answer.json()["charges"][0]) == {*FEE, "amount_fen"}
    assert list(appointment.charges.order_by("pk").values_list("amount_fen", flat=True)) == [2001, 200]


def test_a_patient_may_not_set_the_charges() -> None:
    appointment = factories.booked()
    refused(put_charges(doing.speaking_as(appointment.patient), appointment, FEE), 403, "permission_denied")
    assert appointment.charges.count() == 2


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [FEE] * 61,
        [FEE | {"quantity": "0"}],
        [FEE | {"quantity": "-1"}],
        [FEE | {"quantity": "NaN"}],
        [FEE | {"unit_price": "1.0000001"}],
        [FEE | {"unit_price": "-0.01"}],
        [FEE | {"discount": "1"}],
        ["item"],
        [FEE | {"quantity": "999999999999", "unit_price": "9999999999.999999"}],
    ],
)
def test_wrong_charges_are_refused(lines: list[Any]) -> None:
    appointment = factories.booked()
    answer = put_charges(doing.speaking_as_staff(), appointment, *lines)
    assert answer.status_code == 422, answer.content
    assert appointment.charges.count() == 2


def test_charges_of_what_is_over_stand() -> None:
    appointment = factories.booked()
    doing.speaking_as_staff().delete(f"{APPOINTMENTS}{appointment.pk}/")
    refused(put_charges(doing.speaking_as_staff(), appointment, FEE), 409, "appointment_over")


def test_the_inbox_is_read_on_from_the_last_notice() -> None:
    who = factories.patient()
    for _ in range(3):
        factories.booked(who=who)
    factories.booked()
    filing.file_batch(10)
    client = doing.speaking_as(who)
    assert client.get(NOTICES).json() == [], "written is not delivered"
    delivery.send_due()
    notices = client.get(NOTICES).json()
    assert set(notices[0]) == {"id", "kind", "appointment", "title", "text", "sent_at"}
    assert [one["id"] for one in notices] == sorted(one["id"] for one in notices) and len(notices) == 3
    assert client.get(NOTICES, {"after": notices[0]["id"]}).json() == notices[1:]
    assert client.get(NOTICES, {"after": notices[2]["id"]}).json() == []
    assert wrong_fields(client.get(NOTICES, {"after": "yesterday"})) == {("after", "invalid")}
    assert wrong_fields(client.get(NOTICES, {"before": "1"})) == {("before", "unknown_field")}


def test_a_notice_is_read_in_the_readers_language() -> None:
    who = factories.told()[0].patient
    titles = {
        language: doing.speaking_as(who).get(NOTICES, headers={"Accept-Language": language}).json()[0]["title"]
        for language in ("zh-hans", "en")
    }
    assert titles["en"] == "Your record is filed"
    assert titles["zh-hans"] != titles["en"] and not titles["zh-hans"].isascii()


def test_what_was_only_sent_to_the_app_is_not_shown_twice(settings: LazySettings) -> None:
    settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET = "http://127.0.0.1:9/", "x" * 40
    who = factories.told()[0].patient
    assert Notice.objects.count() == 2
    assert len(doing.speaking_as(who).get(NOTICES).json()) == 1
