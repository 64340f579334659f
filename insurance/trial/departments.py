"""Lines of departments: each with a share of the insurer's minute, beside the common line."""

from django.db import transaction

from hospital import changes
from hospital.appointments.models import Department
from hospital.changes import Who
from insurance.quota.directory import DEFAULT
from insurance.quota.models import Insurer
from insurance.trial import line
from insurance.trial.models import Line

MOST_SHARE = 100


def give_share(insurer: Insurer, department: Department | None, weight: int, *, who: Who, why: str) -> Line:
    """So many turns for this department as against those of the other lines, while somebody waits in them.

    0: newcomers stand in the common line again; who stands in the department's own keeps the place. No department: the
    common line, whose share is 1 at least. Raises `Invalid("out_of_bounds" | "no_reason")`.
    """
    check_share(department, weight)
    with transaction.atomic():
        own = _line_of(insurer, department)
        changing = changes.record_all(_named(insurer, department), own, {"weight": weight}, who=who, why=why)
        Line.objects.filter(pk=own.pk).update(**changing)
        own.weight = weight
    return own


def check_share(department: Department | None, weight: int) -> None:
    """Raises `Invalid("out_of_bounds")`."""
    changes.require_within(Line._meta.get_field("weight").verbose_name, weight, 0 if department else 1, MOST_SHARE)


def _line_of(insurer: Insurer, department: Department | None) -> Line:
    """The line, locked; a department's is made without a share."""
    if department is None:
        made = line.line_of(insurer)
    else:
        kind = {"insurer": insurer, "urgent": False, "department": department}
        made = Line.objects.get_or_create(**kind, defaults={"weight": 0})[0]
    return Line.objects.select_for_update(no_key=True).get(pk=made.pk)


def _named(insurer: Insurer, department: Department | None) -> str:
    named = f"line of {department.code}" if department else "common line"
    return named if insurer.name == DEFAULT else f"{named} at {insurer.name}"
