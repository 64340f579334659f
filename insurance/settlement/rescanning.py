"""Ask for an electronic credential once more before the turn comes, of whoever's will have grown old by then.

Told only when the turn is as near as a code is good for: what is scanned at once is then still fresh. Who does not do
it loses nothing: as before, the turn is not used, and the settlement is to be made again (`credentials`).
"""

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hospital.notices import writing
from hospital.notices.models import Kind
from insurance.quota import gate, insurers, lanes, permits
from insurance.quota.exchange import profile
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.settlement import credentials
from insurance.states import SettlementState


def ask_those_who_are_near() -> int:
    """The tick: a notice to each of them, once for each code that was handed in. Returns how many."""
    return sum(_ask_at(insurer) for insurer in insurers.everyone())


def _ask_at(insurer: Insurer) -> int:
    """Without a limit nobody waits; while the gate is shut nobody's turn is near."""
    good_seconds = profile(insurer.name).fresh_credential_seconds
    quota = permits.quota_of(Lane.SETTLEMENT, insurer) if good_seconds else None
    if quota is None or not quota.in_force or gate.why_closed(insurer):
        return 0
    turn_seconds = permits.WINDOW_SECONDS / quota.in_force
    near = lanes.due(Lane.SETTLEMENT, insurer.name)[: math.ceil(good_seconds / turn_seconds)]
    now, good = timezone.now(), timedelta(seconds=good_seconds)
    turns = (now + timedelta(seconds=place * turn_seconds) for place in range(len(near)))
    given_before = {settlement.pk: turn - good for settlement, turn in zip(near, turns, strict=True)}
    return _ask(given_before, good_seconds)


def _ask(given_before: dict[int, datetime], good_seconds: int) -> int:
    """By settlement: a code that was given before this will have grown old when its turn comes."""
    with transaction.atomic():
        waiting = Q(settlement__in=given_before, settlement__state=SettlementState.WAITING, settlement__wanted=True)
        kept = credentials.not_asked_since().filter(waiting).select_related("settlement__appointment")
        # With the appointment, which a notice refers to: who gives up or records holds it, and then forgets the code.
        both = kept.select_for_update(of=("self", "settlement__appointment"), no_key=True, skip_locked=True)
        old = [each.settlement for each in both if each.given_at <= given_before[each.settlement_id]]
        writing.write_all(
            (each.appointment_id, Kind.SCAN_AGAIN, {"seconds": good_seconds, "settlement": each.pk}) for each in old
        )
    return len(old)
