"""Every message to the insurer, written down before it leaves."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.privacy import EncryptedText


class MessageCounter(models.Model):
    """The last message id given out by an institution: seconds since 1970 × 10,000 + sequence."""

    institution = models.CharField(max_length=12, primary_key=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return self.institution


class InterfaceCall(models.Model):
    """One message on the wire. An empty `outcome` means: sent, and we do not know what became of it.

    `taking` tells which taking of the permit it travelled under: the messages of one turn have the same. It arrived
    between `sent_at` and `answered_at`; unanswered, at most `limit_seconds` and the way on the network after `sent_at`.
    """

    msgid = models.CharField(_("message id"), max_length=30, unique=True)
    infno = models.CharField(_("transaction"), max_length=5)
    lane = models.CharField(_("lane"), max_length=12)
    purpose = models.CharField(_("purpose"), max_length=40)
    insurer = models.CharField(_("insurer"), max_length=20, default="default", db_default="default")
    permit_id = models.BigIntegerField(_("permit"), null=True)
    taking = models.BigIntegerField(_("taking"), null=True)
    limit_seconds = models.FloatField(_("time limit (seconds)"), null=True)
    metered = models.BooleanField(_("counts against n"), default=False)
    sent_at = models.DateTimeField(_("sent at"), db_default=Now())
    answered_at = models.DateTimeField(_("answered at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, default="")
    note = models.CharField(_("note"), max_length=300, default="")
    request = EncryptedText(_("request"), compressed=True)
    reply = EncryptedText(_("reply"), default="", compressed=True)

    class Meta:
        verbose_name = _("interface call")
        verbose_name_plural = _("interface calls")
        indexes = [
            models.Index(fields=["purpose"], name="call_purpose"),
            models.Index(fields=["infno", "sent_at"], name="call_sent"),
            models.Index(fields=["sent_at", "id"], condition=Q(permit_id__isnull=False), name="call_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.infno} {self.msgid}"
