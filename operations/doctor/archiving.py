"""Old months go into files by a tick where ARCHIVE_FOLDER is set: whether they do."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from insurance.archiving import runs
from insurance.archiving.models import Archiving
from insurance.quota.clock import database_now
from operations.doctor.finding import Finding, bad, ok, warning

LATE = timedelta(seconds=3 * runs.EVERY_SECONDS)


def check() -> Iterable[Finding]:
    """Off, as it should be, late, or failing and why."""
    if not settings.ARCHIVE_FOLDER:
        yield ok("archiving", _("off: old months stay until archive_months takes them"))
        return
    yield _of(runs.state())


def _of(state: Archiving) -> Finding:
    if state.is_failing:
        says = _("no month could be put into %(folder)s: %(error)s")
        do = _("See that the worker general has the folder, may write there, and that it is not full.")
        return bad("archiving", says % {"folder": settings.ARCHIVE_FOLDER, "error": state.error}, do)
    if state.ended_at is None or database_now() - state.ended_at > LATE:
        last = f"{state.ended_at:%Y-%m-%d %H:%M}" if state.ended_at else _("never")
        says = _("old months were last looked at: %(last)s") % {"last": last}
        return warning("archiving", says, _("Start beat and the worker general (Procfile): it is due each hour."))
    says = _("old months were last looked at: %(last)s") % {"last": f"{state.ended_at:%Y-%m-%d %H:%M}"}
    if state.waits_for:
        return warning("archiving", f"{says}; {state.waits_for}", _("End what is open there, at the desk."))
    return ok("archiving", says)
