"""Who may see which trial, and who may put one first."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from hospital.errors import Forbidden, NotFound
from hospital.rest import asker_id
from insurance.trial.models import Trial


def trial_of(request: Request, pk: int) -> Trial:
    """The trial, if it may be seen; else there is none. Raises `NotFound("no_such_trial")`."""
    trials = Trial.objects.select_related("line").filter(pk=pk)
    if not request.user.is_staff:
        trials = trials.filter(appointment__patient__user_id=asker_id(request))
    try:
        return trials.get()
    except Trial.DoesNotExist as error:
        raise NotFound("no_such_trial", _("There is no such trial.")) from error


def staff_of(request: Request) -> User:
    """The account that asks, a member of staff. Raises `Forbidden("staff_only")`."""
    if not isinstance(request.user, User) or not request.user.is_staff:
        raise Forbidden("staff_only", _("Only staff may do this."))
    return request.user
