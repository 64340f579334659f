"""The doctor's rounds: every check in turn. One that needs a database that is away says so and stops no other.

Reads, and connects; changes nothing and sends no business message.
"""

from collections.abc import Callable, Iterable, Iterator

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from operations.doctor import (
    archiving,
    certificates,
    clocks,
    configuration,
    interface,
    limit,
    partners,
    stores,
    strays,
    upkeep,
)
from operations.doctor.finding import Finding, bad

Check = Callable[[], Iterable[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("configuration", configuration.check),
    ("settings", configuration.contradictions),
    ("database", stores.database),
    ("migrations", stores.migrations),
    ("cache", stores.cache),
    ("broker", stores.broker),
    ("clocks", clocks.check),
    ("permits", limit.check),
    ("interface", interface.check),
    ("ticks", upkeep.check),
    ("archiving", archiving.check),
    ("strays", strays.check),
    ("partners", partners.check),
    ("certificates", certificates.check),
)


def make() -> Iterator[Finding]:
    """Every finding, in the order in which one would look."""
    for name, check in CHECKS:
        try:
            yield from list(check())
        except (DatabaseError, InterfaceError) as error:
            says = _("could not be looked at: the database says %(error)s") % {"error": type(error).__name__}
            yield bad(name, says, _("Put the database in order first, then ask again."))
