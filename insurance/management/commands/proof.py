"""`proof`: the worst 60 seconds of each quota, from the recorded calls."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from insurance.quota.models import Quota
from insurance.quota.proof import worst_of


class Command(BaseCommand):
    help = "The most metered calls in any 60 seconds, per quota, from the recorded calls."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [worst_of(quota) for quota in Quota.objects.order_by("name")]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(worst) for worst in found], default=str))
            return
        for worst in found:
            limit = "no limit" if worst.per_minute is None else f"n = {worst.per_minute}"
            self.stdout.write(f"{worst.quota}: worst 60 s {worst.worst} of {limit}, {worst.calls} calls")
