"""The keys of personal data change while the hospital works: everything is read and found before, during and after."""

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from hospital import idempotency, keys, rotation
from hospital.appointments import booking
from hospital.archives import entry, filing, indexing
from hospital.errors import Invalid
from hospital.identity import InsuranceCard
from hospital.management.commands import rotate_keys
from hospital.models import Archive, Card, MasterRecord, Patient
from hospital.privacy import blind_index, is_current
from hospital.rotation import Table
from insurance.models import InterfaceCall, Trial, Visit
from insurance.trial import inputs
from tests import factories
from tests.integration import brought, doing
from tests.simulators import Simulator

OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture(autouse=True)
def _old_key(settings: LazySettings) -> None:
    settings.PII_KEY, settings.PII_OLD_KEYS = OLD, []


def change(settings: LazySettings) -> None:
    settings.PII_KEY, settings.PII_OLD_KEYS = NEW, [OLD]


def drop_the_old_one(settings: LazySettings) -> None:
    settings.PII_OLD_KEYS = []


def rotate(**options: int) -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said, **options)
    return said.getvalue()


def stored(model: type, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM {model._meta.db_table} ORDER BY id')  # type: ignore[attr-defined]
        return [value for (value,) in cursor.fetchall()]


def under_an_older_key() -> Iterator[str]:
    """Every value that is."""
    for table in rotation.tables():
        for column in table.encrypted:
            yield from (f"{table.name}.{column}" for value in stored(table.model, column) if not is_current(value))


def test_everything_is_under_the_new_key_and_the_old_one_may_go(insurer: Simulator, settings: LazySettings) -> None:
    trial = doing.priced(doing.somebody_whose_account_covers())
    patient, archive = trial.appointment.patient, trial.appointment.archive
    assert InterfaceCall.objects.exists() and Visit.objects.get().psn_no
    known = patient.name, patient.id_number, patient.phone, archive.card_number, Visit.objects.get().psn_no
    change(settings)
    assert set(under_an_older_key()) > {"hospital_patient.phone", "insurance_interfacecall.request"}
    assert "nothing is left under an older key" in rotate(batch=2)
    assert list(under_an_older_key()) == []
    drop_the_old_one(settings)
    patient, archive = Patient.objects.get(), Archive.objects.get()
    now = patient.name, patient.id_number, patient.phone, archive.card_number, Visit.objects.get().psn_no
    assert now == known and "2206A" in [call.infno for call in InterfaceCall.objects.all() if call.request]
    assert MasterRecord.objects.get().id_index == archive.id_index == blind_index(patient.id_number)
    assert Card.objects.get().index == archive.card_index
    assert Archive.objects.filter(entry.by_tail(archive.card_number[-4:])).exists()
    assert inputs.changed(Trial.objects.get()) == "", "the bill may still be settled"


def test_a_bill_may_be_settled_while_keys_change(insurer: Simulator, settings: LazySettings) -> None:
    trial = doing.priced(doing.somebody_whose_account_covers())
    change(settings)
    assert inputs.changed(Trial.objects.get(pk=trial.pk)) == ""


def test_it_may_be_interrupted_and_begun_again(settings: LazySettings) -> None:
    for _ in range(5):
        factories.booked()
    filing.file_batch(3)
    change(settings)
    (archives,) = (table for table in rotation.tables() if table.model is Archive)

    def ended_after_the_first(done: rotation.Round) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.run(archives, 2, ended_after_the_first)
    assert [is_current(value) for value in stored(Archive, "name")] == [True, True, False, False, False]
    for archive in Archive.objects.all():  # both are read and found meanwhile
        assert archive.name == "测试甲"
        assert Archive.objects.filter(entry.by_tail(archive.card_number[-4:]), pk=archive.pk).exists()
    assert filing.file_batch(10).filed == 2
    rotate(batch=2)
    assert list(under_an_older_key()) == []
    assert "0 anew" in rotate(), "a second time there is nothing to do"


@pytest.mark.parametrize(("passes", "left"), [(rotate_keys.PASSES, False), (1, True)])
def test_what_is_copied_while_tables_are_seen_to_is_found(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, passes: int, left: bool
) -> None:
    """A record is filed between the table of master records and that of archives. Negative control: one pass."""
    factories.booked()
    change(settings)
    tables = rotation.tables()

    def filed_in_between() -> Iterator[Table]:
        for table in tables:
            if table.model is Archive:
                filing.file_batch(10)
            yield table

    monkeypatch.setattr(rotation, "tables", filed_in_between)
    monkeypatch.setattr(rotate_keys, "PASSES", passes)
    rotate()
    monkeypatch.undo()
    assert MasterRecord.objects.count() == 1
    assert any(name.startswith("hospital_masterrecord") for name in under_an_older_key()) == left


def test_one_person_stays_one_while_keys_change(settings: LazySettings) -> None:
    """Known by the old index, booking again under the new one: the same master record, the same card."""
    who = factories.patient()
    factories.booked(who=who)
    filing.file_batch(10)
    change(settings)
    factories.booked(who=who)
    assert filing.file_batch(10).filed == 1
    assert (MasterRecord.objects.count(), Card.objects.count()) == (1, 1)
    settings.PII_KEY, settings.PII_OLD_KEYS = OLD, [NEW]  # a process that has not been started again yet
    factories.booked(who=who)
    assert filing.file_batch(10).filed == 1
    assert (MasterRecord.objects.count(), Card.objects.count()) == (1, 1)
    change(settings)
    rotate()
    assert stored(MasterRecord, "id_index") == [blind_index(who.id_number)] == list({*stored(Archive, "id_index")})


def test_without_looking_for_both_one_person_would_become_two(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control; and whoever has let it come to that is told by the rotation."""
    monkeypatch.setattr(indexing, "renew", lambda rows: None)
    who = factories.patient()
    factories.booked(who=who)
    filing.file_batch(10)
    change(settings)
    factories.booked(who=who)
    filing.file_batch(10)
    assert MasterRecord.objects.count() == 2
    with pytest.raises(CommandError, match=r"hospital_masterrecord: another row has the index of \d+"):
        rotate()


def test_a_card_of_another_is_refused_under_either_key(settings: LazySettings) -> None:
    card = InsuranceCard("03", "A12345678")
    place = factories.session()
    filing_of(place.pk, card)
    change(settings)
    second = filing_of(place.pk, card)
    assert (second.state, second.rejection) == ("rejected", "card_of_another")


def filing_of(session: int, card: InsuranceCard) -> Archive:
    """Somebody's archive with this card, filed or rejected."""
    appointment = booking.book(factories.patient(), session, card)
    filing.file_batch(10)
    return Archive.objects.get(appointment=appointment)


def test_what_no_key_opens_is_told_and_stops_nothing(settings: LazySettings) -> None:
    bad, good = factories.patient(), factories.patient()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hospital_patient SET phone = 'bm9uc2Vuc2U=' WHERE id = %s", [bad.pk])
    change(settings)
    with pytest.raises(CommandError, match=f"hospital_patient: no key opens {bad.pk}"):
        rotate()
    assert is_current(stored(Patient, "phone")[-1]) and Patient.objects.get(pk=good.pk).phone == good.phone


def test_a_row_that_becomes_another_meanwhile_is_not_overwritten(settings: LazySettings) -> None:
    patient = factories.patient()
    change(settings)
    (patients,) = (table for table in rotation.tables() if table.model is Patient)
    (row,) = patients.batch(0, 10)
    new = patients.renewed(row)
    assert new is not None
    Patient.objects.filter(pk=patient.pk).update(phone="13900000000")
    assert patients.write([(row, new)]) == 0
    assert Patient.objects.get().phone == "13900000000"


def test_a_number_that_stood_clear_is_read_and_then_encrypted(settings: LazySettings) -> None:
    visit = brought.visit(brought.waiting())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE insurance_visit SET psn_no = '43000011110000111101'")
    assert Visit.objects.get(pk=visit.pk).psn_no == "43000011110000111101"
    rotate()
    assert "43000011110000111101" not in stored(Visit, "psn_no")[0]
    assert Visit.objects.get(pk=visit.pk).psn_no == "43000011110000111101"


def test_a_request_is_known_again_while_keys_change(settings: LazySettings) -> None:
    user = factories.patient().user
    body = {"session": 1}
    assert idempotency.once(user.pk, "k1", "/", body, lambda: (201, {"id": 1})) == (201, {"id": 1})
    change(settings)
    assert idempotency.once(user.pk, "k1", "/", body, lambda: (201, {"id": 2})) == (201, {"id": 1})
    with pytest.raises(Invalid, match="idempotency_key_reused"):
        idempotency.once(user.pk, "k1", "/", {"session": 2}, lambda: (201, {"id": 2}))


def test_it_says_what_there_is_without_changing_anything(settings: LazySettings) -> None:
    factories.booked()
    change(settings)
    said = StringIO()
    call_command("rotate_keys", "--dry-run", stdout=said)
    ring = keys.ring()
    assert f"current key {ring.current.id}; also read: {ring.others[0].id}" in said.getvalue()
    assert "hospital_archive: about" in said.getvalue() and list(under_an_older_key())


def test_every_blind_index_is_made_anew_with_what_it_is_of() -> None:
    """Whoever adds a column of indexes says what of, or a rotation would leave it behind."""
    for table in rotation.tables():
        columns = [field.column for field in table.model._meta.local_fields]
        assert {one for one in columns if re.search("index|_tail$", one)} == set(table.indexes), table.name
