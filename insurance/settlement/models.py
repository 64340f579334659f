"""Settlements: what was agreed on after a trial, and what has become of it on both legs."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.privacy import EncryptedText
from hospital.stateful import WorkItem
from insurance.payment.models import PaymentOrder
from insurance.quota.directory import DEFAULT
from insurance.states import SETTLEMENT_MOVES, SettlementState
from insurance.trial.models import Trial


class Mode(models.TextChoices):
    INSURANCE = "insurance", _("insurance")
    SELF_PAY = "self_pay", _("self-pay")


CLAIM_LATER = "claim_later"
"""The third way to settle: paid now by oneself, claimed later. Its mode is what it is at the moment."""

WAYS = (*Mode.values, CLAIM_LATER)

NOT_LIVE = (
    SettlementState.REFUSED,
    SettlementState.REVERSED,
    SettlementState.REFUNDING,
    SettlementState.MANUAL,
)
"""Of all others an appointment has one at the most."""


class Settlement(WorkItem):
    """A settlement (结算). The amounts are those agreed on, from the trial, in fen.

    `settle_msgid` is the id of the settlement message and committed before it is sent: with it a settlement whose
    answer was lost can be asked about and reversed (protocol 3.10). `since` is when it came into its state, `asked` how
    often it was tried there in vain. `wanted`: the patient has not given it up. `claim_later`: paid first, to be
    claimed when the interface is back. `clr_type` and `clr_optins` are what the insurer's totals go by (3201).
    `insurer`: the name of the one at which it is settled, for life.
    """

    MOVES = SETTLEMENT_MOVES
    appointment = models.ForeignKey("hospital.Appointment", models.PROTECT, related_name="settlements")
    trial = models.ForeignKey(Trial, models.PROTECT, related_name="settlements")
    insurer = models.CharField(_("insurer"), max_length=20, default=DEFAULT, db_default=DEFAULT)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=[(s.value, s.value) for s in SettlementState],
        default=SettlementState.WAITING,
    )
    total_fen = models.BigIntegerField(_("total (fen)"))
    fund_fen = models.BigIntegerField(_("fund (fen)"), default=0)
    account_fen = models.BigIntegerField(_("account (fen)"), default=0)
    cash_fen = models.BigIntegerField(_("cash (fen)"), default=0)
    settle_msgid = models.CharField(_("message id"), max_length=30, default="", db_index=True)
    setl_id = models.CharField(_("settlement id"), max_length=64, default="", db_index=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    clr_type = models.CharField(max_length=6, default="")
    clr_optins = models.CharField(max_length=6, default="")
    since = models.DateTimeField(_("in this state since"), db_default=Now(), editable=False)
    asked = models.PositiveIntegerField(_("asked in vain"), default=0, editable=False)
    wanted = models.BooleanField(_("wanted by the patient"), default=True, editable=False)
    claim_later = models.BooleanField(_("paid first, claimed later"), default=False, editable=False)
    payment = models.OneToOneField(PaymentOrder, models.PROTECT, null=True, related_name="settlement")
    completed_at = models.DateTimeField(_("completed at"), null=True)

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        indexes = [
            models.Index(
                fields=["state", "due_at"],
                condition=~Q(state__in=["completed", "refused", "reversed"]),
                name="settlement_open",
            ),
            models.Index(
                fields=["insurer", "state", "id"],
                condition=~Q(state__in=["completed", "refused", "reversed"]),
                name="settlement_lane",
            ),
            models.Index(
                fields=["state", "since"],
                condition=Q(state__in=["completed", "refused", "reversed"]),
                name="settlement_ended",
            ),
        ]
        # Money that comes after the end turns REVERSED into REFUNDING (`saga`) also where another settlement is under
        # way; that MANUAL and REFUNDING bar a new one is seen to in `opening`, under the appointment's lock.
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=~Q(state__in=[state.value for state in NOT_LIVE]),
                name="one_live_settlement",
            )
        ]

    def __str__(self) -> str:
        return f"settlement {self.pk}"

    @property
    def number(self) -> str:
        """Our number for the payment institution and the report: fixed, so that asking twice is safe."""
        return f"S{self.pk:012d}"

    @property
    def invono(self) -> str:
        """Our receipt's number as the insurer is told it (H t85, C20), the same for every message that asks for it."""
        return str(self.pk)


class Credential(models.Model):
    """An electronic credential that was scanned for this settlement: kept until 2207 was answered, and no longer."""

    settlement = models.OneToOneField(Settlement, models.CASCADE, related_name="credential")
    number = EncryptedText(_("electronic credential"))
    given_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"credential of settlement {self.settlement_id}"
