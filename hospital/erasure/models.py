"""That a patient is to be erased, as two of the staff decide on it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hospital.appointments.models import Patient
from hospital.states import ERASURE_MOVES, ErasureState
from hospital.worklist import Stateful

DECIDED = (ErasureState.CARRIED_OUT, ErasureState.REJECTED)
"""States into which only a second person brings it."""


class Erasure(Stateful):
    """A patient is to be forgotten: proposed by one of the staff, approved by another, and carried out at once.

    `reason` is the proposer's, `answer` what the other person said to it. It was proposed at `created_at`.
    """

    MOVES = ERASURE_MOVES
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="erasures", verbose_name=_("patient"))
    reason = models.TextField(_("why"))
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in ErasureState], default=ErasureState.PROPOSED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.TextField(_("answer"), default="")

    class Meta:
        app_label = "hospital"
        default_permissions = ("add", "view")
        verbose_name = _("erasure of a patient")
        verbose_name_plural = _("erasures of patients")
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(state=ErasureState.PROPOSED), name="one_open_erasure"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="erasure_decided_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED) | Q(decided_by__isnull=False), name="erasure_decided_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} of patient {self.patient_id}"
