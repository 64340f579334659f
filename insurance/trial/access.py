"""Who may see which trial, who may ask for one, and who may put one first."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from hospital.appointments.access import is_staff_with
from hospital.errors import Forbidden, NotFound
from hospital.rest import asker_id
from insurance.trial.models import Trial

LOOK, ASK, PUT_FIRST = "insurance.view_trial", "insurance.add_trial", "insurance.change_trial"


def trial_of(request: Request, pk: int) -> Trial:
    """The trial, if it may be seen; else there is none. Raises `NotFound("no_such_trial")`."""
    trials = Trial.objects.select_related("line", "appointment__patient").filter(pk=pk)
    if not is_staff_with(request, LOOK):
        trials = trials.filter(appointment__patient__user_id=asker_id(request))
    try:
        return trials.get()
    except Trial.DoesNotExist as error:
        raise NotFound("no_such_trial", _("There is no such trial.")) from error


def staff_of(request: Request) -> User:
    """The account that asks, of the staff who may put a trial first. Raises `Forbidden("staff_only")`."""
    if not isinstance(request.user, User) or not is_staff_with(request, PUT_FIRST):
        raise Forbidden("staff_only", _("Only staff may do this."))
    return request.user
