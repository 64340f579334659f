"""`reconcile DATE`: compare a day with the other books. Status 1: it could not be compared, or something differs."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital.errors import Refusal
from insurance.management import options
from insurance.reconciliation import closing, reconcile, telling
from insurance.reconciliation.models import DayBook
from insurance.states import DayBookState


class Command(BaseCommand):
    help = "Compare a day with the insurer and the payment institution, and carry out the remedies that are safe."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", help="a local day, such as 2026-11-23")
        parser.add_argument("--details", action="store_true", help="settlement by settlement also where totals agree")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, day: str, details: bool, json: bool, **more: Any) -> None:
        try:
            book = reconcile.until_settled(options.day(day, "the day"), details=details)
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        stands = closing.standing(book, timezone.now())
        self._tell(stands, as_json=json)
        if book.state != DayBookState.RECONCILED:
            raise CommandError(f"{book}: not reconciled: {book.last_error}")
        if stands.one_sided:
            raise CommandError(f"{book}: {stands.verdict}")

    def _tell(self, stands: closing.Standing, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(telling.figures(stands)))
            return
        for line in (*_columns(stands.book), *map(telling.told, stands.one_sided)):
            self.stdout.write(line)


def _columns(book: DayBook) -> list[str]:
    told = [f"{book}: {book.state}"]
    for name, sums in telling.columns(book).items():
        told.append(f"  {name}: " + (", ".join(f"{each} {value}" for each, value in sums.items()) or "not compared"))
    return told
