"""A patient's whole story on one page, and how it is found: never by a name, and never by a whole number."""

from typing import Any

from django.db.models import Q, QuerySet

from hospital.archives import entry
from hospital.models import Appointment
from hospital.notices import texts
from hospital.privacy import masked
from insurance.calls.models import InterfaceCall
from insurance.desk import facts, story
from insurance.ledger import entries
from insurance.settlement import standing
from insurance.trial import conversation

MOST_CASES = 20


def found(text: str) -> QuerySet[Appointment]:
    """Appointments by number, archive number, last four of the card, `setl_id` or `msgid`; every way by an index."""
    asked = Q(archive__number=text) | entry.by_tail(text, "archive__")
    asked |= Q(settlements__setl_id=text) | Q(settlements__settle_msgid=text)
    if text.isdecimal() and len(text) <= 18:
        asked |= Q(pk=int(text))
    for call in InterfaceCall.objects.filter(msgid=text).values_list("purpose", flat=True):
        asked |= _purpose(call)
    pks = Appointment.objects.filter(asked).values("pk")
    return Appointment.objects.filter(pk__in=pks)


def of(appointment: Appointment) -> dict[str, Any]:
    """Everything that is known of it, the newest first, with personal data masked."""
    archive = appointment.archive
    settlements = list(appointment.settlements.select_related("payment").order_by("-pk")[:MOST_CASES])
    held = entries.balances([settlement.number for settlement in settlements])
    return {
        "appointment": appointment,
        "archive": archive,
        "card": f"{archive.card_type} {masked(archive.card_number)}",
        "identity": masked(archive.id_number),
        "charges": appointment.charges.order_by("pk"),
        "notices": [
            {"notice": notice, "title": texts.title(notice), "text": texts.text(notice)}
            for notice in appointment.notices.order_by("-pk")
        ],
        "money": [
            {
                "settlement": settlement,
                "insurer_fen": sum(held[settlement.number].get(leg, 0) for leg in facts.INSURER_LEGS),
                "collected_fen": facts.collected_fen(held[settlement.number]),
            }
            for settlement in settlements
        ],
        "trials": appointment.trials.order_by("-pk")[:MOST_CASES],
        "story": story.of_appointment(appointment, settlements),
    }


def _purpose(purpose: str) -> Q:
    """Whose message it was."""
    settlement, trial = standing.settlement_id(purpose), conversation.trial_id(purpose)
    return Q(settlements=settlement) if settlement else Q(trials=trial) if trial else Q(pk=None)
