"""`tidy`: delete or empty at once what is kept no longer (docs/privacy.md); the upkeep does it batch by batch."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hospital import retention
from insurance import upkeep


class Command(BaseCommand):
    help = "Delete or empty what is kept no longer: KEEP_MESSAGES_MONTHS, KEEP_NOTICES_MONTHS, KEEP_REQUESTS_DAYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=retention.AT_A_TIME, help="rows in one transaction (1000)")
        parser.add_argument("--pause", type=float, default=0.0, help="seconds between two batches (0)")
        parser.add_argument("--from-start", action="store_true", help="look once more at what was spared before")

    def handle(self, *args: Any, **options: Any) -> None:
        for rule in upkeep.RULES:
            if options["from_start"]:
                retention.from_the_start(rule)
            seen = 0
            while count := retention.tidy(rule, options["batch"]):
                seen += count
                time.sleep(options["pause"])
            self.stdout.write(f"{rule.name}, older than {rule.kept()}: {seen:,}")
        gone = 0
        while count := retention.forget_sessions(options["batch"]):
            gone += count
        self.stdout.write(f"sessions that have run out: {gone:,}")
