"""What a run of `bin/bench plan` has left behind, read from its rows."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from hospital.models import Appointment, Archive, Journal
from insurance.quota.models import Permit
from insurance.trial.models import Trial
from operations.capacity.series import peak
from tests.bench import measure

Sizes = Mapping[str, tuple[int, int]]


def sizes() -> Sizes:
    """Rows and bytes (indexes and long values with them) of every table of ours."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if is_ours(name)]
        counted = " UNION ALL ".join(
            f"SELECT '{name}', count(*), pg_total_relation_size('{name}') FROM {name}" for name in names
        )
        cursor.execute(counted)
        return {name: (count, size) for name, count, size in cursor.fetchall()}


def is_ours(table: str) -> bool:
    return table.startswith(("hospital_", "insurance_"))


class Found:
    """The run, figure by figure. `before`: the sizes when it began."""

    def __init__(self, before: Sizes) -> None:
        self.began: datetime = Appointment.objects.aggregate(at=Min("created_at"))["at"]
        self.trials = list(Trial.objects.exclude(turn_at=None).order_by("pk"))
        self.archives = list(Archive.objects.exclude(filed_at=None).order_by("pk"))
        self.grown = {name: (now[0] - before[name][0], now[1] - before[name][1]) for name, now in sizes().items()}

    @cached_property
    def waits(self) -> list[float]:
        """From joining the line to the turn."""
        return sorted(_seconds(one.created_at, one.turn_at) for one in self.trials)

    @property
    def longest_line(self) -> int:
        came = [one.created_at.timestamp() for one in self.trials]
        return peak(came, [one.turn_at.timestamp() for one in self.trials if one.turn_at])[0]

    @property
    def batches(self) -> list[int]:
        """How many records each tick filed."""
        return list(Counter(one.filed_at for one in self.archives).values())

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.grown.values())

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.grown.values())

    def until_all_are(self, state: str, kind: str) -> float:
        """Seconds from the first booking until the last row of this kind came into this state."""
        last = Journal.objects.filter(kind=kind, to_state=state).aggregate(at=Max("at"))["at"]
        return _seconds(self.began, last)

    def of_permits(self, field: str) -> float:
        """The median of what the trials' permits tell of their last use (seconds)."""
        there = Permit.objects.filter(quota__name="trial", **{f"{field}__gt": 0}).values_list(field, flat=True)
        return measure.median(list(there))

    def asked_after(self) -> float:
        """The mean seconds from being filed to standing in the line."""
        filed = {one.appointment_id: one.filed_at for one in self.archives}
        after = [_seconds(filed[one.appointment_id], one.created_at) for one in self.trials]
        return sum(after) / len(after)

    def settling(self) -> dict[str, float]:
        """Median seconds between the steps of a settlement."""
        steps: dict[int, dict[str, datetime]] = {}
        for one in Journal.objects.filter(kind="settlement").order_by("pk"):
            steps.setdefault(one.item_id, {}).setdefault(one.to_state, one.at)
        pairs = (("calling", "insured"), ("insured", "paid"), ("waiting", "calling"), ("paid", "completed"))
        found = {
            f"{a} → {b}": [_seconds(at[a], at[b]) for at in steps.values() if a in at and b in at] for a, b in pairs
        }
        return {name: round(measure.median(values), 3) for name, values in found.items() if values}


def _seconds(begin: Any, end: Any) -> float:
    return float((end - begin).total_seconds())
