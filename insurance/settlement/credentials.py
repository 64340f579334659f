"""Electronic credentials (01): where the centre wants one scanned for 2207, that of the trial is not enough.

Source: protocol 2.5 (GD). The patient hands it in with the settlement, as the last thing before its turn; one that has
grown old by then is not sent: the bill is given back, its place is kept, and the patient is told to settle again.
"""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.errors import Conflict, Invalid
from hospital.identity import InsuranceCard, is_card
from hospital.models import Appointment
from insurance.interface.messages import Card
from insurance.quota import insurers
from insurance.quota.exchange import profile
from insurance.settlement.models import CLAIM_LATER, Credential, Mode, Settlement
from insurance.trial import conversation

ELECTRONIC = "01"


def require(appointment: Appointment, way: str, number: str) -> None:
    """Raises `Invalid("credential_needed")`, `Conflict("no_claim_with_credential")`: a claim is settled at a time when
    nobody is there to scan anything."""
    if not is_wanted(appointment):
        return
    if way == CLAIM_LATER:
        raise Conflict("no_claim_with_credential", _("With an electronic credential nothing can be claimed later."))
    if way == Mode.INSURANCE and not is_card(InsuranceCard(ELECTRONIC, number), today=timezone.localdate()):
        raise Invalid("credential_needed", _("Scan your electronic credential again: it is needed to settle."))


def is_wanted(appointment: Appointment) -> bool:
    """Whether this patient's settlement needs one that was scanned for it."""
    return _wants_one(insurers.of(appointment.pk).name, appointment)


def keep(settlement: Settlement, number: str) -> None:
    """It goes along with the settlement, from now on."""
    if settlement.mode == Mode.INSURANCE and _wants_one(settlement.insurer, settlement.appointment):
        Credential.objects.create(settlement=settlement, number=number)


def card_of(settlement: Settlement) -> Card:
    """What 2207 is sent with."""
    kept = _kept(settlement)
    return Card(ELECTRONIC, kept.number) if kept else conversation.card_of(settlement.appointment)


def stale(settlement: Settlement) -> str:
    """Why its credential will not do; "" when it will."""
    if not _wants_one(settlement.insurer, settlement.appointment):
        return ""
    kept, longest = _kept(settlement), profile(settlement.insurer).fresh_credential_seconds
    if kept is None or kept.given_at + timedelta(seconds=longest) <= timezone.now():
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
