"""`tune`: the settings that may be changed while the system runs. `tune NAME VALUE --why TEXT` changes one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital import changes, tuning
from hospital.errors import Invalid
from hospital.tuning import Tuning

ENVIRONMENT = "environment"


class Command(BaseCommand):
    help = "List the settings that may be changed while the system runs, or change one (in every process, within 2 s)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="such as FILING_BATCH_SIZE; without a name: list them")
        parser.add_argument("value", nargs="?", help=f"a whole number, or {ENVIRONMENT}: back to its value")
        parser.add_argument("--why", default="", help="the reason, kept with the change")

    def handle(self, *args: Any, **options: Any) -> None:
        name, value = options["name"], options["value"]
        if name is None:
            return self._list()
        if value is None:
            raise CommandError(f"say what {name} is to be: a whole number, or {ENVIRONMENT}")
        try:
            tuning.change(name, _whole(value), who=changes.COMMAND_LINE, why=options["why"])
        except Invalid as error:
            raise CommandError(str(error.detail)) from error
        return self._list()

    def _list(self) -> None:
        rows = Tuning.objects.in_bulk(list(settings.TUNABLE))
        for name, (least, most) in settings.TUNABLE.items():
            row = rows.get(name) or Tuning(name=name)
            meaning, unit = settings.TUNABLE_TEXTS[name]
            source = ENVIRONMENT if row.value is None else "staff"
            self.stdout.write(f"{name} = {row.in_force} {unit} ({source}; {least} to {most}): {meaning}")


def _whole(text: str) -> int | None:
    if text == ENVIRONMENT:
        return None
    if not text.isascii() or not text.isdigit():
        raise CommandError(f"a value is a whole number, or {ENVIRONMENT}; not {text!r}")
    return int(text)
