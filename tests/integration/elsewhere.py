"""A second insurer beside the default one, and patients who are insured there."""

from typing import Any

from hospital.appointments import booking
from hospital.archives import filing
from hospital.identity import InsuranceCard
from hospital.models import Appointment, Patient
from hospital.notices import delivery
from insurance.quota import insurers
from insurance.quota.models import Insurer
from insurance.trial import admission
from insurance.trial.models import Trial
from tests import factories

NAME, REGION = "changsha", "430102"


def agreed(url: str, **more: Any) -> dict[str, dict[str, Any]]:
    """`settings.INSURERS` with the second one at this address."""
    return {NAME: {"regions": ("4301",), "url": url, "institution_code": "H43010000001", **more}}


def row() -> Insurer:
    """The second insurer as it stands now."""
    return insurers.named(NAME)


def booked(who: Patient | None = None, region: str = REGION) -> Appointment:
    """Booked with a card of that region."""
    who = who or factories.patient()
    return booking.book(who, factories.session().pk, InsuranceCard("02", who.id_number, region))


def told(who: Patient | None = None, region: str = REGION) -> Appointment:
    """Filed and told too."""
    appointment = booked(who, region)
    filing.file_batch(10_000)
    delivery.send_due(10_000)
    return appointment


def waiting(who: Patient | None = None, region: str = REGION) -> Trial:
    """In the line."""
    return admission.enter(told(who, region))
