"""What is held about a patient: handed out whole, and let go of where the law lets it go; each of it written down."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client

from hospital import changes, held, retention, rotation
from hospital.appointments import booking
from hospital.archives import filing
from hospital.erasure import decisions as erasing
from hospital.errors import Conflict, Forbidden, Invalid
from hospital.models import Access, Appointment, Archive, Card, Change, MasterRecord, Notice, Patient
from insurance.calls import keeping
from insurance.desk import acting, decisions
from insurance.desk.actions import Action
from insurance.models import Decision, InterfaceCall, LedgerEntry, Settlement, Visit
from insurance.settlement import collecting
from insurance.trial import admission, turns
from tests import factories
from tests.acceptance.left import holding, in_the_tables
from tests.integration import brought, doing
from tests.integration.brought import somebody
from tests.integration.desk import page
from tests.simulators import Simulator

WHY = "asked for in writing"


@pytest.fixture
def settled(insurer: Simulator) -> Settlement:
    return doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")


def long_ago(settlement: Settlement) -> Patient:
    """The same, after the books of its month were closed."""
    Settlement.objects.update(since=Now() - timedelta(days=32))
    patient: Patient = settlement.appointment.patient
    return patient


def erase(patient: Patient) -> None:
    erasing.erase(patient, asked_by=somebody("registrar"), approved_by=somebody("supervisor"), why=WHY)


def secrets_of(patient: Patient) -> set[str]:
    cards = Archive.objects.filter(appointment__patient=patient).values_list("card_number", flat=True)
    people = Visit.objects.filter(appointment__patient=patient).values_list("psn_no", flat=True)
    return {patient.id_number, patient.phone, patient.user.username, *cards, *people}


def test_everything_is_handed_out_and_that_is_written_down(settled: Settlement, tmp_path: Path) -> None:
    patient = settled.appointment.patient
    file = tmp_path / "patient.json"
    call_command("export_patient", str(patient.pk), why=WHY, out=str(file))
    told = json.loads(file.read_text())
    assert file.stat().st_mode & 0o077 == 0
    (visit,) = told["appointments"]
    assert told["patient"]["id_number"] == visit["archive"]["id_number"] == patient.id_number
    assert told["master_records"][0]["cards"][0]["number"] == visit["archive"]["card_number"]
    assert visit["visits"][0]["psn_no"] == Visit.objects.get().psn_no
    for part in ("charges", "notices", "journal", "trials", "settlements", "ledger", "messages", "insurance_journal"):
        assert visit[part], part
    assert any("2206A" in call["request"] for call in visit["messages"])
    assert "_index" not in file.read_text() and "password" not in told["account"]
    access = Access.objects.get()
    assert (access.subject, access.after, access.why) == (f"patient {patient.pk}", "exported", WHY)


def test_a_patient_gets_his_own_and_no_other(settled: Settlement) -> None:
    patient, other = settled.appointment.patient, doing.told(factories.patient("李四")).patient
    answer = doing.speaking_as(patient).get(f"{doing.API}/accounts/export/")
    text = answer.content.decode()
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    assert patient.id_number in text and other.id_number not in text
    assert Access.objects.get().who == patient.user
    refused = doing.speaking_as_staff().get(f"{doing.API}/accounts/export/")
    assert (refused.status_code, refused.json()["code"]) == (403, "patients_only")
    assert refused["Content-Type"] == "application/problem+json"


def test_a_second_account_is_not_told_what_the_first_has_brought() -> None:
    """Whoever knows a name and an ID number can sign up with them."""
    first = doing.told(factories.patient())
    stranger = doing.told(factories.patient(first.patient.name, number=first.patient.id_number)).patient
    Patient.objects.filter(pk=stranger.pk).update(phone="13900000009")
    first_card, phone = Archive.objects.get(appointment=first).card_number, first.patient.phone
    MasterRecord.objects.get().cards.create(number="SB99887766", index="a" * 64, type="03")
    text = doing.speaking_as(stranger).get(f"{doing.API}/accounts/export/").content.decode()
    assert "SB99887766" not in text and '"master_records"' in text
    own = Archive.objects.get(appointment__patient=stranger)
    assert own.master_id == MasterRecord.objects.get().pk and (first_card in text) == (first_card == own.card_number)
    staff = json.dumps(held.export(Patient.objects.get(pk=stranger.pk), who="command line", why=WHY), default=str)
    assert "SB99887766" in staff and phone in staff


def test_the_name_is_forgotten_where_it_stood_as_whoever_looked(settled: Settlement) -> None:
    patient = long_ago(settled)
    name = patient.user.username
    doing.speaking_as(patient).get(f"{doing.API}/accounts/export/")
    assert Access.objects.filter(who_name=name).exists()
    erase(patient)
    assert not Access.objects.filter(who_name=name).exists()


def test_whoever_was_erased_a_moment_ago_books_no_more(settled: Settlement) -> None:
    patient, session = long_ago(settled), factories.session()
    erase(patient)
    with pytest.raises(Conflict):
        factories.booked(session, patient)
    assert not Appointment.objects.filter(session=session).exists() and Archive.objects.count() == 1


def test_the_evidence_of_a_settlement_that_is_not_over_is_kept(settled: Settlement) -> None:
    InterfaceCall.objects.update(sent_at=Now() - timedelta(days=999))
    Settlement.objects.update(state="manual")
    while retention.tidy(keeping.MESSAGES):
        pass
    kept = {call.purpose for call in InterfaceCall.objects.all() if call.request}
    assert kept == {f"settlement {settled.pk}"}


def test_nothing_leads_to_the_person_and_the_books_stay(settled: Settlement) -> None:
    patient = long_ago(settled)
    secrets, booked = secrets_of(patient), list(LedgerEntry.objects.order_by("pk").values())
    assert len(secrets) > 3 and holding(in_the_tables(), {patient.user.username}) == ['"public"."auth_user"']
    erase(patient)
    assert holding(in_the_tables(), secrets) == []
    assert list(LedgerEntry.objects.order_by("pk").values()) == booked
    assert Settlement.objects.get(pk=settled.pk).setl_id and settled.appointment.charges.exists()
    gone = Patient.objects.get(pk=patient.pk)
    assert (gone.name, gone.id_number, gone.phone, gone.user.is_active) == ("", "", "", False)
    assert not gone.user.has_usable_password()
    archive, call = Archive.objects.get(), InterfaceCall.objects.order_by("pk")[0]
    assert (archive.name, archive.card_number, archive.card_index, archive.card_tail) == ("", "", "", "")
    assert (call.request, call.infno) == ("", "1101")
    assert not Card.objects.exists() and not Notice.objects.exists() and MasterRecord.objects.get().name == ""
    access = Access.objects.order_by("pk").last()
    assert access is not None and access.after == "erased" and access.why.startswith(f"{WHY} (registrar")
    with pytest.raises(Conflict, match="erased_before"):
        erase(patient)
    for table in rotation.tables():
        assert all(table.renewed(row) is None for row in table.batch(0, 100)), "and a rotation has nothing to do there"


def test_the_person_may_come_again(settled: Settlement) -> None:
    patient = long_ago(settled)
    number = patient.id_number
    erase(patient)
    again = doing.told(factories.patient(number=number))
    assert Archive.objects.get(appointment=again).state == "filed" and MasterRecord.objects.count() == 2


def test_another_account_of_the_person_keeps_the_master_record() -> None:
    first = doing.told(factories.patient())
    doing.told(factories.patient(number=first.patient.id_number))
    booking.cancel(first)
    erase(first.patient)
    assert MasterRecord.objects.get().name == "测试甲" and Card.objects.exists()


def test_not_while_an_appointment_is_live() -> None:
    appointment = doing.told(factories.patient())
    with pytest.raises(Conflict, match="in_hand"):
        erase(appointment.patient)
    assert Patient.objects.get().id_number and not Change.objects.exists()


@pytest.mark.parametrize("state", ["waiting", "unknown", "refunding", "manual", "paying"])
def test_not_while_money_is_in_hand(state: str) -> None:
    settlement = brought.IN_STATE[state]()
    over(settlement.appointment)
    with pytest.raises(Conflict):
        erase(long_ago(settlement))
    assert Patient.objects.get().id_number


def over(appointment: Appointment) -> None:
    filing.file_batch(10)
    booking.complete(Appointment.objects.get(pk=appointment.pk))


def test_not_while_the_books_of_the_month_ask_for_the_person() -> None:
    settlement = brought.completed()
    collecting.follow()
    with pytest.raises(Conflict) as refused:
        erase(settlement.appointment.patient)
    assert "31 days" in str(refused.value.detail)
    Settlement.objects.update(since=Now() - timedelta(days=32))
    proposed = {"action": "refund", "asked_by": somebody("clerk"), "of_state": "", "of_attempt": 0}
    Decision.objects.create(settlement=settlement, **proposed)
    with pytest.raises(Conflict) as refused:
        erase(settlement.appointment.patient)
    assert "decision" in str(refused.value.detail)


@pytest.mark.parametrize(
    ("asked_by", "approved_by"), [("supervisor", "same"), ("registrar", "clerk"), ("patient", "supervisor")]
)
def test_two_of_the_staff_decide(asked_by: str, approved_by: str) -> None:
    patient = factories.patient()
    first: User = patient.user if asked_by == "patient" else somebody(asked_by)
    second = first if approved_by == "same" else somebody(approved_by)
    with pytest.raises(Forbidden):
        erasing.erase(patient, asked_by=first, approved_by=second, why=WHY)
    with pytest.raises(Invalid):
        erasing.erase(patient, asked_by=somebody("registrar"), approved_by=somebody("supervisor"), why=" ")
    assert Patient.objects.get().id_number


def test_the_command_erases() -> None:
    patient, one, two = factories.patient(), somebody("registrar"), somebody("supervisor")
    said = StringIO()
    staff = {"asked_by": one.username, "approved_by": two.username}
    call_command("erase_patient", patient.user.username, **staff, why=WHY, stdout=said)
    assert "is erased" in said.getvalue() and Patient.objects.get().name == ""
    with pytest.raises(CommandError, match="nobody"):
        call_command("erase_patient", str(patient.pk), asked_by="ghost", approved_by=two.username, why=WHY)
    with pytest.raises(CommandError, match="no such patient"):
        call_command("export_patient", "999999", why=WHY)


def test_the_auditor_finds_who_has_seen_what(settled: Settlement, client: Client) -> None:
    held.export(settled.appointment.patient, who=somebody("registrar"), why=WHY)
    changes.record("line 1", "weight", 1, 2, who="somebody", why="a share")
    client.force_login(somebody("auditor"))
    shown = page(client, "/admin/hospital/access/")
    assert WHY in shown and "a share" not in shown
    subject = f"patient {settled.appointment.patient_id}"
    assert WHY in page(client, f"/admin/hospital/access/?q={subject}")
    assert WHY not in page(client, "/admin/hospital/access/?q=patient 999999")
    client.force_login(somebody("clerk"))
    assert client.get("/admin/hospital/access/").status_code == 403


def test_a_phone_is_not_kept_in_a_reason() -> None:
    for text in ("call 13800000000", "ring +86 138 0000 0000", "电话13800000000"):
        with pytest.raises(Invalid, match="personal_data"):
            changes.clean(text)
    for text in ("S000000000012", "20261129138000000001", "msgid H99999900001202611291031010001"):
        assert changes.clean(text) == text


def test_the_patient_is_not_named_in_a_reason_on_the_case() -> None:
    settlement = brought.manual_from_confirming()
    name = settlement.appointment.patient.name
    for why, evidence in ((f"{name} rang us", "a receipt"), ("rang us", f"a receipt of {name}")):
        with pytest.raises(Invalid, match="personal_data"):
            decisions.propose(brought.seen(settlement), Action.UNDO, who=somebody("clerk"), why=why, evidence=evidence)
    asked = decisions.propose(brought.seen(settlement), Action.UNDO, who=somebody("clerk"), why="rang us")
    with pytest.raises(Invalid, match="personal_data"):
        decisions.approve(asked, who=somebody("supervisor"), answer=f"{name} is right")
    with pytest.raises(Invalid, match="personal_data"):
        acting.at_once(brought.seen(settlement), Action.ASK, who=somebody("clerk"), why=f"for {name}")


def test_what_the_insurer_says_of_a_person_is_kept_without_the_name(insurer: Simulator) -> None:
    trial = admission.enter(doing.told(factories.patient("欧阳测试")))
    insurer.faults({"infno": "1101", "kind": "refuse", "message": "欧阳测试 未参保", "times": 1})
    assert turns.take_one()
    assert doing.state_of(trial) == "refused" and trial.refusal == "* 未参保"
    assert holding(in_the_tables(), {"欧阳测试"}) == []
