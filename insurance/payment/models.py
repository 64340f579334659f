"""Orders at the institution that collects the self-pay part."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.stateful import WorkItem
from insurance.states import PAYMENT_MOVES, REFUND_MOVES, PaymentState, RefundState


class PaymentOrder(WorkItem):
    """What the patient is to pay. `order_no` is ours, fixed before the institution hears of it: asking twice is safe.

    `due_at` is when the institution is asked what became of it, should its callback not come. `in_hand`: it was paid,
    and is not known yet to belong to a settlement that is complete, or to be given back.
    """

    MOVES = PAYMENT_MOVES
    order_no = models.CharField(_("order number"), max_length=32, unique=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in PaymentState], default=PaymentState.OPEN
    )
    pay_url = models.CharField(_("payment page"), max_length=500, default="")
    expires_at = models.DateTimeField(_("expires at"))
    transaction_no = models.CharField(_("transaction number"), max_length=64, default="")
    paid_at = models.DateTimeField(_("paid at"), null=True)
    in_hand = models.BooleanField(db_default=False, editable=False)

    class Meta:
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=PaymentState.OPEN), name="payment_open"),
            models.Index(fields=["id"], condition=Q(in_hand=True), name="payment_in_hand"),
        ]

    def __str__(self) -> str:
        return self.order_no


class Refund(WorkItem):
    """Money to be given back. `refund_no` is ours, fixed before the institution hears of it: asking twice is safe."""

    MOVES = REFUND_MOVES
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="refunds", verbose_name=_("payment order"))
    refund_no = models.CharField(_("refund number"), max_length=34, unique=True)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in RefundState], default=RefundState.DUE
    )
    done_at = models.DateTimeField(_("given back at"), null=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=RefundState.DUE), name="refund_due"),
            models.Index(fields=["id"], condition=Q(state=RefundState.REFUSED), name="refund_refused"),
        ]
        constraints = [models.CheckConstraint(condition=Q(amount_fen__gt=0), name="refund_is_positive")]

    def __str__(self) -> str:
        return self.refund_no
