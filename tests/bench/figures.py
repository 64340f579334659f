"""A figure, a sheet, their tables, and the JSON with what is needed to compare them with another day's."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

from demo.home import ROOT
from tests.bench.measure import median
from tests.bench.options import Options


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` is ours / baseline: the median of the rounds' own ratios."""

    name: str
    unit: str
    ours: float
    baseline: float | None = None
    ratio: float | None = None
    notes: str = ""
    ours_rounds: list[float] = field(default_factory=list)
    baseline_rounds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """A table of its own, for a benchmark whose lines have many columns. None stands for what cannot be said."""

    title: str
    rows: list[dict[str, Any]]
    """By column; every row has the same columns."""
    notes: list[str] = field(default_factory=list)


def of(given: dict[str, Any]) -> Figure | Sheet:
    """What a benchmark's process has written as JSON."""
    return Sheet(**given) if "rows" in given else Figure(**given)


def compared(name: str, unit: str, ours: Sequence[float], baseline: Sequence[float], notes: str = "") -> Figure:
    """Ours against the baseline; the two sides of a round ran one after the other and share its noise."""
    ratio = median([one / other for one, other in zip(ours, baseline, strict=True)])
    return Figure(name, unit, median(ours), median(baseline), ratio, notes, list(ours), list(baseline))


def alone(name: str, unit: str, ours: Sequence[float], notes: str = "") -> Figure:
    """A figure with nothing to compare it to."""
    return Figure(name, unit, median(ours), notes=notes, ours_rounds=list(ours))


def tables(found: Sequence[Figure | Sheet]) -> Iterator[Table | str]:
    """Everything for the terminal: all figures in one table, then each sheet with its notes."""
    if figures := [one for one in found if isinstance(one, Figure)]:
        yield _table(figures)
    for one in found:
        if isinstance(one, Sheet):
            yield _sheet(one)
            yield from one.notes


def document(found: Sequence[Figure | Sheet], options: Options, load_before: float) -> dict[str, Any]:
    """Everything for `--json`. `load_*` is the machine's load average of one minute: how busy others kept it."""
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed_since": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        "machine": _machine(),
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
        "options": asdict(options),
        "seconds_a_side": options.seconds,
        "figures": [asdict(one) for one in found if isinstance(one, Figure)],
        "sheets": [asdict(one) for one in found if isinstance(one, Sheet)],
    }


def _table(figures: Sequence[Figure]) -> Table:
    drawn = Table("benchmark", "unit")
    for column in ("ours", "baseline", "ratio"):
        drawn.add_column(column, justify="right")
    drawn.add_column("notes", overflow="fold")
    for one in figures:
        drawn.add_row(one.name, one.unit, _short(one.ours), _short(one.baseline), _short(one.ratio), one.notes)
    return drawn


def _sheet(sheet: Sheet) -> Table:
    drawn = Table(title=sheet.title, title_justify="left")
    for name, value in sheet.rows[0].items():
        drawn.add_column(name, justify="left" if isinstance(value, str) else "right")
    for row in sheet.rows:
        drawn.add_row(*map(_cell, row.values()))
    return drawn


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float():
            return _short(value)
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mib": psutil.virtual_memory().total // 2**20,
    }


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    """What git says of the checkout; None without git, or outside a repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
