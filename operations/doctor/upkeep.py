"""The ticks: beat asks for them, and the workers' own timer beside it."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from hospital import ticks
from operations.doctor.finding import Finding, bad, ok, warning
from tasks import queues, second_path

LATE_INTERVALS = 3
LATE_SECONDS = 6.0
"""So late is no tick of a beat that runs."""

STOPPED_SECONDS = 4 * second_path.EVERY_SECONDS
"""So late is no tick of a worker's timer either."""


def check() -> Iterable[Finding]:
    """Those that come late, and those that do not come."""
    ages = ticks.ages_seconds()
    found = [finding for name, every in _intervals().items() for finding in _of(name, every, ages.get(name))]
    return found or [ok("ticks", _("all come in time"))]


def _intervals() -> dict[str, float]:
    return {tick["task"]: float(tick["schedule"]) for tick in queues.schedule().values()}


def _of(name: str, every_seconds: float, age: float | None) -> Iterable[Finding]:
    start = _("Start beat and the worker general (Procfile) and see that they reach the broker.")
    if age is None:
        yield bad("ticks", _("%(tick)s has never come") % {"tick": name}, start)
        return
    says = _("%(tick)s came %(age).0f s ago, due every %(every).0f s")
    values = {"tick": name, "age": age, "every": every_seconds}
    if age > max(LATE_INTERVALS * every_seconds, STOPPED_SECONDS):
        yield bad("ticks", says % values, start)
    elif age > max(LATE_INTERVALS * every_seconds, LATE_SECONDS):
        yield warning("ticks", says % values, _("Start beat: only the workers' own timer asks for it."))
