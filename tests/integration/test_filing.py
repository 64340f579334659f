"""Step 3: file a batch, oldest first; who cannot be filed stops nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hospital.appointments import booking
from hospital.archives import filing
from hospital.archives.filing import Batch
from hospital.archives.models import Card, MasterRecord
from hospital.identity import InsuranceCard
from hospital.models import Appointment, Archive, Journal, Notice, Patient
from hospital.privacy import blind_index, encrypt
from tests import factories


def book(who: Patient, card: InsuranceCard | None = None) -> Archive:
    return booking.book(who, factories.session().pk, card or factories.own_card(who)).archive


def states() -> list[str]:
    return list(Archive.objects.order_by("pk").values_list("state", flat=True))


def rejection_of(archive: Archive) -> tuple[str, str]:
    archive.refresh_from_db()
    return archive.state, archive.rejection


def spoil(archive: Archive, **columns: str) -> None:
    """As written by an older version, or by a hand in the database."""
    Archive.objects.filter(pk=archive.pk).update(**columns)


def test_the_oldest_are_filed_first() -> None:
    for _ in range(5):
        book(factories.patient())
    assert filing.file_batch(3) == Batch(filed=3)
    assert states() == ["filed", "filed", "filed", "queued", "queued"]
    assert filing.file_batch(3) == Batch(filed=2)
    assert filing.file_batch(3) == Batch()


def test_nothing_taken_from_the_queue_is_nothing_filed() -> None:
    book(factories.patient())
    assert filing.file_batch(0) == Batch()
    assert states() == ["queued"]


def test_archive_numbers_ascend_with_the_queue() -> None:
    for _ in range(12):
        book(factories.patient())
    filing.file_batch(5)
    filing.file_batch(100)
    numbers = [str(number) for number in Archive.objects.order_by("pk").values_list("number", flat=True)]
    assert numbers == sorted(numbers) and len(set(numbers)) == 12
    assert all(len(number) == 18 and number.isdigit() for number in numbers)


def test_each_filed_archive_has_one_notice_and_one_journal_row() -> None:
    archives = [book(factories.patient()) for _ in range(3)]
    filing.file_batch(10)
    for archive in archives:
        archive.refresh_from_db()
        notice = Notice.objects.get(appointment_id=archive.appointment_id)
        assert (notice.kind, notice.state, notice.facts) == ("filed", "pending", {"number": archive.number})
        assert Journal.objects.filter(kind="archive", item_id=archive.pk, to_state="filed").count() == 1
        assert archive.filed_at is not None


def test_two_accounts_of_one_person_are_merged_by_the_id_number() -> None:
    number = factories.id_number()
    first, second = (factories.patient("测试甲", number) for _ in range(2))
    book(first)
    book(second, InsuranceCard("03", "SSC1234567"))
    filing.file_batch(10)
    person = MasterRecord.objects.get()
    assert (person.id_number, person.name) == (number, "测试甲")
    assert set(Archive.objects.values_list("master_id", flat=True)) == {person.pk}
    assert sorted(person.cards.values_list("type", flat=True)) == ["02", "03"]


def test_a_person_known_from_yesterday_is_found_again() -> None:
    number = factories.id_number()
    book(factories.patient("测试甲", number))
    filing.file_batch(10)
    book(factories.patient("测试甲", number))
    filing.file_batch(10)
    assert states() == ["filed", "filed"]
    assert MasterRecord.objects.count() == Card.objects.count() == 1


def test_an_impossible_id_number_is_rejected() -> None:
    archive = book(factories.patient(), InsuranceCard("03", "SSC1234567"))
    spoil(archive, id_number="110101199001010000")
    assert filing.file_batch(10) == Batch(rejected=1)
    assert rejection_of(archive) == ("rejected", "bad_id_number")


def test_an_impossible_card_is_rejected() -> None:
    archive = book(factories.patient(), InsuranceCard("03", "SSC1234567"))
    spoil(archive, card_number="!")
    filing.file_batch(10)
    assert rejection_of(archive) == ("rejected", "bad_card")


def test_the_identity_card_of_somebody_else_is_rejected() -> None:
    archive = book(factories.patient(), InsuranceCard("02", factories.id_number()))
    filing.file_batch(10)
    assert rejection_of(archive) == ("rejected", "card_not_own")


@pytest.mark.parametrize("batches", [(2,), (1, 1)])
def test_one_id_number_under_two_names_is_rejected(batches: tuple[int, ...]) -> None:
    number = factories.id_number()
    book(factories.patient("测试甲", number))
    second = book(factories.patient("测试乙", number))
    for most in batches:
        filing.file_batch(most)
    assert rejection_of(second) == ("rejected", "contradictory_identity")
    assert MasterRecord.objects.get().name == "测试甲"


@pytest.mark.parametrize("batches", [(2,), (1, 1)])
def test_one_card_for_two_people_is_rejected(batches: tuple[int, ...]) -> None:
    card = InsuranceCard("03", "SSC1234567")
    first = book(factories.patient(), card)
    second = book(factories.patient(), card)
    for most in batches:
        filing.file_batch(most)
    assert rejection_of(first) == ("filed", "")
    assert rejection_of(second) == ("rejected", "card_of_another")


def test_who_is_rejected_leaves_no_trace_in_the_master_records() -> None:
    card, number = InsuranceCard("03", "SSC1234567"), factories.id_number()
    book(factories.patient(), card)
    thief = book(factories.patient("测试乙", number), card)
    owner = book(factories.patient("测试甲", number))
    filing.file_batch(10)
    assert rejection_of(thief) == ("rejected", "card_of_another")
    assert rejection_of(owner) == ("filed", "")
    assert MasterRecord.objects.get(id_index=blind_index(number)).name == "测试甲"


def test_who_is_rejected_is_told_why_and_the_rest_of_the_batch_is_filed() -> None:
    archives = [book(factories.patient(), InsuranceCard("03", f"SSC123456{place}")) for place in range(5)]
    spoil(archives[2], card_number="!")
    assert filing.file_batch(10) == Batch(filed=4, rejected=1)
    assert states() == ["filed", "filed", "rejected", "filed", "filed"]
    notice = Notice.objects.get(appointment_id=archives[2].appointment_id)
    assert (notice.kind, notice.facts) == ("rejected", {"reason": "bad_card"})


def test_an_unreadable_record_stops_nobody_but_itself() -> None:
    archives = [book(factories.patient()) for _ in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hospital_archive SET name = 'bm90IG91cnM=' WHERE id = %s", [archives[1].pk])
    assert filing.file_batch(10) == Batch(filed=2, rejected=1)
    assert states() == ["filed", "rejected", "filed"]
    assert Notice.objects.get(appointment_id=archives[1].appointment_id).facts == {"reason": "cannot_be_filed"}


def test_who_has_cancelled_is_skipped() -> None:
    first, second = (factories.booked() for _ in range(2))
    booking.cancel(Appointment.objects.get(pk=first.pk))
    assert filing.file_batch(10) == Batch(filed=1)
    assert states() == ["cancelled", "filed"]
    assert not Notice.objects.filter(appointment=first).exists()
    assert Notice.objects.filter(appointment=second).exists()


def test_personal_data_is_ciphertext_in_the_database() -> None:
    who = factories.patient("欧阳测试")
    book(who)
    filing.file_batch(10)
    for table, columns in (
        ("hospital_patient", ("name", "id_number", "phone")),
        ("hospital_archive", ("name", "id_number", "phone", "card_number")),
        ("hospital_masterrecord", ("name", "id_number", "phone")),
        ("hospital_card", ("number",)),
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT to_jsonb(t)::text, {', '.join(columns)} FROM {table} t")
            row = cursor.fetchone()
        assert all(len(column) > 16 for column in row[1:]), table
        for secret in (who.name, who.id_number, who.phone):
            assert secret not in row[0], table
    archive = Archive.objects.get()
    assert (archive.name, archive.id_number, archive.phone) == ("欧阳测试", who.id_number, "13800000000")
    assert encrypt("x") != encrypt("x")


def queries_to_file(count: int) -> int:
    session = factories.session(seats=count)
    for _ in range(count):
        factories.booked(session)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert filing.file_batch(1000).filed == count
    return len(queries)


def test_a_batch_takes_as_many_queries_for_fifty_as_for_two() -> None:
    assert queries_to_file(2) == queries_to_file(50)
