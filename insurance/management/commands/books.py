"""`books`: what we settled and collected, to lay beside the insurer's and the payment institution's ledgers."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from insurance.management.options import moment
from insurance.quota import insurers
from insurance.reconciliation.books import totals


class Command(BaseCommand):
    help = "Settlements and payments, summed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--insurer", default="", metavar="NAME", help="of this one only (default: of all)")
        parser.add_argument("--since", help="ISO 8601 time with zone; only what was begun after it")

    def handle(self, *args: Any, **options: Any) -> None:
        since, insurer = options["since"], options["insurer"]
        if insurer and insurer not in (known := insurers.names()):
            raise CommandError(f"there is no insurer {insurer}; there are {', '.join(sorted(known))}")
        found = totals(moment(since, "--since") if since else None, insurer)
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            for name, value in found.items():
                self.stdout.write(f"{name}: {value}")
