"""Our own data cannot be written: nothing is sent, nobody is told of a refusal, and it goes on once it is corrected.

Every dialect of the package, since a number that is none fits no wire; and the settlement where its question can lack
something of ours.
"""

from collections.abc import Callable, Mapping

import pytest
from django.db.models.expressions import RawSQL

from hospital.models import Charge, Notice
from insurance.interface.dialects import DIALECTS
from insurance.interface.errors import NotWritable
from insurance.interface.profile import Operation
from insurance.models import InsurerOrder, InterfaceCall, Settlement, Withdrawal
from insurance.settlement import claims, collecting, steps
from insurance.settlement.claims import ClaimState
from insurance.settlement.saga import Event
from insurance.trial import admission, frozen, turns
from insurance.trial.models import Trial
from tests.conformance.conftest import Centre
from tests.integration import claiming, doing
from tests.integration.laid_beside import said
from tests.simulators import Simulator

NOT_A_NUMBER = RawSQL("'NaN'::numeric", ())
"""PostgreSQL keeps it in a numeric column, and takes it for greater than every number."""

every_dialect = pytest.mark.parametrize("centre_process", sorted(DIALECTS), indirect=True)


def _no_split(settlement: Settlement) -> None:
    """As of a trial from before its split was kept."""
    Trial.objects.filter(pk=settlement.trial_id).update(split={})


def _no_order(settlement: Settlement) -> None:
    """As of a trial that was made before the insurer spoke this dialect."""
    Withdrawal.objects.filter(order__visit__appointment=settlement.appointment_id).delete()
    InsurerOrder.objects.filter(visit__appointment=settlement.appointment_id).delete()


LACKS: Mapping[str, Callable[[Settlement], None]] = {"fhir": _no_split, "mobile": _no_order, "national": _no_split}
"""What is missing for the settlement's question; that of the delimited dialect needs nothing which can be."""

where_a_settlement_can_lack_something = pytest.mark.parametrize("centre_process", sorted(LACKS), indirect=True)


@pytest.fixture
def unfit(centre: Centre, payments: Simulator) -> Trial:
    """It waits, and one of its lines has no quantity."""
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    _spoil(trial)
    return trial


def _spoil(trial: Trial) -> Charge:
    line = trial.appointment.charges.order_by("pk").last()
    assert line is not None
    Charge.objects.filter(pk=line.pk).update(quantity=NOT_A_NUMBER)
    return line


def kinds(row: Trial | Settlement) -> list[str]:
    """What the patient was told of, after the filing."""
    return list(
        Notice.objects.filter(appointment=row.appointment_id).exclude(kind="filed").values_list("kind", flat=True)
    )


# --- a trial --------------------------------------------------------------------------------------
@every_dialect
def test_a_trial_that_cannot_be_written_is_frozen_and_not_refused(centre: Centre, unfit: Trial) -> None:
    assert turns.take_one()
    assert (doing.state_of(unfit), unfit.refusal, kinds(unfit)) == ("frozen", "", [])
    assert unfit.last_error.startswith("NotWritable: ")
    asked = (Operation.UPLOAD_CHARGES, Operation.TRIAL)
    assert [centre.calls(operation) for operation in asked] == [0, 0]
    assert not InterfaceCall.objects.filter(infno__in=[centre.number(operation) for operation in asked]).exists()
    assert not turns.take_one(), "it is not tried again by itself"


@pytest.mark.parametrize("centre_process", ["national"], indirect=True)
def test_the_log_names_the_trial_and_nobody(centre: Centre, unfit: Trial, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    assert turns.take_one()
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert errors == [f"trial {unfit.pk} needs a person: its reason stands in the journal"]
    archive = unfit.appointment.archive
    assert not [value for value in (archive.name, archive.id_number, archive.card_number) if value in caplog.text]


@every_dialect
def test_a_trial_that_was_corrected_goes_on_at_its_place(centre: Centre, payments: Simulator) -> None:
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    line = _spoil(trial)
    assert turns.take_one() and doing.state_of(trial) == "frozen"
    Charge.objects.filter(pk=line.pk).update(quantity=line.quantity)
    frozen.back_into_the_line(trial, who="a test", why="the quantity is corrected")
    assert turns.take_one()
    assert doing.state_of(trial) == "priced", trial.last_error


@pytest.mark.parametrize("centre_process", ["fhir"], indirect=True)
def test_a_code_of_ours_that_is_none_is_not_the_insurers_refusal(centre: Centre, payments: Simulator) -> None:
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    Charge.objects.filter(appointment=trial.appointment_id).update(med_list_codg="XB02 ")
    assert turns.take_one()
    assert (doing.state_of(trial), trial.refusal, kinds(trial)) == ("frozen", "", [])
    assert "item.0.product Or Service.coding.0.code" in trial.last_error and "XB02" not in trial.last_error


@every_dialect
def test_negative_control_the_insurers_refusal_is_told(centre: Centre, payments: Simulator) -> None:
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    centre.goes_wrong(Operation.TRIAL, "refuse")
    assert turns.take_one()
    assert (doing.state_of(trial), kinds(trial)) == ("refused", ["trial_refused"])


@every_dialect
def test_who_has_cancelled_meanwhile_is_not_before_staff(centre: Centre, unfit: Trial) -> None:
    taken = Trial.objects.get(pk=unfit.pk)
    type(unfit.appointment).objects.filter(pk=unfit.appointment_id).update(state="cancelled")
    Trial.objects.filter(pk=taken.pk).update(state="calling")
    taken.refresh_from_db()
    turns.record_failure(taken, NotWritable("upload_charges: number out of range"))
    assert doing.state_of(unfit) == "cancelled"


# --- a settlement ---------------------------------------------------------------------------------
@where_a_settlement_can_lack_something
def test_a_settlement_that_cannot_be_written_stands_before_staff(centre: Centre, trial: Trial) -> None:
    settlement = doing.opened(trial)
    LACKS[centre.name](settlement)
    assert steps.settle_one()
    assert (doing.state_of(settlement), kinds(settlement)) == ("manual", ["priced"])
    assert settlement.last_error.startswith("NotWritable: ")
    assert not InterfaceCall.objects.filter(infno=centre.number(Operation.SETTLE)).exists()
    assert (centre.calls(Operation.SETTLE), centre.standing()) == (0, [])
    assert not steps.settle_one() and not steps.recover_one(), "nothing goes on by itself"


@where_a_settlement_can_lack_something
def test_asked_again_after_the_correction_it_is_settled_once(centre: Centre, trial: Trial) -> None:
    settlement = doing.opened(trial)
    orders = list(InsurerOrder.objects.all())
    LACKS[centre.name](settlement)
    assert steps.settle_one() and doing.state_of(settlement) == "manual"
    _corrected(trial, orders)
    said(settlement, Event.ASK)
    doing.recovered(settlement, "waiting")
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured", settlement.last_error
    assert len(centre.standing()) == 1


def _corrected(trial: Trial, orders: list[InsurerOrder]) -> None:
    Trial.objects.filter(pk=trial.pk).update(split=trial.split)
    if orders and not InsurerOrder.objects.exists():
        InsurerOrder.objects.bulk_create(orders)


@where_a_settlement_can_lack_something
def test_negative_control_the_insurers_refusal_of_a_settlement_is_told(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "refuse")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "refused"
    assert (settlement.last_error.partition(":")[0], centre.calls(Operation.SETTLE)) == ("Refused", 1)


# --- a claim that was paid ahead ------------------------------------------------------------------
def _paid_ahead(centre: Centre) -> Settlement:
    """The bill is there, and everything was paid before."""
    return claiming.priced(claiming.paid())


@where_a_settlement_can_lack_something
def test_a_claim_that_cannot_be_written_stays_a_claim(centre: Centre, payments: Simulator) -> None:
    settlement = _paid_ahead(centre)
    LACKS[centre.name](settlement)
    assert steps.settle_one()
    assert (doing.state_of(settlement), settlement.mode, settlement.claim_later) == ("manual", "insurance", True)
    assert claims.state_of(settlement) is ClaimState.WAITING
    assert "claim_refused" not in kinds(settlement)
    collecting.collect_due()
    settlement.payment.refresh_from_db()  # type: ignore[union-attr]
    assert settlement.payment is not None and settlement.payment.state == "paid", "nothing goes back on its own"


@every_dialect
def test_a_claim_whose_trial_cannot_be_written_waits_for_staff(centre: Centre, payments: Simulator) -> None:
    settlement = claiming.paid()
    _spoil(settlement.trial)
    claiming.open_again()
    assert turns.take_one()
    assert doing.state_of(settlement.trial) == "frozen"
    assert claims.follow() == 0
    assert (doing.state_of(settlement), settlement.mode) == ("claiming", "self_pay")
    assert "claim_refused" not in kinds(settlement)


@where_a_settlement_can_lack_something
def test_negative_control_the_insurers_refusal_makes_self_pay_of_a_claim(centre: Centre, payments: Simulator) -> None:
    settlement = _paid_ahead(centre)
    centre.goes_wrong(Operation.SETTLE, "refuse")
    assert steps.settle_one()
    assert (doing.state_of(settlement), settlement.mode) == ("paid", "self_pay")
    assert "claim_refused" in kinds(settlement)


@pytest.mark.parametrize("centre_process", ["national"], indirect=True)
def test_what_was_lost_on_the_way_is_still_asked_about(centre: Centre, trial: Trial) -> None:
    """Negative control: a fault of ours is known before the message is written down; silence is not taken for one."""
    centre.goes_wrong(Operation.SETTLE, "drop_before")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    assert InterfaceCall.objects.filter(infno=centre.number(Operation.SETTLE)).count() == 1
