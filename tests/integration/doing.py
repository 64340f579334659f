"""What many of these tests do: speak as somebody, set a time back, choose a person, carry a trial to its bill."""

import itertools
import time
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.db.models.functions import Now
from rest_framework.test import APIClient

from hospital.archives import filing
from hospital.models import Appointment, Patient
from hospital.notices import delivery
from insurance.models import InterfaceCall, PaymentOrder
from insurance.payment import orders
from insurance.quota import permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Quota
from insurance.settlement import collecting, opening, steps
from insurance.settlement.models import Settlement
from insurance.simulator.insurer.persons import balance_of, insutype_of, psn_no_of
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests import factories

API = "/api/v1"
TOTAL_FEN = 3052
_staff = itertools.count(1)
_tried = itertools.count(20_000)


def speaking_as(patient: Patient) -> APIClient:
    """HTTP in the patient's name."""
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


ACTS_FOR_PATIENTS = (
    *("view_appointment", "change_appointment", "view_trial", "add_trial", "change_trial"),
    *("view_settlement", "add_settlement", "delete_settlement"),
)


def own_system() -> User:
    """The account of the hospital's own system, which acts in the patients' place (docs/roles.md)."""
    account = User.objects.create(username=f"desk{next(_staff)}", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=ACTS_FOR_PATIENTS))
    return account


def speaking_as_staff() -> APIClient:
    """HTTP in the name of the hospital's own system."""
    client = APIClient()
    client.force_authenticate(own_system())
    return client


def now_due(row: Model) -> None:
    """Its time has come, and a throttled interface is open again."""
    type(row)._default_manager.filter(pk=row.pk).update(due_at=Now())
    Quota.objects.update(next_at=Now())


def settling_time_over() -> None:
    """Nothing that was sent can arrive any more."""
    InterfaceCall.objects.update(sent_at=Now() - timedelta(seconds=settings.SETTLEMENT_SETTLING_SECONDS + 1))


def recovered(settlement: Settlement, state: str, most: int = 6) -> Settlement:
    """Its turns of the recovery lane come, and the settling time passes, until it is in this state."""
    for _ in range(most):
        if state_of(settlement) == state:
            return settlement
        now_due(settlement)
        settling_time_over()
        steps.recover_one()
    raise AssertionError(f"{settlement.state}, not {state}: {settlement.last_error}")


def closed_there(order: PaymentOrder) -> None:
    """The institution says, on being asked, that nobody can pay any more."""
    orders.cancel(order)


def state_of(row: Any) -> str:
    """Its state as it stands in the database; `row` is read anew."""
    row.refresh_from_db()
    return str(row.state)


def told(who: Patient) -> Appointment:
    """An appointment of a patient who is filed and told."""
    appointment = factories.booked(who=who)
    filing.file_batch(10_000)
    delivery.send_due(10_000)
    return appointment


def priced(who: Patient) -> Trial:
    """A trial with its bill."""
    trial = admission.enter(told(who))
    assert turns.take_one()
    assert state_of(trial) == "priced", trial.last_error
    return trial


def somebody_who_pays_cash() -> Patient:
    """The simulated insurer leaves a part of 30.52 yuan to this person."""
    return factories.patient(number=number_of_somebody(account_covers=False))


def somebody_whose_account_covers() -> Patient:
    """The simulated insurer leaves nothing of 30.52 yuan to this person."""
    return factories.patient(number=number_of_somebody(account_covers=True))


def opened(trial: Trial, mode: str = "insurance") -> Settlement:
    """The trial accepted."""
    return opening.open_settlement(trial, mode)


def insured(trial: Trial) -> Settlement:
    """Settled at the insurer."""
    settlement = opened(trial)
    assert steps.settle_one()
    return settlement


def paying(trial: Trial, mode: str = "insurance") -> Settlement:
    """Waiting for the patient's money."""
    settlement = insured(trial) if mode == "insurance" else opened(trial, mode)
    collecting.collect_due()
    assert state_of(settlement) == "paying", settlement.last_error
    return settlement


def answered_now() -> bool:
    """A trial call was made under the next free permit and has just been answered; False when none is free."""
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    if held is None:
        return False
    held.arrives_until = time.monotonic()
    permits.free(held)
    return True


def pay(settlement: Settlement) -> None:
    """The patient pays on the institution's page."""
    assert settlement.payment is not None
    httpx.post(settlement.payment.pay_url, trust_env=False).raise_for_status()


def number_of_somebody(*, account_covers: bool) -> str:
    """The ID number of a person whose account at the simulated insurer covers 30.52 yuan, or is empty."""
    for tried in _tried:
        number = factories.id_number(tried)
        psn_no = psn_no_of(number)
        account_fen = balance_of(psn_no) if insutype_of(psn_no) == "310" else 0
        if account_fen >= TOTAL_FEN if account_covers else account_fen == 0:
            return number
    raise AssertionError("nobody like that")
