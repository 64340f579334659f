"""One of the staff proposes that a patient is erased, another one approves: never the same, and nothing in hand."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from hospital import held
from hospital.appointments import booking
from hospital.erasure import decisions
from hospital.errors import Conflict, Forbidden, Invalid, NotFound
from hospital.models import Access, Change, Erasure, Journal, Patient
from insurance.models import Trial
from insurance.states import TrialState
from insurance.trial import admission
from tests import factories
from tests.integration import brought, doing
from tests.integration.brought import somebody
from tests.integration.desk import page

pytestmark = pytest.mark.security
WHY = "asked for in a letter of 3 March"


@pytest.fixture
def patient() -> Patient:
    return factories.patient()


@pytest.fixture
def registrar() -> User:
    return somebody("registrar")


@pytest.fixture
def supervisor() -> User:
    return somebody("supervisor")


def is_there(patient: Patient) -> bool:
    return bool(Patient.objects.get(pk=patient.pk).id_number)


def of_patient(name: str, patient: Patient) -> str:
    return reverse(f"admin:hospital_erasure_{name}", args=[patient.pk])


def of_erasure(name: str) -> str:
    return reverse(f"admin:hospital_erasure_{name}", args=[Erasure.objects.latest("pk").pk])


def sent(client: Client, where: str, **said: str) -> str:
    """The page to which a form leads."""
    answer = client.post(where, said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_proposes_and_another_approves(patient: Patient, registrar: User, supervisor: User) -> None:
    asked = decisions.propose(patient, who=registrar, why=WHY)
    assert is_there(patient), "a proposal erases nothing"
    decisions.approve(asked, who=supervisor, answer="the letter is signed")
    done = Erasure.objects.get()
    assert (done.state, done.asked_by, done.decided_by) == ("carried_out", registrar, supervisor)
    assert not is_there(patient)
    proposed, erased = Change.objects.order_by("pk")
    subject = f"patient {patient.pk}"
    assert (proposed.subject, proposed.field, proposed.after, proposed.who) == (
        subject,
        "erasure",
        "proposed",
        registrar,
    )
    assert (erased.who, erased.why) == (supervisor, f"{WHY} ({registrar.username}) / the letter is signed")
    assert Access.objects.get() == Access(pk=erased.pk) and erased.subject == subject
    moves = Journal.objects.filter(kind="erasure").order_by("pk").values_list("from_state", "to_state")
    assert list(moves) == [("", "proposed"), ("proposed", "carried_out")]


def test_nobody_approves_his_own_proposal(patient: Patient, supervisor: User) -> None:
    asked = decisions.propose(patient, who=supervisor, why=WHY)
    for decide in (decisions.approve, decisions.reject):
        with pytest.raises(Forbidden, match="second_person"):
            decide(asked, who=supervisor, answer="mine")
    with pytest.raises(Forbidden, match="second_person"):
        decisions.erase(factories.patient(), asked_by=supervisor, approved_by=supervisor, why=WHY)
    assert is_there(patient) and Erasure.objects.get().state == "proposed"


def test_the_database_refuses_it_too(patient: Patient, supervisor: User) -> None:
    asked = decisions.propose(patient, who=supervisor, why=WHY)
    rows = Erasure.objects.filter(pk=asked.pk)
    with pytest.raises(IntegrityError, match="erasure_decided_by_another"), transaction.atomic():
        rows.update(decided_by=supervisor)
    for state in ("carried_out", "rejected"):
        with pytest.raises(IntegrityError, match="erasure_decided_by_somebody"), transaction.atomic():
            rows.update(state=state)
    with pytest.raises(IntegrityError, match="one_open_erasure"), transaction.atomic():
        Erasure.objects.create(patient=patient, asked_by=supervisor, reason=WHY)


def test_a_root_account_is_no_exception(patient: Patient) -> None:
    root = User.objects.create_superuser("root")
    asked = decisions.propose(patient, who=root, why=WHY)
    with pytest.raises(Forbidden, match="second_person"):
        decisions.approve(asked, who=root)
    assert is_there(patient)


@pytest.mark.parametrize("role", ["clerk", "cashier", "finance", "operator", "auditor"])
def test_not_everybody_of_the_staff(patient: Patient, registrar: User, role: str) -> None:
    with pytest.raises(Forbidden, match="not_allowed"):
        decisions.propose(patient, who=somebody(role), why=WHY)
    asked = decisions.propose(patient, who=registrar, why=WHY)
    for decide in (decisions.approve, decisions.reject):
        with pytest.raises(Forbidden, match="not_allowed"):
            decide(asked, who=somebody(role), answer="no")
    with pytest.raises(Forbidden, match="not_yours"):
        decisions.withdraw(asked, who=somebody(role), answer="no")


def test_who_left_the_house_decides_nothing(patient: Patient, registrar: User, supervisor: User) -> None:
    asked = decisions.propose(patient, who=registrar, why=WHY)
    supervisor.is_active = False
    with pytest.raises(Forbidden, match="not_allowed"):
        decisions.approve(asked, who=supervisor)


@pytest.mark.parametrize(
    ("decide", "by", "state"), [(decisions.reject, "supervisor", "rejected"), (decisions.withdraw, "", "withdrawn")]
)
def test_it_is_decided_on_once(
    patient: Patient, registrar: User, supervisor: User, decide: Callable[..., Erasure], by: str, state: str
) -> None:
    asked = decisions.propose(patient, who=registrar, why=WHY)
    who = somebody(by) if by else registrar
    with pytest.raises(Invalid, match="no_reason"):
        decide(asked, who=who, answer=" ")
    decide(asked, who=who, answer="the letter is not signed")
    assert Erasure.objects.get().state == state and is_there(patient)
    last = Change.objects.latest("pk")
    assert (last.before, last.after, last.why) == ("proposed", state, "the letter is not signed")
    with pytest.raises(Conflict, match="already_decided"):
        decisions.approve(asked, who=supervisor)
    assert decisions.propose(patient, who=registrar, why=WHY).pk != asked.pk, "and may be proposed anew"


def test_it_is_proposed_once_and_never_again_when_carried_out(
    patient: Patient, registrar: User, supervisor: User
) -> None:
    asked = decisions.propose(patient, who=registrar, why=WHY)
    with pytest.raises(Conflict, match="already_proposed"):
        decisions.propose(patient, who=supervisor, why=WHY)
    decisions.approve(asked, who=supervisor)
    with pytest.raises(Conflict, match="erased_before"):
        decisions.propose(patient, who=registrar, why=WHY)


def test_the_patient_is_not_named_in_a_reason(patient: Patient, registrar: User, supervisor: User) -> None:
    for why in (f"{patient.name} wrote", f"for {patient.id_number}", "rang from 13800000000"):
        with pytest.raises(Invalid, match="personal_data"):
            decisions.propose(patient, who=registrar, why=why)
    asked = decisions.propose(patient, who=registrar, why=WHY)
    for decide in (decisions.approve, decisions.reject):
        with pytest.raises(Invalid, match="personal_data"):
            decide(asked, who=supervisor, answer=f"{patient.name} it is")
    assert is_there(patient)


def test_what_is_in_hand_is_told_by_its_number() -> None:
    settlement = brought.unknown()
    refund = brought.refund_due(brought.paid())
    owed = refund.order.settlement
    assert list(map(str, decisions.objections(settlement.appointment.patient))) == [
        f"Appointment {settlement.appointment_id} is not over yet: cancel it, or wait for its end.",
        f"Settlement {settlement.number} is not over yet: not known.",
    ]
    told = " ".join(map(str, decisions.objections(owed.appointment.patient)))
    assert f"Refund {refund.refund_no} is not over yet: to be given back." in told
    unpaid = brought.paying()
    told = " ".join(map(str, decisions.objections(unpaid.appointment.patient)))
    assert f"Payment order {unpaid.number} is not over yet: open." in told
    assert f"Settlement {unpaid.number} is not over yet: waits for the payment." in told


def test_a_call_that_is_under_way_stands_against_it(patient: Patient) -> None:
    """It goes on when the appointment is cancelled, and would write down what it hears of somebody who was erased."""
    trial = admission.enter(doing.told(patient))
    booking.cancel(trial.appointment)
    assert decisions.refusal(patient) is None
    Trial.objects.filter(pk=trial.pk).update(state=TrialState.CALLING)
    why = decisions.refusal(patient)
    assert why is not None and f"Trial {trial.pk} is with the insurer" in str(why.detail)


def test_whoever_has_a_phone_for_a_user_name_may_ask_for_it(
    patient: Patient, registrar: User, supervisor: User
) -> None:
    """The reason that is kept names who asked, at any length, and was looked at before it was put together."""
    registrar.username = "13800000000"
    registrar.save()
    proposed = decisions.propose(patient, who=registrar, why="asked for " + "x" * 1_980)
    decisions.approve(proposed, who=supervisor, answer="yes " * 400)
    assert not is_there(patient)


def test_a_number_is_an_id_or_a_user_name_and_never_both() -> None:
    """Else another patient would be erased, for good."""
    first, second = factories.patient(), factories.patient()
    assert held.named(str(first.pk)) == held.named(first.user.username) == held.named(f"#{first.pk}") == first
    second.user.username = str(first.pk)
    second.user.save()
    with pytest.raises(Conflict, match="several_patients"):
        held.named(str(first.pk))
    assert held.named(f"#{first.pk}") == first and held.named(f"#{second.pk}") == second
    second.user.username = "13800000000"
    second.user.save()
    assert held.named("13800000000") == second
    for nobody in ("#", "", "#13800000000", "nobody"):
        with pytest.raises(NotFound):
            held.named(nobody)


def test_it_waits_until_nothing_stands_against_it(registrar: User, supervisor: User) -> None:
    appointment = doing.told(factories.patient())
    asked = decisions.propose(appointment.patient, who=registrar, why=WHY)
    with pytest.raises(Conflict, match="in_hand"):
        decisions.approve(asked, who=supervisor)
    assert is_there(appointment.patient) and not Access.objects.exists()
    assert Erasure.objects.get().state == "proposed", "it still waits"
    booking.cancel(appointment)
    decisions.approve(asked, who=supervisor)
    assert not is_there(appointment.patient)


def test_the_command_takes_the_same_way(patient: Patient, registrar: User, supervisor: User) -> None:
    names = {"asked_by": registrar.username, "approved_by": supervisor.username}
    decisions.propose(patient, who=registrar, why=WHY)
    with pytest.raises(CommandError, match="proposed already"):
        call_command("erase_patient", str(patient.pk), **names, why=WHY)
    with pytest.raises(CommandError, match="may not"):
        call_command("erase_patient", str(patient.pk), **(names | {"asked_by": somebody("clerk").username}), why=WHY)
    other = factories.patient()
    call_command("erase_patient", str(other.pk), **names, why=WHY)
    assert is_there(patient) and not is_there(other)
    assert Erasure.objects.get(patient=other).state == "carried_out"


def test_the_page_leads_from_one_to_the_other(client: Client, registrar: User, supervisor: User) -> None:
    settlement = brought.paying()
    patient = settlement.appointment.patient
    client.force_login(registrar)
    found = client.post(reverse("admin:hospital_erasure_find"), {"who": patient.user.username})
    assert found["Location"] == of_patient("patient", patient)
    shown = page(client, found["Location"])
    assert "Settlement " + settlement.number in shown and "Payment order" in shown
    assert patient.id_number not in shown and patient.name not in shown and patient.phone not in shown
    client.post(of_patient("propose", patient), {"why": WHY})
    assert 'value="withdraw"' in page(client, found["Location"])
    client.force_login(supervisor)
    shown = page(client, of_erasure("change"))
    assert WHY in shown and "Cannot be erased yet" in shown
    assert 'value="approve"' not in shown and 'value="reject"' in shown
    assert "is not over yet" in sent(client, of_erasure("decide"), decide="approve")
    assert is_there(patient)


def test_the_page_erases_and_tells_the_auditor(
    client: Client, patient: Patient, registrar: User, supervisor: User
) -> None:
    client.force_login(registrar)
    client.post(of_patient("propose", patient), {"why": WHY})
    client.post(of_erasure("decide"), {"decide": "approve"})
    assert is_there(patient), "not by the registrar, even another's"
    client.force_login(supervisor)
    shown = page(client, of_patient("patient", patient))
    assert "Nothing stands against it" in shown and 'value="approve"' in shown
    shown = sent(client, of_erasure("decide"), decide="approve", answer="the letter is signed")
    assert "This patient was erased" in shown and "carried out" in shown and not is_there(patient)
    client.force_login(somebody("auditor"))
    assert f"patient {patient.pk}" in page(client, reverse("admin:hospital_access_changelist"))
    assert "carried out" in page(client, reverse("admin:hospital_erasure_changelist"))


def test_an_answer_that_is_none_is_refused(client: Client, patient: Patient, registrar: User) -> None:
    decisions.propose(patient, who=registrar, why=WHY)
    client.force_login(registrar)
    assert client.post(of_erasure("decide"), {"decide": "burn"}).status_code == 404
    assert client.post(of_patient("patient", patient)).status_code == 403
    assert client.get(of_patient("propose", patient)).status_code == 405
    assert "no patient" in sent(client, reverse("admin:hospital_erasure_find"), who="ghost")


def test_a_patient_is_told_of_it_with_everything_else(patient: Patient, registrar: User) -> None:
    decisions.propose(patient, who=registrar, why=WHY)
    answer = doing.speaking_as(patient).get(f"{doing.API}/accounts/export/").json()
    assert [one["state"] for one in answer["erasures"]] == ["proposed"]


def test_the_books_ask_for_31_days(registrar: User) -> None:
    settlement = brought.completed()
    type(settlement).objects.update(since=Now())
    assert "31 days" in str(decisions.objections(settlement.appointment.patient)[-1])
