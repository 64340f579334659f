"""That a patient is to be erased, as two of the staff decide on it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hospital.appointments.models import Patient
from hospital.proposals import Proposal, by_two_persons
from hospital.states import ERASURE_MOVES, ErasureState

DECIDED = (ErasureState.CARRIED_OUT, ErasureState.REJECTED)
"""States into which only a second person brings it."""


class Erasure(Proposal):
    """A patient is to be forgotten: proposed by one of the staff, approved by another, and carried out at once."""

    MOVES = ERASURE_MOVES
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="erasures", verbose_name=_("patient"))
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in ErasureState], default=ErasureState.PROPOSED
    )

    class Meta:
        app_label = "hospital"
        default_permissions = ("add", "view")
        verbose_name = _("erasure of a patient")
        verbose_name_plural = _("erasures of patients")
        constraints = by_two_persons("patient", "one_open_erasure", DECIDED, prefix="erasure_")

    def __str__(self) -> str:
        return f"erasure {self.pk} of patient {self.patient_id}"
