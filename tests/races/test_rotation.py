"""Keys change under the hospital's feet: nobody waits, nothing is lost when it is killed, one person stays one."""

import subprocess
import sys
import time
from functools import partial

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from demo.home import ROOT
from hospital import rotation
from hospital.archives import filing
from hospital.models import Archive, Card, MasterRecord, Patient
from hospital.privacy import is_current
from tests import factories
from tests.acceptance.hospital import environment_of
from tests.races.crowd import queued
from tests.races.together import at_once, wait_until

OLD, NEW = "o" * 40, "n" * 40
PEOPLE = 120


@pytest.fixture(autouse=True)
def _old_key(settings: LazySettings) -> None:
    settings.PII_KEY, settings.PII_OLD_KEYS = OLD, []


def change(settings: LazySettings) -> None:
    settings.PII_KEY, settings.PII_OLD_KEYS = NEW, [OLD]


def table_of(model: type) -> rotation.Table:
    return next(table for table in rotation.tables() if table.model is model)


def renewed(model: type, column: str) -> int:
    """How many rows stand under the new key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table_of(model).name}")
        return sum(is_current(value) for (value,) in cursor.fetchall())


def rotate_all() -> list[rotation.Round]:
    return [rotation.run(table, 20, lambda done: None) for table in rotation.tables()]


def test_a_row_that_somebody_holds_is_passed_by_and_seen_to_later(settings: LazySettings) -> None:
    held, free = factories.patient(), factories.patient()
    change(settings)
    rounds: list[rotation.Round] = []

    def meanwhile() -> None:
        began = time.monotonic()
        rounds.append(rotation.run(table_of(Patient), 10, lambda done: None))
        assert time.monotonic() - began < 5, "it did not wait"

    with transaction.atomic():
        Patient.objects.select_for_update().get(pk=held.pk)
        at_once([meanwhile])
    assert (rounds[0].renewed, rounds[0].passed_by) == (1, 1) and renewed(Patient, "phone") == 1
    meanwhile()
    assert renewed(Patient, "phone") == 2 and Patient.objects.get(pk=free.pk).phone == free.phone


def test_people_book_and_are_filed_while_keys_change(settings: LazySettings) -> None:
    """Each of them twice, under either key: each is filed once and is one person with one card."""
    queued(PEOPLE)
    place = factories.session(seats=PEOPLE)
    people = [archive.appointment.patient for archive in Archive.objects.select_related("appointment__patient")]
    filing.file_batch(PEOPLE // 2)
    change(settings)
    bookings = [partial(factories.booked, place, who) for who in people]
    done = at_once([*bookings, *[partial(filing.file_batch, 30)] * 6, *[rotate_all] * 2], threads=8)
    assert not [one for one in done if isinstance(one, BaseException)], done
    while filing.file_batch(PEOPLE).filed:
        pass
    rotate_all()
    assert Archive.objects.filter(state="filed").count() == 2 * PEOPLE
    assert MasterRecord.objects.count() == Card.objects.count() == PEOPLE
    settings.PII_OLD_KEYS = []
    assert renewed(Archive, "card_number") == 2 * PEOPLE
    assert {archive.master_id for archive in Archive.objects.all()} == set(
        MasterRecord.objects.values_list("pk", flat=True)
    )


def test_killed_in_the_middle_it_is_begun_again(
    settings: LazySettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for _ in range(20):
        factories.patient()
    keys = {"PII_KEY": NEW, "PII_OLD_KEYS": OLD}
    environment = environment_of(tmp_path_factory.mktemp("home"), "redis://127.0.0.1:9/0", "rotation.") | keys
    command = [sys.executable, "manage.py", "rotate_keys", "--batch", "2"]
    process = subprocess.Popen([*command, "--pause", "0.2"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    change(settings)
    wait_until(lambda: renewed(Patient, "phone") >= 4, seconds=60)
    process.kill()
    process.wait()
    assert 4 <= renewed(Patient, "phone") < 20
    assert {patient.phone for patient in Patient.objects.all()} == {"13800000000"}, "all are read in between"
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0 and "nothing is left under an older key" in ended.stdout, ended.stderr
    settings.PII_OLD_KEYS = []
    assert {patient.phone for patient in Patient.objects.all()} == {"13800000000"}
