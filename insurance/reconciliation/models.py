"""The book of a day, and what was found to differ on it. A closed day is immutable: the database itself refuses."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.stateful import Stateful, WorkItem
from insurance.reconciliation.rules import Class
from insurance.settlement.models import Settlement
from insurance.states import DAY_BOOK_MOVES, DIFFERENCE_MOVES, DayBookState, DifferenceState


class DayBook(WorkItem):
    """A local day in three books: ours, the insurer's, the payment institution's, as sums in fen and counts.

    `totals` are ours by insurance, clearing type and office, each with whether the insurer agrees (3201). `so_far`: it
    was compared before it was over. `details`: compare each settlement (3202) also where the totals agree.
    `last_entry_id` is the last entry of the ledger that the closed day holds: whatever of the day is booked later
    belongs to the next (`late.py`).
    """

    MOVES = DAY_BOOK_MOVES
    day = models.DateField(_("day"), unique=True)
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in DayBookState], default=DayBookState.OPEN
    )
    ours = models.JSONField(_("ours"), default=dict)
    insurer = models.JSONField(_("the insurer's"), default=dict)
    payments = models.JSONField(_("the payment institution's"), default=dict)
    totals = models.JSONField(_("totals compared"), default=list)
    reconciled_at = models.DateTimeField(_("compared at"), null=True)
    so_far = models.BooleanField(_("not over then"), default=False)
    details = models.BooleanField(_("settlement by settlement"), default=False)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=150, default="")
    verdict = models.CharField(_("verdict"), max_length=200, default="")
    last_entry_id = models.BigIntegerField(null=True)

    class Meta:
        app_label = "insurance"
        verbose_name = _("day book")
        verbose_name_plural = _("day books")
        ordering = ("-day",)
        permissions = [("close_daybook", "Can close a day")]

    def __str__(self) -> str:
        return f"{self.day}"


class Difference(Stateful):
    """Something that two books say differently; found again, it ages and is not doubled.

    `key` is the source by which the movement is known: setl_id, order or refund number, or of what only the insurer has
    the message that made it. `resolved_by` says how it ended: gone, by its remedy, or by whom.
    """

    MOVES = DIFFERENCE_MOVES
    book = models.ForeignKey(DayBook, models.PROTECT, related_name="differences", verbose_name=_("day"))
    classed = models.CharField(_("class"), max_length=12)
    movement = models.CharField(_("movement"), max_length=10)
    key = models.CharField(_("source"), max_length=80)
    msgid = models.CharField(_("message id"), max_length=64, default="")
    settlement = models.ForeignKey(
        Settlement, models.PROTECT, null=True, related_name="differences", verbose_name=_("settlement")
    )
    says = models.CharField(_("our row says"), max_length=20)
    ours_fen = models.BigIntegerField(_("ours (fen)"), null=True)
    theirs_fen = models.BigIntegerField(_("theirs (fen)"), null=True)
    ours_day = models.DateField(_("our day"), null=True)
    theirs_day = models.DateField(_("their day"), null=True)
    remedy = models.CharField(_("remedy"), max_length=10)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=[(s.value, s.value) for s in DifferenceState],
        default=DifferenceState.OPEN,
    )
    evidence = models.TextField(_("evidence"), default="")
    resolved_by = models.CharField(_("resolved by"), max_length=150, default="")
    first_seen = models.DateTimeField(_("first seen"), db_default=Now())
    last_seen = models.DateTimeField(_("last seen"), db_default=Now())

    class Meta:
        app_label = "insurance"
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ("-book__day", "pk")
        constraints = [
            models.UniqueConstraint(fields=["book", "classed", "movement", "key"], name="one_row_a_difference")
        ]
        indexes = [models.Index(fields=["book"], condition=~Q(state="resolved"), name="difference_open")]

    def __str__(self) -> str:
        return f"{self.classed} {self.movement} {self.key}"

    @property
    def age_days(self) -> int:
        """For how many days it has been known."""
        return (timezone.now() - self.first_seen).days

    @property
    def said(self) -> str:
        """What our row says of it, where only theirs has it."""
        return self.says if self.classed == Class.ONLY_THEIRS else ""

    @property
    def is_open(self) -> bool:
        return self.state != DifferenceState.RESOLVED
