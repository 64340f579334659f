"""`python -m tests.bench.inside NAME OPTIONS`: the process of one benchmark. Prints what it found as JSON."""

import importlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from types import FrameType

import django

from tests.bench.options import Options, Unusable


def main(arguments: Sequence[str]) -> None:
    """Set Django up, empty the database, run one benchmark."""
    name, options = arguments
    signal.signal(signal.SIGTERM, _leave)
    django.setup()
    # By name and only now: models can be imported only once Django is set up.
    importlib.import_module("tests.bench.rows").empty()
    try:
        found = importlib.import_module(f"tests.bench.{name}").run(Options.of(json.loads(options)))
    except Unusable as error:
        sys.exit(f"{name}: {error}")
    print(json.dumps([asdict(one) for one in found]))


def _leave(number: int, frame: FrameType | None) -> None:
    """End by an exception, so that what was started is stopped."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(sys.argv[1:])
