"""`python -m tests.bench`: the command behind `bin/bench`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo import children
from demo.home import ROOT, CannotStart, held
from tests.bench import figures
from tests.bench.figures import Figure, Sheet
from tests.bench.options import Options, parse
from tests.bench.stage import environment_for


class BenchmarkFailed(Exception):
    """A benchmark's process ended with an error; its own words are on the terminal already."""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks asked for and return the exit status."""
    names, to, options = parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with held(ROOT / "var" / "bench") as home:
            _run(home, names, options, to)
    except (CannotStart, BenchmarkFailed) as error:
        print(f"bin/bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _run(home: Path, names: Sequence[str], options: Options, to: Path | None) -> None:
    console, progress = _console(), Console(stderr=True, highlight=False, style="dim")
    load_before = os.getloadavg()[0]
    found: list[Figure | Sheet] = []
    with environment_for(home) as variables:
        for name in names:
            began = time.monotonic()
            found += _found_by(name, options, variables)
            progress.print(f"{name}: {time.monotonic() - began:.0f} s")
    for table in figures.tables(found):
        console.print(table)
    document = figures.document(found, options, load_before)
    console.print(
        f"load average {load_before:.1f} before, {document['load_after']:.1f} after, {os.cpu_count()} cores;"
        " ratios were measured turn by turn, absolute figures depend on what else the machine did"
    )
    if to:
        to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _console() -> Console:
    """The terminal; where there is none, wide enough for the table."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def _found_by(name: str, options: Options, variables: Mapping[str, str]) -> list[Figure | Sheet]:
    """Run one benchmark in a process of its own; its complaints go to the terminal."""
    command = [sys.executable, "-m", "tests.bench.inside", name, json.dumps(asdict(options))]
    run = subprocess.Popen(command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        printed, _ = run.communicate()
    finally:
        children.stop([run], grace_seconds=20)
    if run.returncode:
        raise BenchmarkFailed(f"{name} ended with {run.returncode}")
    return [figures.of(one) for one in json.loads(printed)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
