"""What may go goes for good, what the law has the hospital keep is nobody's any more.

Names, numbers, phones and cards go, the notices, and what stood in the messages to the insurer. The books stay: fees,
bills, settlements, payments, the ledger and the journal, by numbers that lead to nobody (PIPL, article 47; the rules on
accounts; docs/privacy.md). Two people decide (`decisions`), and nothing is erased while something is in hand.
"""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from hospital import held, hooks
from hospital.archives import filing
from hospital.changes import Change
from hospital.models import Archive, FollowLink, IdempotentRequest, MasterRecord, Notice, Patient


def forget(patient: Patient) -> None:
    """For good. The patient's row is locked by the caller, who has asked whether anything stands against it."""
    hooks.tell("erasing", held.appointments(patient))
    _forget_the_person(patient)
    _forget_what_was_said(patient)
    _close(patient.user)


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
