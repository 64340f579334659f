"""A patient wants to be forgotten: what may go goes for good, what the law has the hospital keep is nobody's any more.

Names, numbers, phones and cards go, the notices, and what stood in the messages to the insurer. The books stay: fees,
bills, settlements, payments, the ledger and the journal, by numbers that lead to nobody (PIPL, article 47; the rules on
accounts; docs/privacy.md). Nothing is erased while something is in hand. Two people decide.
"""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from hospital import changes, held, hooks
from hospital.archives import filing
from hospital.changes import PERSONAL_DATA, Change
from hospital.errors import Conflict, Forbidden
from hospital.models import Appointment, Archive, FollowLink, IdempotentRequest, MasterRecord, Notice, Patient
from hospital.states import AppointmentState

APPROVE = "hospital.erase_patient"


@transaction.atomic
def erase(patient: Patient, *, asked_by: User, approved_by: User, why: str) -> None:
    """For good. Raises `Forbidden("not_allowed" | "second_person")`, `Conflict("in_hand" | "erased_before")`,
    `Invalid("no_reason" | "personal_data")`."""
    _require(asked_by, approved_by)
    row = Patient.objects.select_for_update().get(pk=patient.pk)
    if not row.id_number:
        raise Conflict("erased_before", _("This patient was erased before."))
    appointments = list(Appointment.objects.select_for_update().filter(patient=row).order_by("pk"))
    if any(one.state == AppointmentState.BOOKED for one in appointments):
        raise Conflict("in_hand", _("An appointment is not over yet: cancel it, or wait for its end."))
    hooks.tell("erasing", appointments)
    because = f"{why.strip()} ({asked_by.get_username()})" if why.strip() else ""
    changes.record(held.subject(row), PERSONAL_DATA, "held", changes.ERASED, who=approved_by, why=because)
    _forget_the_person(row)
    _forget_what_was_said(row)
    _close(row.user)


def _require(asked_by: User, approved_by: User) -> None:
    if not (asked_by.is_active and asked_by.is_staff and approved_by.is_active and approved_by.has_perm(APPROVE)):
        raise Forbidden("not_allowed", _("One of the staff must ask for it, and one who may approve it."))
    if asked_by.pk == approved_by.pk:
        raise Forbidden("second_person", _("Somebody else must approve what you have proposed."))


def _forget_the_person(patient: Patient) -> None:
    """A master record goes with its last account: the same person may have another one. Nobody files meanwhile: what is
    being filed has read the record that may go."""
    filing.hold()
    masters, archives = held.masters(patient), Archive.objects.filter(appointment__patient=patient)
    archives.update(
        **dict.fromkeys(("name", "id_number", "phone", "card_number", "id_index", "card_index", "card_tail"), "")
    )
    for master in masters:
        if not Archive.objects.filter(master=master).exclude(id_index="").exists():
            master.cards.all().delete()
            gone = {"id_index": f"erased {master.pk}", "id_number": "", "name": "", "phone": ""}
            MasterRecord.objects.filter(pk=master.pk).update(**gone)
    Patient.objects.filter(pk=patient.pk).update(name="", id_number="", phone="")


def _forget_what_was_said(patient: Patient) -> None:
    Notice.objects.filter(patient=patient).delete()
    FollowLink.objects.filter(appointment__patient=patient).delete()
    IdempotentRequest.objects.filter(user=patient.user).delete()


def _close(user: User) -> None:
    """Nobody signs in any more; with the password every session and every token ends."""
    OutstandingToken.objects.filter(user=user).delete()
    user.username, user.first_name, user.last_name, user.email = f"erased-{user.pk}", "", "", ""
    user.is_active = False
    user.set_unusable_password()
    user.save()
    Change.objects.filter(who=user).update(who_name=user.username)
    of_account = LogEntry.objects.filter(content_type__app_label="auth", content_type__model="user")
    of_account.filter(object_id=str(user.pk)).update(object_repr=user.username)
