"""`rotate_keys`: encrypt anew, under the current key, whatever stands under an older one (docs/privacy.md)."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital import hooks, keys, rotation
from hospital.rotation import Round, Table

PASSES = 2
"""Master records are copied from archives, and those from patients, while the tables are seen to one after the other:
what was copied under the old key in the first pass is found in the second, when every source has the new one."""

MOST_ROUNDS = 10
TOLD_EVERY_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Encrypt anew, under PII_KEY, what stands under PII_OLD_KEYS, and make the blind indexes anew. It may be ended"
        " at any moment and begun again; nobody waits for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows in one transaction (500)")
        parser.add_argument("--pause", type=float, default=0.0, help="seconds between two batches (0)")
        parser.add_argument("--dry-run", action="store_true", help="say only which keys there are, and how many rows")

    def handle(self, *args: Any, **options: Any) -> None:
        ring = keys.ring()
        self.stdout.write(f"current key {ring.current.id}; also read: {', '.join(k.id for k in ring.others) or 'none'}")
        if options["dry_run"]:
            self._list()
            return
        for _ in range(PASSES):
            left = [text for table in rotation.tables() for text in self._rotate(table, options)]
        self.stdout.write(f"bills that may still be settled: {sum(hooks.call('keys_changed'))} fingerprints anew")
        if left:
            raise CommandError("; ".join(left))
        self.stdout.write("nothing is left under an older key: PII_OLD_KEYS may be emptied")

    def _list(self) -> None:
        for table in rotation.tables():
            columns = ", ".join(table.columns)
            self.stdout.write(f"{table.name}: about {table.about():,} rows; {columns}")

    def _rotate(self, table: Table, options: dict[str, Any]) -> list[str]:
        """Rounds until one finds nothing to do; what cannot be done, in words."""
        about = table.about()
        for _ in range(MOST_ROUNDS):
            done = self._round(table, about, options)
            if not done.renewed and not done.passed_by:
                break
        else:
            return [f"{table.name}: rows go on changing under an older key; do all processes know the new one?"]
        said = {"no key opens": done.unreadable, "another row has the index of": done.in_conflict}
        return [f"{table.name}: {what} {', '.join(map(str, pks[:20]))}" for what, pks in said.items() if pks]

    def _round(self, table: Table, about: int, options: dict[str, Any]) -> Round:
        said_at = time.monotonic()

        def told(done: Round) -> None:
            nonlocal said_at
            if time.monotonic() - said_at >= TOLD_EVERY_SECONDS:
                said_at = time.monotonic()
                self.stdout.write(f"{table.name}: {done.renewed:,} anew, {done.looked_at:,} of about {about:,} seen")
            time.sleep(options["pause"])

        done = rotation.run(table, options["batch"], told)
        if done.renewed or done.looked_at:
            self.stdout.write(f"{table.name}: {done.renewed:,} anew of {done.looked_at:,} seen")
        return done
