"""`python -m tests.bench`: the command behind `bin/bench`."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo import children
from demo.home import ROOT, CannotStart, held
from tests.bench import chaos_options, figures
from tests.bench.figures import Figure
from tests.bench.stage import environment_for

NAMES = ("permits", "booking", "filing", "line")
ON_REQUEST = ("chaos",)


class BenchmarkFailed(Exception):
    """A benchmark's process ended with an error; its own words are on the terminal already."""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks asked for and return the exit status."""
    asked = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with held(ROOT / "var" / "bench") as home:
            _run(home, asked.names or NAMES, asked.seconds, asked.json)
    except (CannotStart, BenchmarkFailed) as error:
        print(f"bin/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure the hot paths against bare SQL.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(NAMES)} (all), chaos")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--seconds", type=int, default=8, metavar="S", help="how long each side is measured (8)")
    chaos_options.add_to(parser)
    asked = parser.parse_args(arguments)
    chaos_options.tell(asked)
    unknown = [name for name in asked.names if name not in NAMES + ON_REQUEST]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES + ON_REQUEST)}")
    if asked.seconds < 1:
        parser.error("--seconds must be at least 1")
    if asked.json and not asked.json.absolute().parent.is_dir():
        parser.error(f"{asked.json} cannot be written: no such directory")
    return asked


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(home: Path, names: Sequence[str], seconds: int, to: Path | None) -> None:
    console, progress = _console(), Console(stderr=True, highlight=False, style="dim")
    load_before = os.getloadavg()[0]
    found: list[Figure] = []
    with environment_for(home) as variables:
        for name in names:
            began = time.monotonic()
            found += _figures_of(name, seconds, variables)
            progress.print(f"{name}: {time.monotonic() - began:.0f} s")
    console.print(figures.table(found))
    document = figures.document(found, seconds, load_before)
    console.print(
        f"load average {load_before:.1f} before, {document['load_after']:.1f} after, {os.cpu_count()} cores;"
        " ratios were measured turn by turn, absolute figures depend on what else the machine did"
    )
    if to:
        to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _console() -> Console:
    """The terminal; where there is none, wide enough for the table."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def _figures_of(name: str, seconds: int, variables: Mapping[str, str]) -> list[Figure]:
    """Run one benchmark in a process of its own; its complaints go to the terminal."""
    command = [sys.executable, "-m", "tests.bench.inside", name, str(seconds)]
    run = subprocess.Popen(command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        printed, _ = run.communicate()
    finally:
        children.stop([run], grace_seconds=20)
    if run.returncode:
        raise BenchmarkFailed(f"{name} ended with {run.returncode}")
    return [Figure(**one) for one in json.loads(printed)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
