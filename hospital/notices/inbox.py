"""A patient's inbox: what was delivered, oldest first."""

from typing import Any

from django.db.models import QuerySet

from hospital.notices import texts
from hospital.notices.models import Channel, Notice
from hospital.states import NoticeState

PAGE = 100


def of_patient(user_id: int, after: int) -> QuerySet[Notice]:
    """The next notices behind the one with the id `after`."""
    return _delivered().filter(patient__user_id=user_id, pk__gt=after)[:PAGE]


def of_appointment(appointment_id: int) -> QuerySet[Notice]:
    """All notices about one appointment."""
    return _delivered().filter(appointment_id=appointment_id)


def shown(notice: Notice) -> dict[str, Any]:
    """A notice as its reader sees it, in the reader's language."""
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "appointment": notice.appointment_id,
        "title": texts.title(notice),
        "text": texts.text(notice),
        "sent_at": notice.sent_at.isoformat() if notice.sent_at else None,
    }


def _delivered() -> QuerySet[Notice]:
    return Notice.objects.filter(channel=Channel.INBOX, state=NoticeState.SENT).order_by("pk")
