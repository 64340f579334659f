"""Command-line options that can also come from the environment (12-factor)."""

import argparse
import os
from collections.abc import Callable


class Options:
    """A parser whose every option `--per-minute` is also `<PREFIX>_PER_MINUTE`; the command line wins."""

    def __init__(self, prefix: str, description: str) -> None:
        self.prefix = prefix
        self.parser = argparse.ArgumentParser(description=description)

    def value(self, flag: str, kind: Callable[[str], object], default: object, meaning: str) -> None:
        """An option with a value; `default` None makes it required."""
        given = os.environ.get(self._variable(flag)) or default
        # argparse puts a default that is a string through `type`, so a wrong variable stops the start.
        self.parser.add_argument(flag, type=kind, default=given, required=given is None, help=meaning)

    def switch(self, flag: str, meaning: str) -> None:
        """An option that is on or off (`--flag`, `--no-flag`, or 1/true/yes/on in the environment)."""
        on = os.environ.get(self._variable(flag), "").lower() in {"1", "true", "yes", "on"}
        self.parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=on, help=meaning)

    def parse(self) -> argparse.Namespace:
        return self.parser.parse_args()

    def _variable(self, flag: str) -> str:
        return f"{self.prefix}_{flag.strip('-').replace('-', '_').upper()}"


def share(text: str) -> float:
    """A share between 0 and 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} does not lie between 0 and 1")
    return value
