"""`python -m demo.testing`: pytest on embedded servers, the command behind `bin/test`.

PostgreSQL and Valkey are always there. RabbitMQ is used where one answers and Chromium where it is installed; where
not, the tests that need it are left out by their mark and the last lines say so.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from demo import children, chromium, rabbitmq
from demo.engines import postgres, valkey
from demo.home import ROOT, CannotStart, held


@dataclass(frozen=True)
class Need:
    """What the tests with this mark need: it is there when the variable says where. Else: why they are left out."""

    mark: str
    variable: str
    lacking: str


NEEDS = (
    Need("broker", rabbitmq.TEST_VARIABLE, "no RabbitMQ answered (BROKER_URL, else port 5672, else docker compose)"),
    Need("browser", chromium.VARIABLE, "no Chromium was found (CHROMIUM, else chromium or google-chrome on the PATH)"),
)


def main(arguments: Sequence[str]) -> int:
    """Run pytest and return its exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with held(ROOT / "var" / "test") as home, _environment(home) as variables:
            missing = [need for need in NEEDS if need.variable not in variables]
            status = _pytest(_without(missing, _in_parallel(arguments)), variables)
            for need in missing:
                _tell_what_was_left_out(need, arguments, variables)
            return status
    except CannotStart as error:
        print(f"bin/test: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _in_parallel(arguments: Sequence[str]) -> Sequence[str]:
    """Three at once, unless the caller says otherwise or wants to look at one thing: two of them mostly wait for
    processes that they have started (`tests/conftest.py`), and leave the cores to the third."""
    own = ("-n", "--numprocesses", "-s", "--pdb", "--trace", "--collect-only", "--co", "-p")
    chosen = any(argument.startswith(own) for argument in arguments)
    return arguments if chosen else [*arguments, "-n", "3", "--dist", "loadgroup"]


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _environment(home: Path) -> Iterator[dict[str, str]]:
    """The servers, and the variables by which the tests find them."""
    with postgres(home, outlives_the_machine=False) as database, valkey(home) as broker, rabbitmq.found() as amqp:
        server = broker.removesuffix("/0")
        variables = {
            **os.environ,
            children.RUN_MARK: str(home),
            "DATABASE_URL": database.removesuffix("/postgres") + "/hospital",
            "CACHE_URL": f"{server}/1",
            "TEST_VALKEY_URL": f"{server}/2",
        }
        optional = {rabbitmq.TEST_VARIABLE: amqp, chromium.VARIABLE: chromium.found()}
        variables.pop(chromium.VARIABLE, None)  # one that is named and not there is none
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes: each would compile all of it anew
        yield variables | {name: where for name, where in optional.items() if where}


def _pytest(arguments: Sequence[str], variables: dict[str, str]) -> int:
    """Run pytest in a process of its own, in our terminal."""
    run = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=variables)
    try:
        return run.wait()
    except KeyboardInterrupt:
        run.wait(timeout=60)  # the terminal has told pytest too: it reports and ends by itself
        raise
    finally:
        children.stop([run], grace_seconds=30)


def _without(missing: Sequence[Need], arguments: Sequence[str]) -> Sequence[str]:
    """The arguments without the tests that lack what they need."""
    if not missing:
        return arguments
    return _selection(arguments, " and ".join(f"not {need.mark}" for need in missing))


def _selection(arguments: Sequence[str], expression: str) -> list[str]:
    """The arguments with `expression` and-ed to the caller's own -m."""
    rest, wanted = [], [expression]
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "-m":
            wanted.append(f"({next(remaining, '')})")
        elif argument.startswith("-m") and not argument.startswith("--"):
            wanted.append(f"({argument[2:].lstrip('=')})")
        else:
            rest.append(argument)
    return [*rest, "-m", " and ".join(wanted)]


def _tell_what_was_left_out(need: Need, arguments: Sequence[str], variables: dict[str, str]) -> None:
    """The last lines of the output: which tests did not run, and for want of what."""
    command = [sys.executable, "-m", "pytest", *_selection(arguments, need.mark), "--collect-only", "-qq"]
    listed = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True).stdout
    left_out = [line for line in listed.splitlines() if ".py" in line and not line.startswith(("ERROR", " "))]
    if left_out:
        print(f"\nLeft out, because {need.lacking}:")
        print("\n".join(f"  {line}" for line in left_out))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
