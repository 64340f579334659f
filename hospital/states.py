"""What the patient meets, as states and the moves allowed between them. Data only; drawn in `docs/states.md`."""

from collections.abc import Mapping
from enum import StrEnum


class AppointmentState(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class ArchiveState(StrEnum):
    QUEUED = "queued"
    FILED = "filed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class NoticeState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class ErasureState(StrEnum):
    PROPOSED = "proposed"
    CARRIED_OUT = "carried_out"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


Moves = Mapping[str, frozenset[str]]

APPOINTMENT_MOVES: Moves = {
    AppointmentState.BOOKED: frozenset({AppointmentState.CANCELLED, AppointmentState.COMPLETED}),
    AppointmentState.CANCELLED: frozenset(),
    AppointmentState.COMPLETED: frozenset(),
}

ARCHIVE_MOVES: Moves = {
    ArchiveState.QUEUED: frozenset({ArchiveState.FILED, ArchiveState.REJECTED, ArchiveState.CANCELLED}),
    ArchiveState.FILED: frozenset(),
    ArchiveState.REJECTED: frozenset(),
    ArchiveState.CANCELLED: frozenset(),
}

NOTICE_MOVES: Moves = {
    NoticeState.PENDING: frozenset({NoticeState.SENDING, NoticeState.SENT}),
    NoticeState.SENDING: frozenset({NoticeState.PENDING, NoticeState.SENT, NoticeState.FAILED}),
    NoticeState.SENT: frozenset(),
    NoticeState.FAILED: frozenset({NoticeState.PENDING}),
}

ERASURE_MOVES: Moves = {
    ErasureState.PROPOSED: frozenset({ErasureState.CARRIED_OUT, ErasureState.REJECTED, ErasureState.WITHDRAWN}),
    ErasureState.CARRIED_OUT: frozenset(),
    ErasureState.REJECTED: frozenset(),
    ErasureState.WITHDRAWN: frozenset(),
}
