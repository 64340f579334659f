"""What the terminal shows: a live picture on a TTY, a plain line now and then elsewhere, and the report at the end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.crowd import Crowd
from demo.patient import Patient, Step
from demo.simulators import last_window

LIVE_EVERY_SECONDS = 0.5
PLAIN_EVERY_SECONDS = 5.0

BARS = {
    "booked": Step.BOOKED,
    "filed": Step.FILED,
    "told": Step.TOLD,
    "priced": Step.PRICED,
    "insured": Step.INSURED,
    "paid": Step.PAID,
    "ended": Step.ENDED,
}


class Screen:
    """The picture of one crowd."""

    def __init__(
        self, console: Console, crowd: Crowd, texts: Mapping[str, str], insurers: Sequence[str], per_minute: int
    ) -> None:
        self.console = console
        self.crowd = crowd
        self.texts = texts
        self.insurers = insurers
        self.per_minute = per_minute
        self.calls: list[int | None] = [None] * len(insurers)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Keep the picture up to date while the body runs; the last state stays on the screen."""
        task = asyncio.create_task(self._live() if self.console.is_terminal else self._plain())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _live(self) -> None:
        with Live(self.picture(), console=self.console, auto_refresh=False) as live:
            try:
                async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                    while True:
                        self.calls = [await last_window(client, each) for each in self.insurers]
                        live.update(self.picture(), refresh=True)
                        await asyncio.sleep(LIVE_EVERY_SECONDS)
            finally:
                live.update(self.picture(), refresh=True)

    async def _plain(self) -> None:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                while True:
                    await asyncio.sleep(PLAIN_EVERY_SECONDS)
                    self.calls = [await last_window(client, each) for each in self.insurers]
                    self.console.print(self.line(), soft_wrap=True, highlight=False)
            finally:
                self.console.print(self.line(), soft_wrap=True, highlight=False)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def line(self) -> str:
        """The state of affairs in one line."""
        counts = " | ".join(f"{self.texts[name]} {self.crowd.reached(step)}" for name, step in BARS.items())
        elapsed = f"{self.crowd.seconds:.0f} s"
        if not self.crowd.started_at:
            return f"{self.texts['preparing']} {self.crowd.prepared}/{self.crowd.size}"
        return f"{elapsed} | {counts} | {self.texts['line']}: {self._line_now()} | {self._interface_now()}"

    def picture(self) -> RenderableType:
        """The state of affairs as bars."""
        table = Table.grid(padding=(0, 1))
        if not self.crowd.started_at:
            self._bar(table, "preparing", self.crowd.prepared)
            return table
        for name, step in BARS.items():
            self._bar(table, name, self.crowd.reached(step))
        facts = Table.grid(padding=(0, 1))
        facts.add_row(self.texts["line"], self._line_now())
        facts.add_row(self.texts["interface"], self._interface_now())
        facts.add_row(self.texts["elapsed"], f"{self.crowd.seconds:.0f} s")
        if self.crowd.errors:
            facts.add_row(self.texts["problems"], _counted(self.crowd.errors))
        return Group(table, facts)

    def _bar(self, table: Table, name: str, count: int) -> None:
        bar = ProgressBar(total=self.crowd.size, completed=count, width=40)
        table.add_row(self.texts[name], bar, Text(f"{count}/{self.crowd.size}", justify="right"))

    def _line_now(self) -> str:
        waiting = [patient for patient in self.crowd.patients if _in_line(patient)]
        last = max(waiting, key=lambda patient: patient.ahead, default=None)
        ahead, eta = (last.ahead, last.eta_seconds) if last else (0, 0.0)
        return self.texts["line_now"].format(waiting=len(waiting), ahead=ahead, eta=eta)

    def _interface_now(self) -> str:
        calls = " + ".join("-" if each is None else str(each) for each in self.calls)
        return self.texts["interface_now"].format(calls=calls, n=self.per_minute)


def _in_line(patient: Patient) -> bool:
    return patient.step is Step.WAITING and patient.end is None


def _counted(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in errors.items())


def summary(figures: Mapping[str, Any], texts: Mapping[str, str]) -> Table:
    """The report as a table for people."""
    table = Table(title=texts["report"], show_header=False, title_justify="left")
    interface, books = figures["interface"], figures["books"]
    for name in ("patients", "booked", "not_booked", "filed", "rejected", "told", "priced", "held_back"):
        table.add_row(texts[name], str(figures[name]))
    for mode, count in figures["completed"].items():
        table.add_row(texts[mode], str(count))
    for name, label in {"refused": "refused", "reversed": "reversed", "manual": "manual"}.items():
        table.add_row(texts[label], str(figures[name]))
    table.add_row(texts["unknown_row"], str(figures["unknown"]))
    table.add_row(texts["lost_row"], str(figures["lost_patients"]))
    table.add_row(texts["seconds"], str(figures["seconds"]))
    table.add_row(texts["calls"], str(interface["calls"]))
    table.add_row(texts["worst_60s"].format(n=interface["per_minute"]), str(interface["worst_60s"]))
    table.add_row(texts["over_limit_row"], str(interface["over_limit"]))
    table.add_row(texts["books"], texts["equal"] if books["equal"] else texts["not_equal"])
    for name, sums in {"": books["ours"], " ": books["insurer"] or {}, "  ": books["payments"]}.items():
        table.add_row(name, ", ".join(f"{key} {value}" for key, value in sums.items() if not isinstance(value, dict)))
    for name, one in figures.get("insurers", {}).items():
        _of_one(table, name, one, texts)
    if figures["errors"]:
        table.add_row(texts["problems"], _counted(figures["errors"]))
    return table


def _of_one(table: Table, name: str, one: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """One of several insurers."""
    interface, books = one["interface"], one["books"]
    table.add_section()
    table.add_row(name, texts["equal"] if books["equal"] else texts["not_equal"], style="bold")
    table.add_row(texts["calls"], str(interface["calls"]))
    table.add_row(texts["worst_60s"].format(n=interface["per_minute"]), str(interface["worst_60s"]))
    table.add_row(texts["over_limit_row"], str(interface["over_limit"]))
    for side in (books["ours"], books["insurer"] or {}):
        table.add_row("", ", ".join(f"{key} {value}" for key, value in side.items()))
