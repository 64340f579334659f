"""`export_patient WHO --why TEXT`: everything that is held about a patient, as JSON (docs/privacy.md)."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from hospital import changes, held
from hospital.errors import Refusal


class Command(BaseCommand):
    help = "Everything that is held about a patient, as JSON. That it was taken out is written down."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="the patient's id, or the user name")
        parser.add_argument("--why", required=True, help="the reason, kept with the access")
        parser.add_argument(
            "--out", metavar="FILE", help="where to (a file that only its owner may read); else to stdout"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = held.export(held.named(options["who"]), who=changes.COMMAND_LINE, why=options["why"])
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        text = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
        if options["out"] is None:
            self.stdout.write(text)
        else:
            path = Path(options["out"])
            path.touch(mode=0o600)
            path.write_text(f"{text}\n", encoding="utf-8")
