"""What one of the staff proposes and another one decides on: never the same person, and the database refuses it too.

So it is with what moves money (`insurance/desk/decisions.py`) and with what cannot be undone
(`hospital/erasure/decisions.py`).
"""

from collections.abc import Collection

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hospital.errors import Conflict, Forbidden
from hospital.stateful import Stateful

PROPOSED = "proposed"
"""The state in which each of them begins, and waits for the second person."""


class Proposal(Stateful):
    """`reason` is the proposer's, `answer` what the other person said to it. It was proposed at `created_at`."""

    reason = models.TextField(_("why"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.TextField(_("answer"), default="")

    class Meta:
        abstract = True


def by_two_persons(of: str, one_open: str, decided: Collection[str], prefix: str = "") -> list[models.BaseConstraint]:
    """The constraints of a kind of proposals: one of them open `of` the same (a field), and never decided by whoever
    proposed it. `decided`: the states into which only a second person brings it."""
    return [
        models.UniqueConstraint(fields=[of], condition=Q(state=PROPOSED), name=one_open),
        models.CheckConstraint(
            condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name=f"{prefix}decided_by_another"
        ),
        models.CheckConstraint(
            condition=~Q(state__in=decided) | Q(decided_by__isnull=False), name=f"{prefix}decided_by_somebody"
        ),
    ]


def require_permission(who: User, permission: str) -> None:
    """Raises `Forbidden("not_allowed")`."""
    if not (who.is_staff and who.has_perm(permission)):
        raise Forbidden("not_allowed", _("You may not do this."))


def require_open(row: Proposal) -> None:
    """Raises `Conflict("already_decided")`. The row must be locked."""
    if row.state != PROPOSED:
        raise Conflict("already_decided", _("This was decided on already."))


def require_another(asked_by_id: int, who: User) -> None:
    """To approve. Raises `Forbidden("second_person")`."""
    if asked_by_id == who.pk:
        raise Forbidden("second_person", _("Somebody else must approve what you have proposed."))


def require_not_own(row: Proposal, who: User) -> None:
    """To reject. Raises `Forbidden("second_person")`."""
    if row.asked_by_id == who.pk:
        raise Forbidden("second_person", _("Your own proposal is withdrawn, not rejected."))


def require_own(row: Proposal, who: User) -> None:
    """To withdraw. Raises `Forbidden("not_yours")`."""
    if row.asked_by_id != who.pk:
        raise Forbidden("not_yours", _("Only whoever proposed it can withdraw it. You may reject it."))
