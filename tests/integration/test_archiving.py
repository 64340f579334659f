"""Old months go into files by a tick where a folder is named: due in the database, one at a time, and told of."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from hospital import sealed_file
from hospital.errors import Conflict
from hospital.models import Journal, Tick
from insurance.archiving import months, runs
from insurance.models import Alert, Archiving, Settlement
from operations.doctor import archiving as doctor
from operations.doctor.finding import Finding, Level
from operations.metrics import upkeep as metrics
from tasks import upkeep as tasks
from tests import factories
from tests.integration import brought

FILE = "hospital_journal-2019-03.jsonl.gz.sealed"


@pytest.fixture
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.ARCHIVE_FOLDER = str(tmp_path)
    return tmp_path


@pytest.fixture
def long_ago() -> int:
    """How many rows the journal has of a month long gone; behind them some of today."""
    brought.completed()
    Alert.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hospital_journal SET at = '2019-03-05'")
    count = Journal.objects.count()
    factories.booked()
    return count


def of_2019() -> int:
    return Journal.objects.filter(at__year=2019).count()


def due_again() -> None:
    Tick.objects.filter(name=runs.TICK).update(last_at=Now() - timedelta(hours=2))


def found() -> Finding:
    (finding,) = doctor.check()
    return finding


def told() -> dict[str, float]:
    """The metrics of it, by name and label."""
    samples = [sample for family in metrics.read() for sample in family.samples]
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for sample in samples
        if sample.name.startswith("hospital_archiving")
    }


def test_without_a_folder_nothing_happens(long_ago: int) -> None:
    tasks.archive()
    assert of_2019() == long_ago and not Archiving.objects.exists()
    assert found().level is Level.OK and "off" in found().says
    assert told() == {"hospital_archiving_on": 0, "hospital_archiving_failing": 0}


def test_the_tick_does_what_the_command_does_and_once_an_hour(long_ago: int, folder: Path) -> None:
    assert found().level is Level.WARNING, "it has never come"
    tasks.archive()
    assert of_2019() == 0 and sum(1 for _ in sealed_file.read(folder / FILE)) == long_ago
    assert found().level is Level.OK
    assert told()["hospital_archiving_on"] == 1 and told()["hospital_archiving_age_seconds good"] < 60
    Journal.objects.filter(pk=Journal.objects.order_by("pk")[0].pk).update(at="2020-05-05T00:00Z")
    assert runs.run_due() == 0, "not due"
    due_again()
    assert runs.run_due() == 1


def test_it_goes_on_with_the_next_tick(long_ago: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "AT_A_TIME", 2)
    steps = iter([0.0, 0.0, 0.0, 99.0])
    with monkeypatch.context() as patched:
        patched.setattr(runs.time, "monotonic", lambda: next(steps, 99.0))
        assert runs.run_due() == 4, "two batches, and the minute was over"
    assert of_2019() == long_ago - 4 and sum(1 for _ in sealed_file.read(folder / FILE)) == long_ago
    due_again()
    assert runs.run_due() == long_ago - 4
    assert sum(1 for _ in sealed_file.read(folder / FILE)) == long_ago, "the file was not written anew"


def test_a_folder_that_is_not_there_is_told_and_deletes_nothing(
    long_ago: int, folder: Path, settings: LazySettings
) -> None:
    settings.ARCHIVE_FOLDER = str(folder / "away")
    with pytest.raises(FileNotFoundError):
        tasks.archive()
    assert of_2019() == long_ago
    assert found().level is Level.BAD and "FileNotFoundError" in found().says
    assert told()["hospital_archiving_failing"] == 1 and "hospital_archiving_age_seconds failed" in told()
    settings.ARCHIVE_FOLDER = str(folder)
    due_again()
    tasks.archive()
    assert of_2019() == 0 and found().level is Level.OK and told()["hospital_archiving_failing"] == 0


def test_a_tick_whose_time_is_over_says_so_and_leaves_the_lease(
    long_ago: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the worker ends a task that takes too long, wherever it is."""
    with monkeypatch.context() as patched:
        patched.setattr(months, "keep", raising(SoftTimeLimitExceeded()))
        with pytest.raises(SoftTimeLimitExceeded):
            tasks.archive()
    assert found().level is Level.BAD and "SoftTimeLimitExceeded" in found().says and of_2019() == long_ago
    due_again()
    tasks.archive()
    assert of_2019() == 0
    assert tasks.archive.soft_time_limit > runs.MOST_SECONDS, "it comes to its own end first"


def raising(error: Exception) -> Callable[..., Any]:
    def act(*_: Any) -> Any:
        raise error

    return act


def test_what_is_in_hand_is_no_fault_and_is_told(long_ago: int, folder: Path) -> None:
    brought.unknown()
    Settlement.objects.update(created_at="2019-03-05T00:00Z")
    tasks.archive()
    assert of_2019() == long_ago and not list(folder.iterdir())
    assert found().level is Level.WARNING and "2019-03 stays" in found().says
    assert told()["hospital_archiving_failing"] == 0


def test_it_is_late_when_it_does_not_come(folder: Path) -> None:
    tasks.archive()
    assert found().level is Level.OK
    Archiving.objects.update(ended_at=Now() - timedelta(hours=4))
    assert found().level is Level.WARNING


def test_never_are_two_at_it(long_ago: int, folder: Path) -> None:
    first = runs.run(folder, most_seconds=0.0)
    assert list(first) == [], "its time is over before it begins, and the lease is given back"
    Archiving.objects.update(leased_until=Now() + timedelta(minutes=5))
    with pytest.raises(CommandError, match="Somebody else"):
        call_command("archive_months", str(folder))
    assert runs.run_due() == 0 and of_2019() == long_ago
    assert not Archiving.objects.get().is_failing, "that another is at it is no fault"
    Archiving.objects.update(leased_until=Now() - timedelta(seconds=1))
    call_command("archive_months", str(folder))
    assert of_2019() == 0


def test_who_stood_still_too_long_deletes_nothing_more(
    long_ago: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another has taken over between two batches: what the first one still does must not be done on top of that."""
    monkeypatch.setattr(months, "AT_A_TIME", 2)
    delete = months.delete

    def stands_still(month: months.Month, renew: runs.Renew) -> object:
        for count in delete(month, renew):
            Archiving.objects.update(attempt=99)
            yield count

    monkeypatch.setattr(months, "delete", stands_still)
    with pytest.raises(Conflict, match="overtaken"):
        list(runs.run(folder))
    assert of_2019() == long_ago - 2
    assert not Archiving.objects.get().is_failing, "how it goes is the other one's to say"


@pytest.fixture
def on_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system is asked to bring to the disk, and when a file gets its name, in order; all of it is done."""
    asked: list[str] = []
    bring, name = os.fsync, Path.replace

    def brought(descriptor: int) -> None:
        one = os.fstat(descriptor)
        names = (path.name for path in (folder, *folder.iterdir()) if os.path.samestat(path.stat(), one))
        asked.append(f"brought {next(names, 'something else')}")
        bring(descriptor)

    def named(path: Path, target: Path) -> Path:
        asked.append(f"named {target.name}")
        return name(path, target)

    monkeypatch.setattr(os, "fsync", brought)
    monkeypatch.setattr(Path, "replace", named)
    return asked


def test_nothing_is_deleted_before_the_file_and_its_name_lie_on_the_disk(
    long_ago: int, folder: Path, on_disk: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves of it cannot be tried here; that the system was asked, in this order, can."""
    delete = months.delete

    def deletes(month: months.Month, renew: runs.Renew) -> object:
        on_disk.append(f"deletes {month.month}")
        return delete(month, renew)

    monkeypatch.setattr(months, "delete", deletes)
    runs.run_due()
    assert on_disk == [f"brought {FILE}.unfinished", f"named {FILE}", f"brought {folder.name}", "deletes 2019-03"]
