"""`books`: what we settled and collected, to lay beside the insurer's and the payment institution's ledgers."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from insurance.reconciliation.books import totals


class Command(BaseCommand):
    help = "Settlements and payments, summed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--since", help="ISO 8601 time with zone; only what was begun after it")

    def handle(self, *args: Any, **options: Any) -> None:
        found = totals(_moment(options["since"]) if options["since"] else None)
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name}: {value}")


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:  # the form is right, but there is no such day or hour
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError("--since must be an ISO 8601 time with zone, such as 2026-11-23T08:00:00+08:00")
    return moment
