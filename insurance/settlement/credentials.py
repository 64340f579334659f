"""Electronic credentials (01): where the centre wants one scanned for 2207, that of the trial is not enough.

Source: protocol 2.5 (GD). The patient hands it in with the settlement, and once more where the turn comes so late that
it will have grown old (`rescanning` tells of it); one that is old all the same is not sent: the bill is given back, its
place is kept, and the patient is told to settle again.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.errors import Conflict, Invalid
from hospital.identity import InsuranceCard, is_card
from hospital.models import Appointment
from hospital.notices.models import Kind, Notice
from insurance.interface.messages import Card
from insurance.quota import insurers
from insurance.quota.exchange import profile
from insurance.settlement.models import CLAIM_LATER, Credential, Mode, Settlement
from insurance.states import SettlementState
from insurance.trial import conversation

ELECTRONIC = "01"


def require(appointment: Appointment, way: str, number: str) -> None:
    """Raises `Invalid("credential_needed")`, `Conflict("no_claim_with_credential")`: a claim is settled at a time when
    nobody is there to scan anything."""
    if not is_wanted(appointment):
        return
    if way == CLAIM_LATER:
        raise Conflict("no_claim_with_credential", _("With an electronic credential nothing can be claimed later."))
    if way == Mode.INSURANCE:
        _require_code(number)


def _require_code(number: str) -> None:
    if not is_card(InsuranceCard(ELECTRONIC, number), today=timezone.localdate()):
        raise Invalid("credential_needed", _("Scan your electronic credential again: it is needed to settle."))


def is_wanted(appointment: Appointment) -> bool:
    """Whether this patient's settlement needs one that was scanned for it."""
    return _wants_one(insurers.of(appointment.pk).name, appointment)


def keep(settlement: Settlement, number: str) -> None:
    """It goes along with the settlement, from now on."""
    if settlement.mode == Mode.INSURANCE and _wants_one(settlement.insurer, settlement.appointment):
        Credential.objects.create(settlement=settlement, number=number)


def hand_in(settlement: Settlement, number: str) -> Settlement:
    """One scanned just now takes the place of the one before, as long as the settlement waits for its turn; handed in
    twice, the later one counts. Raises `Invalid("credential_needed")`, `Conflict("no_credential_wanted")`."""
    with transaction.atomic():
        rows = Settlement.objects.select_for_update(of=("self",)).select_related("appointment", "payment")
        settlement = rows.get(pk=settlement.pk)
        if not may_be_handed_in(settlement):
            raise Conflict("no_credential_wanted", _("This settlement waits for no electronic credential."))
        _require_code(number)
        Credential.objects.update_or_create(settlement=settlement, defaults={"number": number, "given_at": Now()})
    return settlement


def may_be_handed_in(settlement: Settlement) -> bool:
    """Whether it waits for its turn and is sent with one."""
    waits = settlement.state == SettlementState.WAITING and settlement.mode == Mode.INSURANCE and settlement.wanted
    return waits and _wants_one(settlement.insurer, settlement.appointment)


def good_until(settlement: Settlement) -> datetime | None:
    """Until when the one that is kept can be sent; None where none is."""
    kept = _kept(settlement)
    return kept.given_at + timedelta(seconds=profile(settlement.insurer).fresh_credential_seconds) if kept else None


def not_asked_since() -> QuerySet[Credential]:
    """Those of which nobody was asked for a newer one (`rescanning`)."""
    asked = Notice.objects.filter(
        appointment=OuterRef("settlement__appointment"), kind=Kind.SCAN_AGAIN, created_at__gt=OuterRef("given_at")
    )
    return Credential.objects.filter(~Exists(asked))


def is_wanted_again(settlement: Settlement) -> bool:
    """Whether a newer one is needed: the patient was asked for it, or the one that is kept has grown old."""
    if not may_be_handed_in(settlement):
        return False
    return bool(stale(settlement)) or not not_asked_since().filter(settlement=settlement).exists()


def card_of(settlement: Settlement) -> Card:
    """What 2207 is sent with."""
    kept = _kept(settlement)
    return Card(ELECTRONIC, kept.number) if kept else conversation.card_of(settlement.appointment)


def stale(settlement: Settlement) -> str:
    """Why its credential will not do; "" when it will."""
    if not _wants_one(settlement.insurer, settlement.appointment):
        return ""
    until = good_until(settlement)
    if until is None or until <= timezone.now():
        return "the electronic credential must be scanned again"
    return ""


def forget(settlement: Settlement) -> None:
    """It has served, or will not be needed."""
    Credential.objects.filter(settlement=settlement).delete()


def _wants_one(insurer: str, appointment: Appointment) -> bool:
    return bool(profile(insurer).fresh_credential_seconds) and appointment.archive.card_type == ELECTRONIC


def _kept(settlement: Settlement) -> Credential | None:
    wants = profile(settlement.insurer).fresh_credential_seconds
    return Credential.objects.filter(settlement=settlement).first() if wants else None
