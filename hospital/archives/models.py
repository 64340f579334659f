"""The filing queue's rows, the patients' master records and their cards."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.privacy import EncryptedText, Indexes
from hospital.stateful import WorkItem
from hospital.states import ARCHIVE_MOVES, ArchiveState

TAIL = 4


def tail(number: str) -> str:
    """What the last four of a card are indexed as: no other index is equal to theirs."""
    return f"tail {number[-TAIL:]}"


class MasterRecord(models.Model):
    """One person, found by the ID number however many accounts and cards there are (患者主索引)."""

    INDEXES: ClassVar[Indexes] = {"id_index": ("id_number", str)}
    id_index = models.CharField(_("ID number index"), max_length=64, unique=True)
    id_number = EncryptedText(_("ID number"))
    name = EncryptedText(_("name"))
    phone = EncryptedText(_("phone"))

    class Meta:
        verbose_name = _("master record")
        verbose_name_plural = _("master records")

    def __str__(self) -> str:
        return f"master record {self.pk}"


class Card(models.Model):
    """An insurance card that was filed for a person; a card belongs to one person only."""

    INDEXES: ClassVar[Indexes] = {"index": ("number", str)}
    master = models.ForeignKey(MasterRecord, models.CASCADE, related_name="cards", verbose_name=_("master record"))
    index = models.CharField(_("card index"), max_length=64, unique=True)
    type = models.CharField(_("type"), max_length=2)
    number = EncryptedText(_("number"), holds="card_number")

    class Meta:
        verbose_name = _("insurance card")
        verbose_name_plural = _("insurance cards")

    def __str__(self) -> str:
        return f"card {self.pk}"


class Archive(WorkItem):
    """A record that waits to be filed. Its id is its place: the oldest QUEUED row is the next to be filed.

    It carries what was given with the booking, so that filing needs nothing else. `card_region`: where the patient is
    insured ("": where the hospital is), and `insurer` the name of the one that this led to then; "": the default one.
    """

    MOVES = ARCHIVE_MOVES
    INDEXES: ClassVar[Indexes] = {
        "id_index": ("id_number", str),
        "card_index": ("card_number", str),
        "card_tail": ("card_number", tail),
    }
    ahead_when_queued: int | None = None
    """Told with a new row; no column."""
    appointment = models.OneToOneField("hospital.Appointment", models.PROTECT, related_name="archive")
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in ArchiveState], default=ArchiveState.QUEUED
    )
    name = EncryptedText(_("name"))
    id_number = EncryptedText(_("ID number"))
    id_index = models.CharField(_("ID number index"), max_length=64)
    phone = EncryptedText(_("phone"))
    card_type = models.CharField(_("card type"), max_length=2)
    card_number = EncryptedText(_("card number"))
    card_index = models.CharField(_("card index"), max_length=64)
    card_tail = models.CharField(_("index of the card's last four"), max_length=64, db_default="", db_index=True)
    card_region = models.CharField(_("insured region"), max_length=6, default="", db_default="", blank=True)
    insurer = models.CharField(_("insurer"), max_length=20, default="", db_default="", blank=True)
    number = models.CharField(_("archive number"), max_length=20, unique=True, null=True)
    master = models.ForeignKey(MasterRecord, models.PROTECT, null=True, verbose_name=_("master record"))
    filed_at = models.DateTimeField(_("filed at"), null=True)
    rejection = models.CharField(_("rejection"), max_length=40, default="")

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        permissions = [("reveal_archive", "Can see personal data whole, with a reason")]
        indexes = [models.Index(fields=["id"], condition=Q(state=ArchiveState.QUEUED), name="archive_waiting")]

    def __str__(self) -> str:
        return f"archive {self.number or self.pk}"
