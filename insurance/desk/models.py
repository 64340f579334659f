"""What two persons decide on, what staff were alerted to, and a settlement as the desk sees it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital.proposals import Proposal, by_two_persons
from hospital.stateful import Journal, WorkItem
from insurance.desk.actions import Action
from insurance.settlement.models import Settlement
from insurance.states import ALERT_MOVES, DECISION_MOVES, AlertState, DecisionState

DECIDED = (DecisionState.APPROVED, DecisionState.CARRIED_OUT, DecisionState.REJECTED)
"""States into which only a second person brings a decision."""


class Decision(Proposal):
    """Something final, or that moves money: proposed by one person, approved by another, and then carried out.

    `of_state` and `of_attempt` are the settlement's when it was proposed: if they are others when it is approved, it
    lapses. `evidence` is the proposer's, as `reason` is.
    """

    MOVES = DECISION_MOVES
    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="decisions", verbose_name=_("settlement"))
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    evidence = models.TextField(_("evidence"), default="")
    of_state = models.CharField(max_length=20)
    of_attempt = models.PositiveIntegerField()
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in DecisionState], default=DecisionState.PROPOSED
    )

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        permissions = [("approve_decision", "Can approve or reject a decision")]
        constraints = by_two_persons("settlement", "one_open_decision", DECIDED)

    def __str__(self) -> str:
        return f"{self.settlement_id}: {self.get_action_display()}"


class Alert(WorkItem):
    """Staff are to be told of this: the journal's entry says what it is. Sent late rather than never."""

    MOVES = ALERT_MOVES
    entry = models.OneToOneField(Journal, models.PROTECT, related_name="+", verbose_name=_("journal entry"))
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in AlertState], default=AlertState.DUE
    )
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [models.Index(fields=["due_at"], condition=Q(state=AlertState.DUE), name="alert_due")]

    def __str__(self) -> str:
        return f"alert {self.pk}"


class CaseFile(Settlement):
    """A settlement with its whole story on one page."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("case")
        verbose_name_plural = _("cases")
