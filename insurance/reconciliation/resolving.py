"""What staff decide about a difference: with evidence, kept with the difference and in the changes."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hospital import changes
from hospital.changes import Who
from hospital.errors import Conflict
from insurance.reconciliation import keeping
from insurance.reconciliation.models import DayBook, Difference
from insurance.states import DifferenceState


def resolve(difference: Difference, *, who: Who, why: str) -> Difference:
    """It is explained: `why` is the evidence. Raises `Conflict("already_resolved")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        DayBook.objects.select_for_update().get(pk=difference.book_id)
        row = Difference.objects.select_for_update().get(pk=difference.pk)
        if row.state == DifferenceState.RESOLVED:
            raise Conflict("already_resolved", _("This difference is resolved already."))
        change = changes.record(f"difference {row.pk}", "state", row.state, "resolved", who=who, why=why)
        return keeping.resolve(row, by=change.who_name, evidence=why.strip())
