"""Who may see which trial."""

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from hospital.errors import NotFound
from hospital.rest import asker_id
from insurance.trial.models import Trial


def trial_of(request: Request, pk: int) -> Trial:
    """The trial, if it may be seen; else there is none. Raises `NotFound("no_such_trial")`."""
    trials = Trial.objects.select_related("appointment")
    if not request.user.is_staff:
        trials = trials.filter(appointment__patient__user_id=asker_id(request))
    trial = trials.filter(pk=pk).first()
    if trial is None:
        raise NotFound("no_such_trial", _("There is no such trial."))
    return trial
