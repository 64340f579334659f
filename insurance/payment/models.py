"""Orders at the institution that collects the self-pay part."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.worklist import WorkItem
from insurance.states import PAYMENT_MOVES, PaymentState


class PaymentOrder(WorkItem):
    """What the patient is to pay. `order_no` is ours, fixed before the institution hears of it: asking twice is safe.

    `due_at` is when the institution is asked what became of it, should its callback not come.
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

    class Meta:
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        indexes = [models.Index(fields=["due_at"], condition=Q(state=PaymentState.OPEN), name="payment_open")]

    def __str__(self) -> str:
        return self.order_no
