"""`python -m demo`: the command behind `bin/demo`."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from demo import report, simulators
from demo.crowd import Crowd, visit
from demo.home import ROOT, CannotStart, held
from demo.hospital_api import GaveUp, Problem
from demo.options import Options, parse
from demo.processes import ProcessDied
from demo.screen import Screen, summary
from demo.stage import Stage, stage
from demo.texts import TEXTS

SUCCESS, FAILURE, WRONG_CONFIGURATION, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str]) -> int:
    """Run the demo and return its exit status."""
    options = parse(arguments)
    console = Console(highlight=False)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with held(ROOT / "var" / "demo") as home:
            return Demo(options, console).run(home)
    except CannotStart as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        return WRONG_CONFIGURATION
    except (ProcessDied, Problem, GaveUp) as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


class Demo:
    """One run: stage, crowd, report."""

    def __init__(self, options: Options, console: Console) -> None:
        self.options = options
        self.console = console
        self.texts = TEXTS[options.lang]

    def run(self, home: Path) -> int:
        """The whole run; the status to exit with."""
        began = time.monotonic()
        n, size = self.options.per_minute, self.options.patients
        title = "title_several" if self.options.insurers > 1 else "title"
        self.console.print(self.texts[title].format(patients=size, n=n, insurers=self.options.insurers), style="bold")
        with stage(self.options, home, self.say) as here:
            self.console.print(self.texts["ready"].format(address=here.hospital, seconds=time.monotonic() - began))
            figures = self.play(here)
            status = self.tell(figures)
            if self.options.serve:
                self.serve(here)
        return status

    def say(self, what: str) -> None:
        """One step of the set-up, in the reader's language."""
        self.console.print(self.texts[what], style="dim")

    def play(self, here: Stage) -> dict[str, Any]:
        """Send the crowd in and draw up the report."""
        since = datetime.now(UTC).isoformat()
        before = {name: simulators.ask_insurer(address) for name, address in here.insurers.items()}
        paid_before = simulators.ask_payments(here.payments)
        crowd = Crowd(self.options.patients, regions=here.regions)
        asyncio.run(self._visit(here, crowd))
        insurers = {
            name: simulators.since(simulators.ask_insurer(here.insurers[name]), first) for name, first in before.items()
        }
        payments = {name: now - paid_before[name] for name, now in simulators.ask_payments(here.payments).items()}
        n, all_of_them = self.options.per_minute, simulators.together(list(insurers.values()))
        figures = report.report(crowd, all_of_them, n, _books(here, since), payments)
        if len(insurers) > 1:
            figures["insurers"] = report.apart(insurers, n, {name: _books(here, since, name) for name in insurers})
        return figures

    async def _visit(self, here: Stage, crowd: Crowd) -> None:
        screen = Screen(self.console, crowd, self.texts, list(here.insurers.values()), self.options.per_minute)
        async with screen.shown():
            await visit(here.hospital, crowd, language=self.options.lang, check=here.processes.check)

    def tell(self, figures: dict[str, Any]) -> int:
        """Print the report, write it where asked, and say why it is not a success, if it is none."""
        self.console.print(summary(figures, self.texts))
        if self.options.report:
            self.options.report.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
        reasons = report.reasons(figures, self.texts)
        for sentence in reasons or [self.texts["success"]]:
            self.console.print(sentence, style="red" if reasons else "green", soft_wrap=True, markup=False)
        return FAILURE if reasons else SUCCESS

    def serve(self, here: Stage) -> None:
        """Stay up until Ctrl-C, which is how this ends and no failure."""
        auth = here.variables["FLOWER_BASIC_AUTH"]
        addresses = {
            "page": f"{here.hospital}/",
            "admin": f"{here.hospital}/admin/",
            "docs": f"{here.hospital}/api/v1/docs/",
            "flower": here.flower,
            "logs": str(here.processes.home / "log"),
        }
        self.console.print(self.texts["serve"], style="bold")
        for name, address in addresses.items():
            self.console.print(f"  {self.texts[name].format(auth=auth)}: {address}", soft_wrap=True)
        with suppress(KeyboardInterrupt):
            while True:
                here.processes.check()
                time.sleep(0.5)


def _books(here: Stage, since: str, insurer: str = "") -> dict[str, Any]:
    """Ours; of one insurer or of all."""
    books: dict[str, Any] = json.loads(here.manage("books", "--since", since, "--insurer", insurer, "--json"))
    return books


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
