"""`archive_months DIR`: whole old months of the journal and of the calls into files, and out of the tables.

`--read FILE` shows one, line by line. docs/privacy.md
"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital import sealed_file
from insurance.archiving import months, runs


class Command(BaseCommand):
    help = "Put months of the journal and of the calls that are older than KEEP_JOURNAL_MONTHS into encrypted files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", help="where the files go")
        parser.add_argument("--read", metavar="FILE", help="show what stands in a file, a line of JSON for each row")
        parser.add_argument("--pause", type=float, default=0.0, help="seconds between two batches of deleting (0)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["read"]:
                self._show(Path(options["read"]))
            elif options["folder"]:
                self._archive(Path(options["folder"]), options["pause"])
            else:
                raise CommandError("say where the files go, or which one to read")
        except runs.FAULTS as error:
            raise CommandError(str(getattr(error, "detail", error))) from error

    def _archive(self, folder: Path, pause: float) -> None:
        for archived in runs.run(folder, pause=pause):
            size = f"{archived.path.stat().st_size:,} bytes"
            self.stdout.write(f"{archived.path}: {size}; {archived.rows:,} rows deleted")
        self.stdout.write(f"{', '.join(table.name for table in months.TABLES)}: nothing older is left")

    def _show(self, path: Path) -> None:
        for line in sealed_file.read(path):
            sys.stdout.write(line.decode())
