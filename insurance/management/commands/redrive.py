"""`redrive --why TEXT`: after an outage, what waits for its next attempt goes on now, as fast as the limit allows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital import changes
from hospital.errors import Refusal
from insurance.desk import redrive
from insurance.desk.actions import HASTENED
from insurance.desk.cases import Kind

FIRST = ",".join(HASTENED)


class Command(BaseCommand):
    help = "Make the settlements of these states due now. Nothing is sent from here: turns take them, within n."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state", default=FIRST, help=f"which (default: {FIRST}; also: manual)")
        parser.add_argument("--older-than", type=int, default=0, metavar="MINUTES", help="in their state for so long")
        parser.add_argument("--insurer", default="", metavar="NAME", help="of this one only (default: of all)")
        parser.add_argument("--why", default="", help="the reason, kept with each of them")

    def handle(self, *args: Any, state: str, older_than: int, insurer: str, why: str, **options: Any) -> None:
        if older_than < 0:
            raise CommandError("--older-than must not be negative")
        try:
            states = [name.strip() for name in state.split(",")]
            rows = redrive.selected(states, older_than, insurer).values_list("pk", flat=True)
            cases = [(Kind.SETTLEMENT.value, pk) for pk in rows]
            done = redrive.redrive(cases, who=changes.COMMAND_LINE, why=why)
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        self.stdout.write(f"due now: {done.count}")
        for told, refused in done.by_reason().items():
            self.stdout.write(f"left as they are: {len(refused)} ({told})")
