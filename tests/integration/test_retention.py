"""What is kept no longer than it must be; and months of the journal and the calls that go into files."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from django.db.models.functions import Now

from hospital import idempotency, retention, sealed_file
from hospital.appointments import booking
from hospital.errors import Invalid
from hospital.models import IdempotentRequest, Journal, Notice, Tidied
from hospital.privacy import FORGOTTEN
from insurance import upkeep
from insurance.archiving import months
from insurance.calls import keeping
from insurance.models import Alert, InterfaceCall, LedgerEntry, Quota, Settlement
from insurance.quota import proof
from tests import factories
from tests.integration import brought, doing
from tests.simulators import Simulator

MONTH = timedelta(days=31)


def age(model: type[Model], column: str, months: int, **which: object) -> None:
    """Set them back so many months, and let nobody have looked yet."""
    model._default_manager.filter(**which).update(**{column: Now() - months * MONTH})


def stored(column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM insurance_interfacecall ORDER BY id")
        return [value for (value,) in cursor.fetchall()]


def test_what_stood_in_old_messages_goes_and_the_proof_stays(insurer: Simulator) -> None:
    doing.priced(doing.somebody_whose_account_covers())
    quota = Quota.objects.get(name="trial")
    count = InterfaceCall.objects.count()
    last = InterfaceCall.objects.order_by("pk").last()
    age(InterfaceCall, "sent_at", 20)
    age(InterfaceCall, "answered_at", 20)
    InterfaceCall.objects.filter(pk=last.pk).update(sent_at=Now(), answered_at=Now())  # type: ignore[union-attr]
    before = proof.worst_of(quota)
    assert retention.tidy(keeping.MESSAGES, 3) == 3, "a batch"
    assert retention.tidy(keeping.MESSAGES) == count - 4, "the rest, and not the young one"
    assert retention.tidy(keeping.MESSAGES) == 0
    assert stored("request")[:-1] == [FORGOTTEN] * (count - 1) and stored("request")[-1] != FORGOTTEN
    assert InterfaceCall.objects.count() == count and InterfaceCall.objects.all()[0].request == ""
    assert proof.worst_of(quota) == before


def test_a_batch_is_found_along_the_key(settings: LazySettings) -> None:
    """However large the table is: the rows behind the mark, and no others."""
    doing.told(factories.patient())
    age(Notice, "created_at", 30)
    with connection.cursor() as cursor:
        for other in ("seqscan", "bitmapscan", "sort"):  # which would do for so few
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute("EXPLAIN SELECT id, created_at < now() FROM hospital_notice WHERE id > 5 ORDER BY id LIMIT 1000")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using hospital_notice_pkey" in plan and "Sort" not in plan


def test_notices_go_when_the_visit_is_over_and_not_before() -> None:
    live, over = doing.told(factories.patient()), doing.told(factories.patient())
    booking.cancel(over)
    age(Notice, "created_at", 30)
    assert retention.tidy(retention.NOTICES) > 0
    assert set(Notice.objects.values_list("appointment_id", flat=True)) == {live.pk}
    booking.cancel(live)
    age(Notice, "created_at", 30)
    retention.from_the_start(retention.NOTICES)
    retention.tidy(retention.NOTICES)
    assert not Notice.objects.filter(state="sent").exists()


def test_answers_go_after_so_many_days_and_sessions_when_they_have_run_out() -> None:
    user = factories.patient().user
    for key in ("old", "young"):
        idempotency.once(user.pk, key, "/", {}, lambda: (201, {}))
    IdempotentRequest.objects.filter(key="old").update(created_at=Now() - timedelta(days=31))
    for key, days in (("run out", -1), ("good", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=Now() + timedelta(days=days))
    found = upkeep.keep_records()
    assert found["answers under an Idempotency-Key"] == found["sessions that have run out"] == 1
    assert [row.key for row in IdempotentRequest.objects.all()] == ["young"]
    assert [row.session_key for row in Session.objects.all()] == ["good"]
    assert Tidied.objects.filter(name="answers under an Idempotency-Key").exists()


def test_the_command_does_it_all_at_once() -> None:
    user = factories.patient().user
    for key in range(5):
        idempotency.once(user.pk, f"k{key}", "/", {}, lambda: (201, {}))
    IdempotentRequest.objects.update(created_at=Now() - timedelta(days=31))
    said = StringIO()
    call_command("tidy", batch=2, stdout=said)
    assert "answers under an Idempotency-Key, older than 30 days: 5" in said.getvalue()
    assert not IdempotentRequest.objects.exists()


@pytest.fixture
def years_ago(insurer: Simulator) -> Settlement:
    """A settlement that was completed in a month long gone; behind it something of today."""
    settlement = doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    for model, column in ((Journal, "at"), (InterfaceCall, "sent_at")):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = '2019-03-05'")
    factories.booked()
    InterfaceCall.objects.create(msgid="young", infno="1101", lane="trial", purpose="x", request="")
    return settlement


def archived(folder: Path) -> str:
    said = StringIO()
    call_command("archive_months", str(folder), stdout=said)
    return said.getvalue()


def test_a_month_goes_into_a_file_and_out_of_the_table(years_ago: Settlement, tmp_path: Path) -> None:
    moves = list(Journal.objects.filter(at__year=2019).order_by("pk").values_list("pk", "to_state"))
    Alert.objects.all().delete()
    said = archived(tmp_path)
    file = tmp_path / "hospital_journal-2019-03.jsonl.gz.sealed"
    kept = [json.loads(line) for line in sealed_file.read(file)]
    assert [(row["id"], row["to_state"]) for row in kept] == moves and f"{len(moves):,} rows deleted" in said
    assert not Journal.objects.filter(at__year=2019).exists() and Journal.objects.exists()
    assert [call.msgid for call in InterfaceCall.objects.all()] == ["young"]
    assert LedgerEntry.objects.filter(number=years_ago.number).exists(), "the books stay"
    assert "0 rows" not in said and "nothing older is left" in archived(tmp_path)


def test_nothing_can_be_read_or_changed_in_the_file(years_ago: Settlement, tmp_path: Path) -> None:
    archived(tmp_path)
    file = tmp_path / "insurance_interfacecall-2019-03.jsonl.gz.sealed"
    whole = file.read_bytes()
    assert b"2206A" not in whole
    for broken in (whole[:-1], whole[:-40], whole.replace(b"2019-03", b"2019-04"), whole[:-1] + bytes([whole[-1] ^ 1])):
        file.write_bytes(broken)
        with pytest.raises(Invalid):
            list(sealed_file.read(file))
    file.write_bytes(whole)
    assert sum(1 for _ in sealed_file.read(file)) > 5


def test_a_large_file_has_several_pieces_none_of_which_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_file, "PIECE_BYTES", 100)
    file, lines = tmp_path / "f", [f"{number} {number**9}\n".encode() for number in range(500)]
    sealed_file.write(file, {}, iter(lines))
    assert list(sealed_file.read(file)) == lines
    first, rest = file.read_bytes().split(b"\n", 1)
    piece = 4 + int.from_bytes(rest[:4], "big")
    for broken in (rest[piece:], rest[:piece], rest[piece : 2 * piece] + rest[:piece] + rest[2 * piece :]):
        file.write_bytes(first + b"\n" + broken)
        with pytest.raises(Invalid, match="changed"):
            list(sealed_file.read(file))


def test_ended_between_file_and_deletion_it_goes_on(years_ago: Settlement, tmp_path: Path) -> None:
    month = months.oldest(months.TABLES[0])
    assert month is not None
    file = months.keep(month, tmp_path)
    whole = list(sealed_file.read(file))
    first = next(months.delete(month))  # one batch, and then the power fails
    assert first and "rows deleted" in archived(tmp_path)
    assert not Journal.objects.filter(at__year=2019).exists()
    assert list(sealed_file.read(file)) == whole, "the file was not written anew from what was left"


def test_a_month_stays_while_something_of_it_is_in_hand(years_ago: Settlement, tmp_path: Path) -> None:
    brought.unknown()
    Settlement.objects.update(created_at="2019-03-05T00:00Z")
    with pytest.raises(CommandError, match="is not over"):
        archived(tmp_path)
    assert Journal.objects.filter(at__year=2019).exists() and not list(tmp_path.iterdir())


def test_the_journal_of_years_that_must_be_kept_is_not_touched(years_ago: Settlement, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hospital_journal SET at = now() - interval '59 months'")
        cursor.execute("UPDATE insurance_interfacecall SET sent_at = now() - interval '59 months'")
    count = Journal.objects.count()
    archived(tmp_path)
    assert Journal.objects.count() == count and not list(tmp_path.iterdir())


def test_hot_tables_are_vacuumed_sooner_than_at_a_fifth() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, array_to_string(reloptions, ' ') FROM pg_class WHERE reloptions IS NOT NULL")
        options = dict(cursor.fetchall())
    for table in ("hospital_archive", "hospital_notice", "insurance_trial", "insurance_settlement"):
        assert "autovacuum_vacuum_scale_factor=0.01" in options[table]
    for table in ("hospital_session", "insurance_permit"):
        assert "fillfactor=50" in options[table]
    assert "autovacuum_vacuum_insert_scale_factor=0.02" in options["hospital_journal"]
