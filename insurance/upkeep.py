"""Everything that was left lying: found by its row, whatever became of its message."""

import logging
from collections.abc import Callable

from hospital.notices import delivery
from insurance.payment import orders
from insurance.settlement import collecting, steps
from insurance.trial import admission, turns

log = logging.getLogger(__name__)

_SWEEPS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("trials whose turn went silent", turns.recover_lapsed),
    ("settlements whose turn went silent", steps.mark_lapsed),
    ("notices whose sender went silent", delivery.recover_lapsed),
    ("trials no longer valid", admission.expire_due),
    ("payment orders asked about", orders.ask_due),
    ("settlements on the self-pay leg", collecting.collect_due),
)


def sweep() -> dict[str, int]:
    """Run every sweep; one that fails is logged and does not keep the others from running."""
    found = {}
    for name, act in _SWEEPS:
        try:
            found[name] = act()
        except Exception:
            log.exception("sweep failed: %s", name)
    picked_up = {name: count for name, count in found.items() if count}
    if picked_up:
        log.info("picked up: %s", picked_up)
    return found
