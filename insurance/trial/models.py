"""The visit as registered with the insurer, and the trials made for it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.worklist import WorkItem
from insurance.states import TRIAL_MOVES, TrialState


class Visit(models.Model):
    """What the insurer knows of an appointment so far; each preparatory call that worked leaves its mark here.

    `registration_asked` and `charges_asked` are set before the call: with a lost answer they say that there may be a
    visit or a batch at the insurer that we do not know of (protocol 4).
    """

    appointment = models.OneToOneField("hospital.Appointment", models.PROTECT, related_name="visit")
    psn_no = models.CharField(max_length=30, default="")
    insutype = models.CharField(max_length=6, default="")
    insuplc_admdvs = models.CharField(max_length=6, default="")
    psn_type = models.CharField(max_length=6, default="")
    ipt_otp_no = models.CharField(max_length=30, unique=True)
    begin_at = models.DateTimeField()
    registration_asked = models.BooleanField(default=False)
    mdtrt_id = models.CharField(max_length=30, default="")
    details_sent = models.BooleanField(default=False)
    charges_asked = models.BooleanField(default=False)
    chrg_bchno = models.CharField(max_length=30, default="")
    charges_fingerprint = models.CharField(max_length=64, default="")
    line_splits = models.JSONField(default=list)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")

    def __str__(self) -> str:
        return f"visit {self.mdtrt_id or self.pk}"


class Trial(WorkItem):
    """A trial (医保试算). Its id is its place in the line. Amounts in fen.

    `held_back`: when it joined, no permit was left for it (method, step 5).
    """

    MOVES = TRIAL_MOVES
    LIVE = (TrialState.WAITING, TrialState.CALLING, TrialState.PRICED, TrialState.ACCEPTED, TrialState.FROZEN)
    appointment = models.ForeignKey("hospital.Appointment", models.PROTECT, related_name="trials")
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in TrialState], default=TrialState.WAITING
    )
    held_back = models.BooleanField(_("held back"), default=False)
    charges_fingerprint = models.CharField(max_length=64, default="")
    total_fen = models.BigIntegerField(_("total (fen)"), null=True)
    fund_fen = models.BigIntegerField(_("fund (fen)"), null=True)
    account_fen = models.BigIntegerField(_("account (fen)"), null=True)
    cash_fen = models.BigIntegerField(_("cash (fen)"), null=True)
    hospital_fen = models.BigIntegerField(_("hospital (fen)"), null=True)
    split = models.JSONField(_("split by policy (fen)"), default=dict)
    priced_at = models.DateTimeField(_("priced at"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    refusal = models.CharField(_("refusal"), max_length=300, default="")

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        indexes = [models.Index(fields=["id"], condition=Q(state=TrialState.WAITING), name="trial_line")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=Q(state__in=["waiting", "calling", "priced", "accepted", "frozen"]),
                name="one_live_trial",
            )
        ]

    def __str__(self) -> str:
        return f"trial {self.pk}"
