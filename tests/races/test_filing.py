"""Drains against each other: each archive is filed once, in the order of the queue."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from hospital import worklist
from hospital.archives import filing
from hospital.models import Archive, MasterRecord, Notice
from hospital.stateful import Journal
from hospital.states import ArchiveState
from tests import factories
from tests.races.crowd import queued
from tests.races.together import at_once


def filed_in_order() -> list[int]:
    """The archives as they were filed, from the journal."""
    filed = Journal.objects.filter(kind="archive", to_state=ArchiveState.FILED)
    return list(filed.order_by("pk").values_list("item_id", flat=True))


@pytest.mark.parametrize("drains", [2, 8])
def test_racing_drains_file_each_archive_once_and_in_order(drains: int) -> None:
    archives = queued(400 if drains == 8 else 120)
    batch = len(archives) // (2 * drains)
    batches = at_once([partial(filing.file_batch, batch)] * (3 * drains), threads=drains)
    assert sum(done.filed for done in batches if isinstance(done, filing.Batch)) == len(archives), batches
    assert filed_in_order() == archives
    numbers = [str(row.number) for row in Archive.objects.order_by("filed_at", "pk")]
    assert numbers == sorted(numbers)
    assert Notice.objects.count() == len(archives)


def test_drains_that_only_skip_each_others_rows_file_out_of_order() -> None:
    """Negative control: SKIP LOCKED without the advisory lock is not enough for first in, first out."""
    archives = queued(20)
    the_second_is_done, the_first_holds = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            rows = list(_skipping()[:10])
            the_first_holds.set()
            the_second_is_done.wait(timeout=10)
            worklist.move_all(rows, ArchiveState.FILED, filed_at=Now())

    def second() -> None:
        the_first_holds.wait(timeout=10)
        with transaction.atomic():
            worklist.move_all(list(_skipping()[:10]), ArchiveState.FILED, filed_at=Now())
        the_second_is_done.set()

    at_once([first, second])
    assert filed_in_order() == archives[10:] + archives[:10]


def test_one_person_in_many_racing_batches_is_one_master_record() -> None:
    who = factories.patient()
    for _ in range(16):
        factories.booked(factories.session(), who)
    at_once([partial(filing.file_batch, 2)] * 8)
    assert Archive.objects.filter(state=ArchiveState.FILED).count() == 16
    assert MasterRecord.objects.count() == 1


def test_booking_goes_on_while_drains_file() -> None:
    session = factories.session(seats=60)
    patients = [factories.patient() for _ in range(60)]
    bookings = [partial(factories.booked, session, patient) for patient in patients]
    outcomes = at_once([*bookings[:30], *[partial(filing.file_batch, 10)] * 6, *bookings[30:]], threads=12)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    while filing.file_batch(100).filed:
        pass
    assert sorted(filed_in_order()) == sorted(Archive.objects.values_list("pk", flat=True))
    assert len(filed_in_order()) == 60


def test_a_record_that_cannot_be_read_costs_nobody_else_the_place_when_drains_race() -> None:
    archives = queued(12)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hospital_archive SET name = %s WHERE id = %s", ["bm90IG91cnM" * 4, archives[0]])
    at_once([partial(filing.file_batch, 12)] * 4)
    rejected = Archive.objects.filter(state=ArchiveState.REJECTED)
    assert list(rejected.values_list("pk", flat=True)) == archives[:1]
    assert filed_in_order() == archives[1:]


def _skipping() -> QuerySet[Archive]:
    waiting = Archive.objects.filter(state=ArchiveState.QUEUED).order_by("pk")
    return waiting.select_for_update(skip_locked=True, of=("self",))
