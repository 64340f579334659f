"""What patients are told. One row a channel; the text is made when it is read, in the reader's language."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.stateful import WorkItem
from hospital.states import NOTICE_MOVES, NoticeState


class Kind(models.TextChoices):
    """The last four are for the hospital's own app alone: the patient does them, or is told in another way."""

    FILED = "filed", _("filed")
    REJECTED = "rejected", _("filing rejected")
    CLOSE = "close", _("turn is near")
    PRICED = "priced", _("trial priced")
    TRIAL_REFUSED = "trial_refused", _("trial refused")
    CLAIM_SETTLED = "claim_settled", _("claim settled")
    CLAIM_REFUSED = "claim_refused", _("claim refused")
    SCAN_AGAIN = "scan_again", _("electronic credential wanted")
    SETTLE_AGAIN = "settle_again", _("settlement not carried out")
    COMPLETED = "completed", _("completed")
    TAKEN_BACK = "taken_back", _("settlement taken back")
    CANCELLED = "cancelled", _("appointment cancelled")
    SETTLEMENT_REFUSED = "settlement_refused", _("settlement refused")
    SETTLEMENT_REVERSED = "settlement_reversed", _("settlement reversed")
    SETTLEMENT_MANUAL = "settlement_manual", _("settlement with our staff")


class Channel(models.TextChoices):
    INBOX = "inbox", _("inbox")
    WEBHOOK = "webhook", _("webhook")


class Notice(WorkItem):
    """A notice on its way through one channel. `facts` holds what the text needs and never personal data."""

    MOVES = NOTICE_MOVES
    patient = models.ForeignKey("hospital.Patient", models.CASCADE, verbose_name=_("patient"))
    appointment = models.ForeignKey("hospital.Appointment", models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    facts = models.JSONField(_("facts"), default=dict)
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in NoticeState], default=NoticeState.PENDING
    )
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["patient", "id"], name="notice_inbox"),
            models.Index(fields=["due_at"], condition=Q(state=NoticeState.PENDING), name="notice_pending"),
            models.Index(fields=["leased_until"], condition=Q(state=NoticeState.SENDING), name="notice_sending"),
            models.Index(fields=["created_at"], condition=Q(state=NoticeState.FAILED), name="notice_failed"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk} {self.kind}"
