"""Everything that was left lying: found by its row, whatever became of its message."""

import logging
from collections.abc import Callable
from functools import partial

from hospital import retention, tokens
from hospital.notices import delivery
from insurance.calls import keeping
from insurance.desk import alerts, decisions
from insurance.quota import adapting, days, exchange
from insurance.settlement import claims, collecting, recording, rescanning, withdrawing
from insurance.trial import accuracy, admission, nearing, places, turns

log = logging.getLogger(__name__)

RULES = (retention.REQUESTS, retention.NOTICES, keeping.MESSAGES)
"""What is kept no longer than the settings say."""

_SWEEPS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("trials whose turn went silent", turns.recover_lapsed),
    ("settlements whose turn went silent", recording.mark_lapsed),
    ("notices whose sender went silent", delivery.recover_lapsed),
    ("trials no longer valid", admission.expire_due),
    ("steps of n given back", adapting.restore),
    ("patients told that their turn is near", nearing.tell_those_who_are_near),
    ("patients asked to scan once more", rescanning.ask_those_who_are_near),
    ("settlements on the self-pay leg", collecting.collect_due),
    ("claims that follow the money", claims.follow),
    ("orders that nobody needs", withdrawing.find_left),
    ("proposals whose case has moved on", decisions.lapse_overtaken),
    ("cases that staff were told of", alerts.tell_staff),
    ("a look at the clock", exchange.look_at_the_clock),
)

_RECORDS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("days of the line", accuracy.remember_lately),
    ("nodes of lines that nobody asks about", places.prune),
    ("days of the proof", days.remember_lately),
    ("tokens that have run out", tokens.forget_expired),
    ("sessions that have run out", retention.forget_sessions),
    *((rule.name, partial(retention.tidy, rule)) for rule in RULES),
)


def sweep() -> dict[str, int]:
    """Run every sweep; one that fails is logged and does not keep the others from running."""
    return _run(_SWEEPS)


def keep_records() -> dict[str, int]:
    """What is measured and tidied up now and then."""
    return _run(_RECORDS)


def _run(sweeps: tuple[tuple[str, Callable[[], int]], ...]) -> dict[str, int]:
    found = {}
    for name, act in sweeps:
        try:
            found[name] = act()
        except Exception:
            log.exception("sweep failed: %s", name)
    picked_up = {name: count for name, count in found.items() if count}
    if picked_up:
        log.info("picked up: %s", picked_up)
    return found
