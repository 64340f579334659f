"""A patient's whole story on one page, and how it is found: never by a name, and never by a whole number."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from hospital.archives import entry
from hospital.models import Appointment, Archive
from hospital.notices import texts
from hospital.privacy import masked
from insurance.calls.models import InterfaceCall
from insurance.desk import facts, story
from insurance.ledger import entries
from insurance.settlement import standing
from insurance.settlement.models import Settlement
from insurance.trial import conversation
from insurance.trial.models import Trial

MOST_CASES = 20

LONGEST = 18
"""So many digits a number of ours has at the most: more do not fit."""


def found(text: str) -> QuerySet[Appointment]:
    """Appointments by number, archive number, last four of the card, `setl_id` or `msgid`.

    Each way is a question of its own, so that each goes through its index.
    """
    archives = Archive.objects.filter(Q(number=text) | entry.by_tail(text))
    settlements = Settlement.objects.filter(Q(setl_id=text) | Q(settle_msgid=text))
    pks = {
        *archives.values_list("appointment_id", flat=True),
        *settlements.values_list("appointment_id", flat=True),
        *_by_message(text),
        *([int(text)] if text.isdecimal() and len(text) <= LONGEST else []),
    }
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


def _by_message(msgid: str) -> Iterator[int]:
    """Whose message it was: a settlement's or a trial's."""
    for purpose in InterfaceCall.objects.filter(msgid=msgid).values_list("purpose", flat=True):
        if settlement := standing.settlement_id(purpose):
            yield from Settlement.objects.filter(pk=settlement).values_list("appointment_id", flat=True)
        if trial := conversation.trial_id(purpose):
            yield from Trial.objects.filter(pk=trial).values_list("appointment_id", flat=True)
