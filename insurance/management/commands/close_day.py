"""`close_day DATE`: close a day for good, or list by patient what stands in its way (status 1)."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital import changes
from hospital.errors import Conflict, Refusal
from insurance.management import options
from insurance.reconciliation import closing, reconcile, telling
from insurance.reconciliation.closing import Standing
from insurance.states import DayBookState


class Command(BaseCommand):
    help = "Close a day; compare it first where that is not done. Status 1: it cannot be closed, with what is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", help="a local day, such as 2026-11-23")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--why", default="day close", help="the reason, kept with the change")

    def handle(self, *args: Any, day: str, why: str, json: bool, **more: Any) -> None:
        try:
            stands = self._close(options.day(day, "the day"), why)
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        closed = stands.book.state == DayBookState.CLOSED
        self._tell(stands, closed=closed, as_json=json)
        if not closed:
            raise CommandError(f"{stands.book}: not closed: {stands.verdict}")

    def _close(self, day: date, why: str) -> Standing:
        """Closed, or what stands in the way. One that is closed already is so."""
        book = reconcile.book_of(day)
        stands = closing.standing(book, timezone.now())
        if book.state != DayBookState.CLOSED and not stands.is_ready:
            book = reconcile.until_settled(day, details=True)
            stands = closing.standing(book, timezone.now())
        if book.state == DayBookState.CLOSED or not stands.is_ready:
            return stands
        try:
            return Standing(closing.close(book, who=changes.COMMAND_LINE, why=why))
        except Conflict:
            return closing.standing(reconcile.book_of(day), timezone.now())

    def _tell(self, stands: Standing, *, closed: bool, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(telling.figures(stands) | {"closed": closed}))
        elif closed:
            self.stdout.write(f"closed: {stands.book.verdict}")
        else:
            for line in telling.lines(stands):
                self.stdout.write(line)
