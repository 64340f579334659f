"""The one door for state: a guarded update and a journal row, or nothing."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from hospital import worklist
from hospital.models import Appointment, Archive, Journal
from hospital.worklist import ForbiddenMove, Overtaken
from insurance.models import Trial
from tests import factories


def trials(count: int) -> list[Trial]:
    return [worklist.enter(Trial(appointment=factories.booked())) for _ in range(count)]


def waiting() -> QuerySet[Trial]:
    return Trial.due("waiting").order_by("pk")


def test_a_move_is_written_down() -> None:
    appointment = factories.booked()
    worklist.move(appointment, "cancelled", reason="because")
    entry = Journal.objects.filter(kind="appointment", item_id=appointment.pk).latest("pk")
    assert (entry.from_state, entry.to_state, entry.reason) == ("booked", "cancelled", "because")
    assert Appointment.objects.get(pk=appointment.pk).state == appointment.state == "cancelled"


def test_a_move_that_is_not_in_the_table_is_a_defect() -> None:
    archive = factories.booked().archive
    worklist.move(archive, "cancelled")
    before = Journal.objects.count()
    with pytest.raises(ForbiddenMove):
        worklist.move(archive, "filed")
    assert (Archive.objects.get(pk=archive.pk).state, Journal.objects.count()) == ("cancelled", before)


def test_who_was_overtaken_writes_nothing() -> None:
    archive = factories.booked().archive
    as_somebody_else_read_it = Archive.objects.get(pk=archive.pk)
    worklist.move(archive, "filed")
    before = Journal.objects.count()
    with pytest.raises(Overtaken):
        worklist.move(as_somebody_else_read_it, "cancelled", rejection="late")
    assert Journal.objects.count() == before
    assert (as_somebody_else_read_it.state, Archive.objects.get(pk=archive.pk).rejection) == ("queued", "")


def test_an_answer_of_an_earlier_attempt_is_overtaken_though_the_state_is_the_same() -> None:
    trials(1)
    first = worklist.claim(waiting(), "calling", lease_seconds=60)
    assert first is not None
    worklist.put_back(Trial.objects.get(pk=first.pk), "waiting", wait_seconds=0, error="silent")
    second = worklist.claim(waiting(), "calling", lease_seconds=60)
    assert second is not None and (second.pk, second.attempt) == (first.pk, 2)
    with pytest.raises(Overtaken):
        worklist.move(first, "priced")
    worklist.move(second, "priced")


def test_moving_many_is_all_or_nothing() -> None:
    archives = [factories.booked().archive for _ in range(3)]
    worklist.move(Archive.objects.get(pk=archives[1].pk), "cancelled")
    with pytest.raises(Overtaken):
        worklist.move_all(archives, "filed")
    assert [Archive.objects.get(pk=row.pk).state for row in archives] == ["queued", "cancelled", "queued"]


def test_rows_that_were_not_read_are_moved_by_their_ids_and_attempts() -> None:
    archives = [factories.booked().archive for _ in range(3)]
    attempts = {row.pk: row.attempt for row in archives[:2]}
    worklist.move_columns(Archive, attempts, "queued", "filed", rejection="none")
    found = Archive.objects.order_by("pk").values_list("state", "rejection")
    assert list(found) == [("filed", "none"), ("filed", "none"), ("queued", "")]
    written = Journal.objects.filter(kind="archive", from_state="queued").order_by("pk")
    assert list(written.values_list("item_id", "to_state", "attempt")) == [(pk, "filed", 0) for pk in attempts]


def test_moving_by_ids_is_all_or_nothing_and_as_the_table_says() -> None:
    archives = [factories.booked().archive for _ in range(2)]
    worklist.move(archives[1], "cancelled")
    attempts = {row.pk: row.attempt for row in archives}
    with pytest.raises(Overtaken), transaction.atomic():
        worklist.move_columns(Archive, attempts, "queued", "filed")
    with pytest.raises(ForbiddenMove), transaction.atomic():
        worklist.move_columns(Archive, attempts, "filed", "queued")
    assert Archive.objects.get(pk=archives[0].pk).state == "queued"


def test_where_something_hangs_on_the_state_the_rows_are_needed() -> None:
    """A trial's place in the line changes with its state."""
    (trial,) = trials(1)
    with pytest.raises(TypeError, match="Trial"):
        worklist.move_columns(Trial, {trial.pk: 0}, "waiting", "cancelled")


def test_moving_nobody_is_nothing() -> None:
    worklist.move_all([], "filed")
    worklist.move_columns(Archive, {}, "queued", "filed")
    worklist.enter_all([])
    assert not Journal.objects.exists()


def test_the_first_that_is_due_is_taken_with_a_lease() -> None:
    early, late = trials(2)
    Trial.objects.filter(pk=early.pk).update(due_at=Now() + timedelta(seconds=30))
    taken = worklist.claim(waiting(), "calling", lease_seconds=60)
    assert taken is not None and taken.pk == late.pk
    taken.refresh_from_db()
    assert taken.leased_until is not None and taken.due_at == taken.leased_until
    assert timedelta(seconds=55) < taken.leased_until - timezone.now() <= timedelta(seconds=60)
    assert worklist.claim(waiting(), "calling", lease_seconds=60) is None


def test_what_is_put_back_waits_and_says_why() -> None:
    trials(1)
    taken = worklist.claim(waiting(), "calling", lease_seconds=60)
    assert taken is not None
    worklist.put_back(taken, "waiting", wait_seconds=30, error="x" * 400)
    taken.refresh_from_db()
    assert (taken.state, taken.leased_until, taken.last_error) == ("waiting", None, "x" * 300)
    assert not waiting().exists()


def test_a_lease_that_is_over_is_found() -> None:
    trials(2)
    taken = worklist.claim(waiting(), "calling", lease_seconds=60)
    assert taken is not None and not worklist.lapsed(Trial, "calling").exists()
    Trial.objects.filter(pk=taken.pk).update(leased_until=Now() - timedelta(seconds=1))
    assert worklist.lapsed(Trial, "calling").get() == taken
