"""Everything that is held about a patient, for a machine to read (PIPL, articles 45 and 47; docs/privacy.md)."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import changes, hooks
from hospital.changes import PERSONAL_DATA, Access, Who
from hospital.errors import Conflict, NotFound
from hospital.models import Appointment, Archive, FollowLink, IdempotentRequest, MasterRecord, Notice, Patient
from hospital.notices import texts
from hospital.stateful import Journal

FORMAT = "hospital-line export 1"

_OURS = {"id_index", "card_index", "card_tail", "index", "fingerprint", "insured_fingerprint", "charges_fingerprint"}
"""What says something only to whoever has our keys."""


def named(text: str) -> Patient:
    """By the id or by the user name; `#7` is the id alone. Raises `NotFound("no_such_patient")`, and
    `Conflict("several_patients")` where one's id is another's user name."""
    number = text.removeprefix("#")
    by = Q(pk=int(number)) if number.isascii() and number.isdecimal() and len(number) <= 18 else Q()
    by_name = Q() if text.startswith("#") else Q(user__username=text)
    found = Patient.objects.filter(by | by_name).select_related("user") if by or by_name else Patient.objects.none()
    patients = list(found[:2])
    if len(patients) > 1:
        raise Conflict("several_patients", _("This is one patient's id and another's user name: write #id."))
    if not patients:
        raise NotFound("no_such_patient", "there is no such patient")
    return patients[0]


def export(patient: Patient, *, who: Who, why: str) -> dict[str, Any]:
    """All of it, written down as a view of personal data. To the patient what came in through this account: another
    account may have brought the same person's phone and cards, and nobody has shown that it is the same person.

    Raises `Invalid("no_reason")`.
    """
    with transaction.atomic():
        changes.record(subject(patient), PERSONAL_DATA, "held", changes.EXPORTED, who=who, why=why)
    return {
        "format": FORMAT,
        "made_at": timezone.now(),
        "account": _account(patient.user),
        "patient": fields(patient),
        "master_records": [_master(row, patient, who) for row in masters(patient)],
        "appointments": [_appointment(row) for row in appointments(patient)],
        "requests": all_fields(IdempotentRequest.objects.filter(user=patient.user).order_by("pk")),
        "erasures": [{"at": row.created_at, "state": row.state} for row in patient.erasures.order_by("pk")],
        "accesses": [{"at": row.at, "what": row.after} for row in accesses(patient)],
    }


def subject(patient: Patient) -> str:
    """How the patient stands among the changes by staff."""
    return f"patient {patient.pk}"


def fields(row: Model) -> dict[str, Any]:
    """A row as it stands, readable."""
    columns = [field.attname for field in row._meta.concrete_fields if field.attname not in _OURS]
    return {name: getattr(row, name) for name in columns}


def all_fields(rows: Iterable[Model]) -> list[dict[str, Any]]:
    """The same of many."""
    return [fields(row) for row in rows]


def journal(kind: str, pks: Iterable[int]) -> list[dict[str, Any]]:
    """How these came into their states."""
    return all_fields(Journal.objects.filter(kind=kind, item_id__in=list(pks)).order_by("pk"))


def appointments(patient: Patient) -> list[Appointment]:
    """All of them, the oldest first."""
    return list(Appointment.objects.filter(patient=patient).select_related("session", "archive").order_by("pk"))


def masters(patient: Patient) -> list[MasterRecord]:
    """The master record; more than one only if somebody else was booked for from this account."""
    pks = Archive.objects.filter(appointment__patient=patient).exclude(master=None).values("master_id")
    return list(MasterRecord.objects.filter(pk__in=pks).order_by("pk"))


def accesses(patient: Patient) -> Iterable[Access]:
    """When staff have seen this patient's data whole, or taken them out."""
    archives = Archive.objects.filter(appointment__patient=patient).values_list("pk", flat=True)
    subjects = [subject(patient), *(f"archive {pk}" for pk in archives)]
    return Access.objects.filter(subject__in=subjects).order_by("pk")


def _account(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("username", "date_joined", "last_login", "is_active")}


def _master(row: MasterRecord, patient: Patient, who: Who) -> dict[str, Any]:
    told, cards = fields(row), row.cards.order_by("pk")
    if who == patient.user:
        del told["phone"]
        cards = cards.filter(index__in=Archive.objects.filter(appointment__patient=patient).values("card_index"))
    return {**told, "cards": all_fields(cards)}


def _appointment(row: Appointment) -> dict[str, Any]:
    told: dict[str, Any] = {
        **fields(row),
        "session": fields(row.session),
        "doctor": row.session.doctor.name,
        "archive": fields(row.archive),
        "charges": all_fields(row.charges.order_by("pk")),
        "notices": [_notice(notice) for notice in row.notices.order_by("pk")],
        "link_to_follow": FollowLink.objects.filter(appointment=row).exists(),
        "journal": [*journal("appointment", [row.pk]), *journal("archive", [row.archive.pk])],
    }
    for more in hooks.call("held", row):
        told |= more
    return told


def _notice(row: Notice) -> dict[str, Any]:
    return {**fields(row), "title": texts.title(row), "text": texts.text(row)}
