"""The command line of `bin/demo`."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

MOST = 9
"""Insurers; each is a process of its own."""


@dataclass(frozen=True)
class Options:
    """What the caller asked for."""

    patients: int
    per_minute: int
    """n: how many trial requests the insurer takes a minute; the settlement lane gets the same."""
    insurer: str | None
    lose: float
    """Share of its answers, 0 to 1, that the simulated insurer loses."""
    report: Path | None
    serve: bool
    lang: str
    dialect: str = "national"
    """How one speaks to the insurer, the simulated one too (docs/dialects.md)."""
    insurers: int = 1
    """How many insurers are simulated, each with an n of its own; patients go where they are insured."""


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; a wrong one ends the program with status 2 and one line."""
    parser = _Parser(prog="bin/demo", description="Run the whole system and send a crowd of patients through it.")
    parser.add_argument("--patients", type=_count, default=150, metavar="N", help="how many patients come (150)")
    parser.add_argument(
        "--per-minute", type=_count, default=100, metavar="n", help="trials the insurer takes a minute (100)"
    )
    parser.add_argument(
        "--insurer", type=_address, metavar="URL", help="use this insurer in place of the simulated one"
    )
    parser.add_argument(
        "--dialect", default="national", metavar="NAME", help="how one speaks to the insurer (national)"
    )
    parser.add_argument(
        "--lose", type=_share, default=0.0, metavar="P", help="share of answers the insurer loses, 0 to 1"
    )
    parser.add_argument(
        "--insurers", type=_few, default=1, metavar="N", help=f"how many insurers are simulated (1, at most {MOST})"
    )
    parser.add_argument("--report", type=_file, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--serve", action="store_true", help="stay up afterwards and print the addresses")
    parser.add_argument("--lang", choices=("en", "zh"), default=_language(), help="language of the screen")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.insurer and options.lose:
        parser.error("--lose belongs to the simulated insurer and cannot be used with --insurer")
    if options.insurer and options.insurers > 1:
        parser.error("--insurers are simulated ones and cannot be used with --insurer")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _few(text: str) -> int:
    if _count(text) > MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is more than {MOST}")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    return text.rstrip("/")


def _file(text: str) -> Path:
    path = Path(text).absolute()
    if not path.parent.is_dir() or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} cannot be written: no such directory")
    return path


def _language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if spoken.startswith("zh") else "en"
