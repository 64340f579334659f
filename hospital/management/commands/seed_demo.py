"""`seed_demo`: departments, doctors, prices, staff and today's sessions. Run again, it adds sessions only."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from hospital import roles
from hospital.appointments.models import Department, Doctor, PriceItem, PriceList, Session

DEPARTMENTS = (("0301", "心血管内科", "A03"), ("0302", "呼吸内科", "A03"), ("0901", "皮肤科", "A13"))
DOCTORS = (("D0001", "张医生", "0301"), ("D0002", "李医生", "0302"), ("D0003", "王医生", "0901"))
PRICES = (
    ("001101000010000-11010000101", "REG01", "挂号费", Decimal("4.00")),
    ("001102000010000-11020000101", "CON01", "互联网复诊诊查费", Decimal("26.52")),
)
ADMIN = ("admin", "admin-demo")
"""Each role has a person of its name, with the password NAME-demo."""


class Command(BaseCommand):
    help = "Departments, doctors, sessions and staff to try the system with. Never on a hospital's real database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seats", type=int, default=300, help="free seats in all sessions together")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        departments = {code: self._department(code, name, caty) for code, name, caty in DEPARTMENTS}
        prices = self._prices()
        doctors = [
            Doctor.objects.get_or_create(code=code, defaults={"name": name, "department": departments[department]})[0]
            for code, name, department in DOCTORS
        ]
        seats = -(-options["seats"] // len(doctors))
        for doctor in doctors:
            self._session(doctor, prices, seats)
        self._staff()
        self.stdout.write(
            f"seeded: {len(doctors)} sessions with {seats} seats each; staff login {ADMIN[0]} / {ADMIN[1]}"
        )

    def _department(self, code: str, name: str, caty: str) -> Department:
        return Department.objects.get_or_create(code=code, defaults={"name": name, "caty": caty})[0]

    def _prices(self) -> PriceList:
        prices, made = PriceList.objects.get_or_create(name="互联网复诊")
        if made:
            PriceItem.objects.bulk_create(
                PriceItem(price_list=prices, med_list_codg=national, medins_list_codg=own, name=name, unit_price=price)
                for national, own, name, price in PRICES
            )
        return prices

    def _session(self, doctor: Doctor, prices: PriceList, seats: int) -> None:
        starts_at = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
        Session.objects.create(
            doctor=doctor,
            price_list=prices,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=4),
            capacity=seats,
            free=seats,
        )

    def _staff(self) -> None:
        users = get_user_model().objects
        if not users.filter(username=ADMIN[0]).exists():
            users.create_superuser(username=ADMIN[0], password=ADMIN[1])
        for group in roles.make():
            if not users.filter(username=group.name).exists():
                person = users.create_user(username=group.name, password=f"{group.name}-demo", is_staff=True)
                person.groups.add(group)
