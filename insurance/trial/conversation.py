"""What is said to the insurer for one trial: 1101 → 2201 → 2203A → 2204 → 2206A (protocol 3.0), or a region's order;
1101 → 2201 → 6201 where a trial opens an order (3.15).

Each step that worked is kept in the `Visit`, so a trial that was interrupted goes on where it stopped.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from hospital import worklist
from hospital.models import Appointment, Archive, Charge
from insurance.calls.models import InterfaceCall
from insurance.interface import messages
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refused
from insurance.interface.profile import Operation
from insurance.quota import directory
from insurance.quota.exchange import profile
from insurance.states import TrialState
from insurance.trial import orders
from insurance.trial.models import Trial, Visit

ORDINARY_OUTPATIENT = "11"
"""`med_type` (protocol 3.0)."""

_TRIAL = "trial "


def price(client: InsuranceClient, trial: Trial, charges: list[Charge]) -> messages.Bill:
    """Say everything that the insurer needs and get the bill. Raises `InterfaceError`."""
    appointment = trial.appointment
    visit = visit_of(appointment)
    identify(client, visit, trial)
    register(client, visit, trial)
    if client.profile.charges_first:
        send_charges(client, visit, trial, charges)
        send_details(client, visit, trial)
    else:
        send_details(client, visit, trial)
        send_charges(client, visit, trial, charges)
    if client.dialect.opens_orders:
        orders.give_up(client, insured_of(visit), visit)
    return client.trial(
        insured_of(visit),
        card_of(appointment),
        visit.mdtrt_id,
        visit.chrg_bchno,
        total_of(charges),
        ORDINARY_OUTPATIENT,
        visit=_visit_words(visit, appointment),
        lines=_lines(charges),
        keep=partial(_keep_order, visit, trial),
    )


def visit_of(appointment: Appointment) -> Visit:
    """What the insurer knows of the appointment; with the visit number that is ours alone (`ipt_otp_no`)."""
    now = timezone.localtime()
    first = {"begin_at": now, "ipt_otp_no": f"{now:%Y%m%d}{appointment.pk:010d}"}
    return Visit.objects.get_or_create(appointment=appointment, defaults=first)[0]


def identify(client: InsuranceClient, visit: Visit, trial: Trial) -> None:
    """1101: who is insured, and by which of their insurances the visit goes."""
    if visit.psn_no:
        return
    region = trial.appointment.archive.card_region
    insured = messages.choose_insurance(client.person(card_of(trial.appointment), region))
    visit.psn_no, visit.psn_type = insured.psn_no, insured.psn_type
    visit.insutype, visit.insuplc_admdvs = insured.insutype, insured.insuplc_admdvs
    _keep(visit, trial, "psn_no", "psn_type", "insutype", "insuplc_admdvs")


def register(client: InsuranceClient, visit: Visit, trial: Trial) -> None:
    """2201, never twice without looking: after a lost answer the visit is searched by our visit number (5201)."""
    if visit.mdtrt_id:
        return
    appointment = trial.appointment
    if visit.registration_asked:
        visit.mdtrt_id = _lost_registration(client, visit)
    else:
        visit.registration_asked = True
        _keep(visit, trial, "registration_asked")
    if not visit.mdtrt_id:
        visit.mdtrt_id = client.register(insured_of(visit), card_of(appointment), _visit_words(visit, appointment))
    _keep(visit, trial, "mdtrt_id")


def send_details(client: InsuranceClient, visit: Visit, trial: Trial) -> None:
    """2203A: overwrites what was there, so it may be repeated."""
    if visit.details_sent:
        return
    client.upload_visit(insured_of(visit), visit.mdtrt_id, _visit_words(visit, trial.appointment))
    visit.details_sent = True
    _keep(visit, trial, "details_sent")


def send_charges(client: InsuranceClient, visit: Visit, trial: Trial, charges: list[Charge]) -> None:
    """2204 in a batch of its own; whatever may be there unsettled is withdrawn first (2205 `0000`), in
    some regions always. Nothing where the lines go along with the trial."""
    if client.dialect.upload_charges is None or visit.charges_fingerprint == fingerprint(charges):
        return
    if visit.charges_asked:
        client.withdraw_charges(insured_of(visit), visit.mdtrt_id)
    elif client.profile.withdraws_first:
        with suppress(Refused):  # there was nothing to withdraw
            client.withdraw_charges(insured_of(visit), visit.mdtrt_id)
    visit.charges_asked, visit.chrg_bchno, visit.charges_fingerprint = True, f"{trial.pk}-{trial.attempt}", ""
    _keep(visit, trial, "charges_asked", "chrg_bchno", "charges_fingerprint")
    words = _visit_words(visit, trial.appointment)
    splits = client.upload_charges(insured_of(visit), visit.mdtrt_id, visit.chrg_bchno, words, _lines(charges))
    visit.line_splits = [asdict(split) for split in splits]
    visit.charges_fingerprint = fingerprint(charges)
    _keep(visit, trial, "line_splits", "charges_fingerprint")


def _keep(visit: Visit, trial: Trial, *fields: str) -> None:
    """Write down how far it is, while the turn is still ours."""
    with _turn_of(trial):
        visit.save(update_fields=fields)


def _keep_order(visit: Visit, trial: Trial, order: messages.Order) -> None:
    """The same for the order that the trial has opened."""
    with _turn_of(trial):
        orders.keep(visit, order)


@contextmanager
def _turn_of(trial: Trial) -> Iterator[None]:
    """While the turn is still ours: a worker that stood still and was taken over must not overwrite what the next one
    has told the insurer. Raises `Overtaken`."""
    with transaction.atomic():
        ours = Trial.objects.filter(pk=trial.pk, state=TrialState.CALLING, attempt=trial.attempt)
        if ours.select_for_update().first() is None:
            raise worklist.Overtaken(f"trial {trial.pk} is no longer in turn {trial.attempt}")
        yield


def insured_of(visit: Visit) -> messages.Insured:
    """Who is insured and how, as carried through the visit; with name and ID number where a centre wants them, and
    with the orders of its trials where they open any."""
    insured = messages.Insured(
        psn_no=visit.psn_no,
        insutype=visit.insutype,
        insuplc_admdvs=visit.insuplc_admdvs,
        psn_type=visit.psn_type,
        orders=orders.of(visit),
    )
    if not any(profile(name).person_fields for name in directory.names()):
        return insured
    archive = visit.appointment.archive
    return replace(insured, certno=archive.id_number, name=archive.name)


def card_of(appointment: Appointment) -> messages.Card:
    """The card that was given with the booking."""
    archive: Archive = appointment.archive
    return messages.Card(type=archive.card_type, number=archive.card_number)


def line_splits(visit: Visit) -> tuple[messages.LineSplit, ...]:
    """2204's answer, line by line."""
    return tuple(
        messages.LineSplit(**{**line, "split": messages.PolicySplit(**line["split"])}) for line in visit.line_splits
    )


def total_of(charges: list[Charge]) -> int:
    """The sum of the fee lines in fen."""
    return sum(charge.amount_fen for charge in charges)


def fingerprint(charges: list[Charge]) -> str:
    """Equal for equal fee lines."""
    lines = [(c.pk, c.med_list_codg, str(c.quantity), str(c.unit_price), c.amount_fen) for c in charges]
    return sha256(repr(lines).encode()).hexdigest()


def withdraw_surplus(client: InsuranceClient, visit: Visit) -> None:
    """2202 for every registration under our visit number but the one we use: a lost 2201 may have been carried out, or
    have arrived after we had looked for it (protocol 4). Raises `InterfaceError`."""
    for mdtrt_id in _registrations(client, visit):
        if mdtrt_id != visit.mdtrt_id:
            client.cancel_registration(insured_of(visit), mdtrt_id, visit.ipt_otp_no)


def may_have_surplus(visit: Visit, insurer: str) -> bool:
    """Whether a registration was sent of which nothing was heard."""
    trials = [purpose_of(pk) for pk in visit.appointment.trials.values_list("pk", flat=True)]
    silent = InterfaceCall.objects.filter(purpose__in=trials, outcome__in=("", Outcome.UNKNOWN))
    return silent.filter(infno=profile(insurer).infno(Operation.REGISTER)).exists()


def purpose_of(trial_id: int) -> str:
    """What the messages of a trial are written down under."""
    return f"{_TRIAL}{trial_id}"


def trial_id(purpose: str) -> int | None:
    """The trial whose message was written down under this; None: it was no trial's."""
    return int(purpose.removeprefix(_TRIAL)) if purpose.startswith(_TRIAL) else None


def _lost_registration(client: InsuranceClient, visit: Visit) -> str:
    """Ours, should the lost 2201 have been carried out. Another one may be found later (`withdraw_surplus`)."""
    return next(iter(_registrations(client, visit)), "")


def _registrations(client: InsuranceClient, visit: Visit) -> list[str]:
    """5201 by person and time; ours are those with our visit number."""
    begin, day = visit.begin_at, timedelta(days=1)
    found = client.find_visits(insured_of(visit), begin - day, begin + day, ORDINARY_OUTPATIENT)
    return [mdtrt_id for mdtrt_id, ipt_otp_no in found if ipt_otp_no == visit.ipt_otp_no]


def _visit_words(visit: Visit, appointment: Appointment) -> messages.Visit:
    doctor = appointment.session.doctor
    department = doctor.department
    return messages.Visit(
        ipt_otp_no=visit.ipt_otp_no,
        begin_at=visit.begin_at,
        med_type=ORDINARY_OUTPATIENT,
        dept_code=department.code,
        dept_name=department.name,
        caty=department.caty,
        doctor_code=doctor.code,
        doctor_name=doctor.name,
        complaint="",
        diagnoses=(messages.Diagnosis(code=department.diag_code, name=department.diag_name),),
    )


def _lines(charges: list[Charge]) -> tuple[messages.FeeLine, ...]:
    return tuple(
        messages.FeeLine(
            feedetl_sn=str(charge.pk),
            med_list_codg=charge.med_list_codg,
            medins_list_codg=charge.medins_list_codg,
            quantity=Decimal(charge.quantity),
            unit_price=Decimal(charge.unit_price),
            amount_fen=charge.amount_fen,
            occurred_at=charge.occurred_at,
            name=charge.name,
        )
        for charge in charges
    )
