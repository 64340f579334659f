"""The ledger: what moved on each leg, append-only. The database itself refuses to change or delete an entry."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Leg(models.TextChoices):
    """Who bears what. The first four add up to the bill; the last two are money that passed through our hands."""

    FUND = "fund", _("insurance fund")
    ACCOUNT = "account", _("personal account")
    OWN = "own", _("to be paid by the patient")
    HOSPITAL = "hospital", _("borne by the hospital")
    CASH = "cash", _("collected")
    REFUND = "refund", _("given back")


class Kind(models.TextChoices):
    SETTLED = "settled", _("settled")
    UNDONE = "undone", _("undone")
    PAID = "paid", _("paid")
    REFUNDED = "refunded", _("refunded")


class LedgerEntry(models.Model):
    """One amount in fen on one leg; what undoes another is negative.

    `number` is that of the settlement (`Settlement.number`). `source` is the number of the event: setl_id, order or
    refund number; with `kind`, `leg` and `number` it is unique, so that nothing is booked twice (two insurers may give
    the same setl_id). `by` is the transaction (2207,
    2208, 2601, pay, refund), `at` the other side's time.
    """

    number = models.CharField(_("settlement"), max_length=20, db_index=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    leg = models.CharField(_("leg"), max_length=10, choices=Leg.choices)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    source = models.CharField(_("source"), max_length=64)
    by = models.CharField(_("by"), max_length=10)
    at = models.DateTimeField(_("at"), db_index=True)
    booked_at = models.DateTimeField(_("booked at"), db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        constraints = [models.UniqueConstraint(fields=["source", "kind", "leg", "number"], name="booked_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.leg} {self.amount_fen}"
