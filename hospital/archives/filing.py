"""Step 3: file a batch. One transaction for all of it; the broker's messages are acknowledged after the commit."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from django.db import DataError, connection, transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, LPad, Now
from django.utils import timezone

from hospital import ticks, tuning, worklist
from hospital.archives import queue
from hospital.archives.merge import REJECTIONS, merge
from hospital.archives.models import Archive, MasterRecord
from hospital.archives.records import Record, locked
from hospital.notices import writing
from hospital.notices.models import Kind
from hospital.states import ArchiveState

log = logging.getLogger(__name__)

FILING_LOCK = 4_201
"""The advisory lock that lets one drain file at a time, so that the order of filing is the order of the queue."""

PLACE_DIGITS = 10

UNREADABLE = "cannot_be_filed"
REASONS = (*REJECTIONS, UNREADABLE)
THE_RECORDS_OWN_FAULT = (InvalidTag, ValueError, DataError)
"""What a single record can break a batch with: it cannot be decrypted, read or written."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one drain did."""

    filed: int = 0
    rejected: int = 0

    def __add__(self, other: "Batch") -> "Batch":
        return Batch(self.filed + other.filed, self.rejected + other.rejected)


def drain_if_due() -> Batch:
    """What beat and every worker's own timer ask for: a drain each FILING_EVERY_SECONDS, however many ask."""
    if ticks.take("filing", every_seconds=tuning.value("FILING_EVERY_SECONDS")):
        return drain()
    return Batch()


def drain(most: int | None = None) -> Batch:
    """As many of the oldest waiting archives as there are messages, at most m: file them, then acknowledge.

    Two at once, a repeated or a lost message change nothing: the rows decide, and what has no message gets one here.
    """
    m = most or tuning.value("FILING_BATCH_SIZE")
    with queue.take(m, waiting_ids) as taken:
        return file_batch(taken)


def waiting_ids(most: int) -> list[int]:
    """Whose turn to be filed it is next."""
    return list(_waiting().values_list("pk", flat=True)[:most])


def file_batch(most: int) -> Batch:
    """File the `most` oldest waiting archives in one transaction, strictly in order.

    A record that breaks the batch is found by filing one at a time, and rejected: it stops nobody but itself.
    """
    if most == 0:
        return Batch()
    try:
        return _file_rows(_waiting()[:most])
    except THE_RECORDS_OWN_FAULT:
        log.exception("a batch of %s cannot be filed as a whole: one by one", most)
        return sum((_file_or_reject_oldest() for _ in range(most)), Batch())


def _file_rows(waiting: QuerySet[Archive]) -> Batch:
    with transaction.atomic():
        hold()
        records = locked(waiting)
        rejections = merge(records)
        filed = [record for record in records if not rejections[record.pk]]
        rejected = [record for record in records if rejections[record.pk]]
        numbers = _file(filed)
        _reject(rejected, rejections)
        writing.write_all(
            [(one.appointment_id, Kind.FILED, {"number": numbers[one.pk]}) for one in filed]
            + [(one.appointment_id, Kind.REJECTED, {"reason": rejections[one.pk]}) for one in rejected]
        )
    return Batch(len(filed), len(rejected))


def _file_or_reject_oldest() -> Batch:
    """One alone. It stays locked while it is tried: what is rejected is what broke, and not the next in the queue."""
    with transaction.atomic():
        hold()
        row = _waiting().only("state", "attempt", "appointment_id").select_for_update(of=("self",)).first()
        if row is None:
            return Batch()
        try:
            return _file_rows(_waiting().filter(pk=row.pk))
        except THE_RECORDS_OWN_FAULT:
            log.exception("archive %s cannot be filed", row.pk)
        worklist.move(row, ArchiveState.REJECTED, reason=UNREADABLE, rejection=UNREADABLE)
        writing.write(row.appointment_id, Kind.REJECTED, reason=UNREADABLE)
    return Batch(rejected=1)


def _waiting() -> QuerySet[Archive]:
    return Archive.objects.filter(state=ArchiveState.QUEUED).order_by("pk")


def _file(records: Sequence[Record]) -> Mapping[int, str]:
    """One update for all: the number is the day and the place in the queue, the master record that of the ID number.
    Each one's number, by its id."""
    today = f"{timezone.localdate():%Y%m%d}"
    person = MasterRecord.objects.filter(id_index=OuterRef("id_index")).values("pk")
    number = Concat(Value(today), LPad(Cast("pk", CharField()), PLACE_DIGITS, Value("0")))
    how = {"filed_at": Now(), "number": number, "master_id": Subquery(person)}
    attempts = {record.pk: record.attempt for record in records}
    worklist.move_columns(Archive, attempts, ArchiveState.QUEUED, ArchiveState.FILED, **how)
    return {pk: f"{today}{pk:0{PLACE_DIGITS}d}" for pk in attempts}


def _reject(records: Sequence[Record], rejections: Mapping[int, str]) -> None:
    for row in Archive.objects.only("state", "attempt").filter(pk__in=[record.pk for record in records]).order_by("pk"):
        reason = rejections[row.pk]
        worklist.move(row, ArchiveState.REJECTED, reason=reason, rejection=reason)


def hold() -> None:
    """Nobody files until the transaction is over. Wait for another drain to end, but not for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'; SELECT pg_advisory_xact_lock(%s)", [FILING_LOCK])
