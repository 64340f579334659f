"""`doctor`: looks at everything the system needs and says what to do. Ends with status 1 when anything is bad."""

from dataclasses import asdict
from json import dumps
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from operations.doctor import rounds
from operations.doctor.finding import Finding, Level


class Command(BaseCommand):
    help = "Looks at everything the system needs, changes nothing, says what to do. Status 1: something is bad."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        found = list(rounds.make())
        if json:
            self.stdout.write(dumps([asdict(one) for one in found], ensure_ascii=False))
        else:
            for one in found:
                self.stdout.write(self._line(one))
        if count := sum(one.level is Level.BAD for one in found):
            raise CommandError(_("%(count)s bad") % {"count": count})

    def _line(self, one: Finding) -> str:
        words = {Level.OK: _("ok"), Level.WARNING: _("warning"), Level.BAD: _("bad")}
        styles = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.BAD: self.style.ERROR}
        line = f"{words[one.level]:<8}{one.check}: {one.says}"
        return styles[one.level](f"{line}. {one.do}" if one.do else line)
