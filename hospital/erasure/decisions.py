"""A patient wants to be forgotten: one of the staff proposes it, another one approves, and only then it is carried out.

As what moves money (`insurance/desk/decisions.py`): the same person never does both, and the database refuses it too
(`erasure_decided_by_another`). A proposal may wait until nothing stands against it any more; nothing is erased while
something is in hand.
"""

from itertools import chain

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, held, hooks, proposals, worklist
from hospital.changes import PERSONAL_DATA
from hospital.erasure import forgetting
from hospital.erasure.models import Erasure
from hospital.errors import Conflict, Refusal
from hospital.models import Appointment, Patient
from hospital.states import AppointmentState, ErasureState

PROPOSE, APPROVE, LOOK = "hospital.add_erasure", "hospital.erase_patient", "hospital.view_erasure"

FIELD = "erasure"
"""How a proposal stands among the changes by staff; what was carried out stands there as an access."""


def propose(patient: Patient, *, who: User, why: str) -> Erasure:
    """Put it before a second person. Nothing is erased yet.

    Raises `Forbidden("not_allowed")`, `Conflict("erased_before" | "already_proposed")`, `Invalid("no_reason" |
    "personal_data")`.
    """
    proposals.require_permission(who, PROPOSE)
    with transaction.atomic():
        row = _locked(patient.pk)
        if not row.id_number:
            raise _erased_before()
        changes.require_unnamed(row.name, why)
        changes.record(held.subject(row), FIELD, "held", ErasureState.PROPOSED, who=who, why=why)
        return _enter(row, who, changes.clean(why))


def approve(erasure: Erasure, *, who: User, answer: str = "") -> Erasure:
    """A second person agrees: it is carried out in the same transaction, for good.

    Raises `Forbidden("not_allowed" | "second_person")`, `Conflict("already_decided" | "erased_before" | "in_hand")`.
    """
    proposals.require_permission(who, APPROVE)
    answer = changes.clean(answer)
    with transaction.atomic():
        open_one = _open(erasure)
        changes.require_unnamed(open_one.patient.name, answer)
        proposals.require_another(open_one.asked_by_id, who)
        if against := refusal(open_one.patient):
            raise against
        _carry_out(open_one, who, answer)
        return worklist.move(
            open_one, ErasureState.CARRIED_OUT, reason=answer, decided_by=who, decided_at=Now(), answer=answer
        )


def reject(erasure: Erasure, *, who: User, answer: str) -> Erasure:
    """A second person does not agree. Raises `Forbidden`, `Conflict("already_decided")`, `Invalid("no_reason")`."""
    proposals.require_permission(who, APPROVE)
    with transaction.atomic():
        open_one = _open(erasure)
        proposals.require_not_own(open_one, who)
        return _close(open_one, ErasureState.REJECTED, who, answer, decided_by=who)


def withdraw(erasure: Erasure, *, who: User, answer: str) -> Erasure:
    """Whoever proposed it thinks better of it. Raises `Forbidden`, `Conflict("already_decided")`, `Invalid`."""
    with transaction.atomic():
        open_one = _open(erasure)
        proposals.require_own(open_one, who)
        return _close(open_one, ErasureState.WITHDRAWN, who, answer)


@transaction.atomic
def erase(patient: Patient, *, asked_by: User, approved_by: User, why: str) -> Erasure:
    """Proposed and approved in one, where both persons are there. Raises as `propose` and `approve`."""
    proposals.require_another(asked_by.pk, approved_by)
    return approve(propose(patient, who=asked_by, why=why), who=approved_by)


def objections(patient: Patient) -> list[object]:
    """What stands against erasing this patient now, a sentence each: everything that is in hand."""
    appointments = held.appointments(patient)
    live = [one for one in appointments if one.state == AppointmentState.BOOKED]
    theirs = [
        _("Appointment %(number)s is not over yet: cancel it, or wait for its end.") % {"number": one.pk}
        for one in live
    ]
    return [*theirs, *chain.from_iterable(hooks.call("against_erasing", appointments))]


def refusal(patient: Patient) -> Refusal | None:
    """Why this patient cannot be erased now, in one; None when nothing stands against it."""
    if not patient.id_number:
        return _erased_before()
    against = objections(patient)
    return Conflict("in_hand", " ".join(map(str, against))) if against else None


def _carry_out(erasure: Erasure, who: User, answer: str) -> None:
    """Who has asked for it stands in the reason: the access is the second person's."""
    because = f"{erasure.reason} ({erasure.asked_by.get_username()})"
    why = f"{because} / {answer}" if answer else because
    subject = held.subject(erasure.patient)
    changes.record(subject, PERSONAL_DATA, "held", changes.ERASED, who=who, why=why, is_clean=True)
    forgetting.forget(erasure.patient)


def _enter(patient: Patient, who: User, why: str) -> Erasure:
    try:
        with transaction.atomic():
            return worklist.enter(Erasure(patient=patient, reason=why, asked_by=who), reason=why)
    except IntegrityError as error:
        if "one_open_erasure" not in str(error):
            raise
        raise Conflict("already_proposed", _("It is proposed already: decide on that.")) from error


def _close(erasure: Erasure, to: ErasureState, who: User, answer: str, **decided: object) -> Erasure:
    answer = changes.clean(answer)
    changes.require_unnamed(erasure.patient.name, answer)
    changes.record(held.subject(erasure.patient), FIELD, ErasureState.PROPOSED, to, who=who, why=answer)
    return worklist.move(erasure, to, reason=answer, decided_at=Now(), answer=answer, **decided)


def _open(erasure: Erasure) -> Erasure:
    """The patient's row first, as everybody locks them, then its own. Raises `Conflict("already_decided")`."""
    patient = _locked(erasure.patient_id)
    row = Erasure.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=erasure.pk)
    proposals.require_open(row)
    row.patient = patient
    return row


def _locked(pk: int) -> Patient:
    """Nobody books in this patient's name meanwhile (`archives.entry.ASKER`), and the appointments stay as they are."""
    patient = Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
    list(Appointment.objects.select_for_update().filter(patient=patient).order_by("pk").values_list("pk"))
    return patient


def _erased_before() -> Conflict:
    return Conflict("erased_before", _("This patient was erased before."))
