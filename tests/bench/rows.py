"""Rows in bulk: what a crowd would leave behind, without the crowd. Every person is another one."""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from demo.people import people
from hospital.appointments.models import amount_fen
from hospital.archives import filing
from hospital.models import Appointment, Archive, Charge, Department, Doctor, Patient, PriceItem, PriceList, Session
from hospital.notices import delivery
from hospital.privacy import blind_index

PRICES = ("4.00", "26.52")
"""Yuan of a session's fee lines: registration and consultation."""

FILED_AT_ONCE = 200

_chance = random.Random(20_260_101)


def empty() -> None:
    """Every table of ours is empty and counts from 1 again; what was left to be written to disk is written, so that
    nobody is measured beside it."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if _is_ours(name)]
        cursor.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        cursor.execute("CHECKPOINT")


def tidy(*models: type) -> None:
    """Vacuum and analyse these tables, as autovacuum would have by the time they are this large."""
    names = ", ".join(model._meta.db_table for model in models)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {names}")


def sessions(count: int, seats: int) -> list[Session]:
    """Sessions of one doctor, an hour from now, with so many free seats each."""
    doctor = Doctor.objects.create(code="D1", name="医生", department=Department.objects.create(code="B1", name="科"))
    prices = PriceList.objects.create(name="prices")
    PriceItem.objects.bulk_create(_price(prices, place, price) for place, price in enumerate(PRICES))
    starts, ends = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(hours=5)
    return Session.objects.bulk_create(
        Session(doctor=doctor, price_list=prices, starts_at=starts, ends_at=ends, capacity=seats, free=seats)
        for _ in range(count)
    )


def patients(count: int) -> list[Patient]:
    """Patients with accounts, and without passwords."""
    crowd = people(count, _chance)
    users = get_user_model().objects.bulk_create(get_user_model()(username=one.username) for one in crowd)
    return Patient.objects.bulk_create(
        Patient(user=user, name=one.name, id_number=one.id_number, phone=one.phone)
        for user, one in zip(users, crowd, strict=True)
    )


def appointments(who: Sequence[Patient], where: Sequence[Session]) -> list[Appointment]:
    """A booked appointment of each of them in each session; no seat is counted and nothing is journalled."""
    return Appointment.objects.bulk_create(
        Appointment(patient=one, session=session) for session in where for one in who
    )


def queued(count: int, session: Session) -> None:
    """`count` new people in the filing queue, each with an identity card as insurance card."""
    Archive.objects.bulk_create(_archive(one) for one in appointments(patients(count), [session]))


def told(count: int, prices: Sequence[str] = PRICES) -> list[Appointment]:
    """Booked appointments of `count` new people with their fee lines, filed and told: each may join the line."""
    session = sessions(1, seats=count)[0]
    queued(count, session)
    booked = list(Appointment.objects.select_related("patient__user").order_by("pk"))
    Charge.objects.bulk_create(_charge(one, place, price) for one in booked for place, price in enumerate(prices))
    while filing.file_batch(FILED_AT_ONCE).filed:
        delivery.send_due()
    return booked


def _charge(appointment: Appointment, place: int, price: str) -> Charge:
    codes = {"med_list_codg": f"00110{place}", "medins_list_codg": f"H{place}", "name": f"item {place}"}
    yuan, now = Decimal(price), timezone.now()
    amount = amount_fen(yuan, Decimal(1))
    return Charge(appointment=appointment, unit_price=yuan, amount_fen=amount, occurred_at=now, **codes)


def _archive(appointment: Appointment) -> Archive:
    patient = appointment.patient
    index = blind_index(patient.id_number)
    return Archive(
        appointment=appointment,
        name=patient.name,
        id_number=patient.id_number,
        id_index=index,
        phone=patient.phone,
        card_type="02",
        card_number=patient.id_number,
        card_index=index,
    )


def _price(prices: PriceList, place: int, price: str) -> PriceItem:
    codes = {"med_list_codg": f"00110{place}", "medins_list_codg": f"H{place}"}
    return PriceItem(price_list=prices, name=f"item {place}", unit_price=Decimal(price), **codes)


def _is_ours(table: str) -> bool:
    return table.startswith(("hospital_", "insurance_")) or table == "auth_user"
