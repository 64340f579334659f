"""`proof`: the worst 60 seconds of each quota, from the recorded calls. Ends with status 1 when anything was over."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from json import dumps
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from insurance.management import options
from insurance.quota import proof
from insurance.quota.models import Quota
from insurance.quota.proof import Worst


class Command(BaseCommand):
    help = "The most metered calls in any 60 seconds, per quota, from the recorded calls. Status 1: something was over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--day", help="a local day, such as 2026-11-23: only what was sent on it")
        which.add_argument("--since", help="ISO 8601 time with zone: only what was sent from then on")

    def handle(self, *args: Any, day: str | None, since: str | None, json: bool, **more: Any) -> None:
        between = _between(day, since)
        quotas = Quota.objects.select_related("insurer").order_by("name", "pk")
        found = [proof.worst_of(quota, *between) for quota in quotas]
        if json:
            self.stdout.write(dumps([asdict(worst) for worst in found], default=str))
        else:
            for line in (line for worst in found for line in _lines(worst)):
                self.stdout.write(line)
        if broken := "; ".join(_broken(found)):
            raise CommandError(f"over the limit: {broken}")


def _between(day: str | None, since: str | None) -> tuple[datetime | None, datetime | None]:
    if day:
        return proof.bounds(options.day(day, "--day"))
    return (options.moment(since, "--since") if since else None), None


def _lines(worst: Worst) -> Iterable[str]:
    limit = "no limit" if worst.per_minute is None else f"n = {worst.per_minute}"
    yield f"{worst.quota}: worst 60 s {worst.worst} of {limit}, {worst.calls} calls"
    if worst.ended_at is None:
        return
    ended_at = timezone.localtime(worst.ended_at).isoformat(timespec="milliseconds")
    yield f"  by time of sending (before the arrival): ended {ended_at}, n in force {worst.in_force}, {worst.over} over"
    yield f"  at the receiver, whatever the network did: {worst.worst_possible} at most, {worst.over_possible} over"
    if worst.shortest_gap_seconds is not None:
        rest = f"each rested {worst.shortest_gap_seconds:.3f} s or longer after its answer"
        yield f"  {worst.permits_used} permits; {rest}"


def _broken(found: Iterable[Worst]) -> Iterable[str]:
    """What is to be said of each quota of which it cannot be said that nothing was over."""
    for worst in (each for each in found if not proof.holds(each)):
        yield (
            f"{worst.quota}: {worst.over} by time of sending, {worst.over_possible} possibly at the receiver, "
            f"shortest rest of a permit {worst.shortest_gap_seconds} s"
        )
