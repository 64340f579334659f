"""A patient's whole story for staff: found by what stands on a paper, masked, seen whole only with a reason."""

import pytest
from django.test import Client
from django.urls import reverse

from hospital.models import Appointment, Archive, Change
from insurance.models import InterfaceCall, Settlement
from tests import factories
from tests.integration import brought, doing
from tests.integration.brought import somebody
from tests.integration.desk import page
from tests.simulators import Simulator

LIST = "/admin/hospital/appointment/"
ARCHIVES = "/admin/hospital/archive/"


@pytest.fixture
def clerk(client: Client) -> Client:
    client.force_login(somebody("clerk"))
    return client


@pytest.fixture
def registrar() -> Client:
    client = Client()
    client.force_login(somebody("registrar"))
    return client


@pytest.fixture
def settled(insurer: Simulator) -> Settlement:
    """With everything that the interface has said of it."""
    return doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")


def story_of(appointment: Appointment) -> str:
    return reverse("admin:hospital_appointment_change", args=[appointment.pk])


def found(client: Client, text: str, where: str = LIST) -> list[str]:
    """The ids of the rows that a search shows."""
    return [str(row.pk) for row in client.get(where, {"q": text}).context["cl"].result_list]


def test_a_patient_is_found_by_what_stands_on_a_paper(clerk: Client, settled: Settlement) -> None:
    other, appointment = factories.booked(), settled.appointment
    archive = appointment.archive
    call = InterfaceCall.objects.filter(purpose=f"trial {settled.trial_id}").first()
    assert call is not None and other.archive.card_number[-4:] != archive.card_number[-4:]
    papers = (archive.number, archive.card_number[-4:], settled.setl_id, settled.settle_msgid, call.msgid)
    for text in papers:
        assert text and found(clerk, text) == [str(appointment.pk)], text
    assert found(clerk, archive.card_number) == [], "a whole number is nothing to search by"
    assert found(clerk, "no such thing") == []
    for text in (archive.number, archive.card_number[-4:].lower()):
        assert found(clerk, text, ARCHIVES) == [str(archive.pk)]


def test_the_story_is_whole_and_nobody_is_named(clerk: Client, settled: Settlement) -> None:
    appointment = settled.appointment
    told = page(clerk, story_of(appointment))
    for word in (
        *(settled.number, settled.setl_id, settled.settle_msgid, str(appointment.archive.number)),
        *("Your record is filed", "waits in the line", "network is told", "2207A", "2206A", "medfee_sumamt"),
    ):
        assert word in told, word
    patient = appointment.patient
    for secret in (patient.name, patient.id_number, patient.phone, patient.user.username):
        assert secret not in told
    assert clerk.post(story_of(appointment), {"state": "cancelled"}).status_code == 403
    assert clerk.get(f"{LIST}999999/change/").status_code == 404


def reveal(client: Client, archive: Archive, why: str) -> str:
    where = reverse("admin:hospital_archive_reveal", args=[archive.pk])
    return client.post(where, {"why": why}, follow=True).content.decode()


def test_a_number_is_seen_whole_with_a_reason_that_is_kept(registrar: Client) -> None:
    archive = brought.waiting().appointment.archive
    for no_reason in (" ", f"who is {archive.id_number}?"):
        assert f">{archive.id_number}<" not in reveal(registrar, archive, no_reason) and not Change.objects.exists()
    shown = reveal(registrar, archive, "the name on the card is misspelt")
    assert archive.id_number in shown and archive.name in shown
    change = Change.objects.get()
    assert (change.subject, change.field) == (f"archive {archive.pk}", "personal data")
    assert change.who_name.startswith("registrar") and change.why == "the name on the card is misspelt"
    assert archive.id_number not in f"{change.before}{change.after}{change.why}"
    auditor = Client()
    auditor.force_login(somebody("auditor"))
    assert change.why in page(auditor, "/admin/hospital/change/?seen=whole")


def test_what_was_seen_whole_is_kept_by_no_cache(registrar: Client) -> None:
    archive = brought.waiting().appointment.archive
    where = reverse("admin:hospital_archive_reveal", args=[archive.pk])
    assert "no-store" in registrar.post(where, {"why": "because"})["Cache-Control"]
    assert registrar.get(where).status_code == 405


def test_nobody_else_sees_a_number_whole(clerk: Client) -> None:
    archive = brought.waiting().appointment.archive
    assert archive.id_number not in reveal(clerk, archive, "because") and not Change.objects.exists()
    assert "See the numbers whole" not in page(clerk, story_of(archive.appointment))
    assert "See the numbers whole" not in page(clerk, f"{ARCHIVES}{archive.pk}/change/")
