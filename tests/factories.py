"""Rows to test with, made through the same doors as everything else."""

import itertools
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.utils import timezone

from hospital.appointments import booking
from hospital.archives import filing
from hospital.identity import InsuranceCard
from hospital.models import Appointment, Department, Doctor, Patient, PriceItem, PriceList, Session
from hospital.notices import delivery

_numbers = itertools.count(1)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(number: int | None = None) -> str:
    """A synthetic ID number with its check digit (ISO 7064)."""
    number = next(_numbers) if number is None else number
    first = f"110101{1950 + number // 1000 % 50}0101{number % 1000:03d}"
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, _WEIGHTS, strict=True)) % 11]


def session(seats: int = 50, prices: tuple[str, ...] = ("4.00", "26.52")) -> Session:
    """A session of today with free seats and a price list."""
    number = next(_numbers)
    department = Department.objects.create(code=f"T{number}", name="测试科")
    doctor = Doctor.objects.create(code=f"D{number}", name="测试医生", department=department)
    price_list = PriceList.objects.create(name=f"prices {number}")
    for place, price in enumerate(prices):
        PriceItem.objects.create(
            price_list=price_list,
            med_list_codg=f"00110{place}",
            medins_list_codg=f"H{place}",
            name=f"item {place}",
            unit_price=Decimal(price),
        )
    starts_at = timezone.now() + timedelta(hours=1)
    return Session.objects.create(
        doctor=doctor,
        price_list=price_list,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        capacity=seats,
        free=seats,
    )


def patient(name: str = "测试甲", number: str = "") -> Patient:
    """A patient with an account (no password: tests authenticate by force)."""
    user = get_user_model().objects.create(username=f"patient{next(_numbers)}")
    return Patient.objects.create(user=user, name=name, id_number=number or id_number(), phone="13800000000")


def own_card(who: Patient) -> InsuranceCard:
    """The identity card as insurance card."""
    return InsuranceCard("02", who.id_number)


def booked(in_session: Session | None = None, who: Patient | None = None) -> Appointment:
    """A booked appointment whose archive is queued."""
    who = who or patient()
    return booking.book(who, (in_session or session()).pk, own_card(who))


def told(count: int = 1) -> list[Appointment]:
    """Appointments of patients who are filed and told."""
    place = session(seats=count)
    appointments = [booked(place) for _ in range(count)]
    filing.file_batch(10_000)
    delivery.send_due(10_000)
    return appointments
