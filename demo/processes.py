"""The processes of the `Procfile`, run on this machine."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from demo import children

GRACE_SECONDS = 20
"""How long a process may take to finish what it has begun: a worker, one exchange with the insurer (10 s)."""


class ProcessDied(Exception):
    """A process ended that should have stayed; the message says which, how, and its last words."""


def commands(procfile: Path) -> dict[str, str]:
    """The lines `name: command` of a Procfile."""
    lines = (line.partition(":") for line in procfile.read_text().splitlines() if line.strip() and line[0] != "#")
    return {name.strip(): command.strip() for name, _, command in lines}


class Processes:
    """Named processes of one Procfile: started in order, watched, stopped in the opposite order."""

    def __init__(self, procfile: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.commands = commands(procfile)
        self.directory = procfile.parent
        self.home = home
        self.environment = environment
        self.own: dict[str, Mapping[str, str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def also(self, name: str, like: str, **own: str) -> None:
        """One more process of the line `like`, with variables of its own."""
        self.commands[name], self.own[name] = self.commands[like], own

    def start(self, *names: str) -> None:
        """Start processes by name."""
        for name in names:
            # exec: the process is our child itself, so that signals reach it and not a shell in between.
            self.running[name] = children.start(
                ["/bin/sh", "-c", f"exec {self.commands[name]}"],
                home=self.home,
                log=self.log(name),
                environment={**self.environment, **self.own.get(name, {})},
                directory=self.directory,
            )

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.home / "log" / f"{name}.log"

    def check(self) -> None:
        """Raise `ProcessDied` if one has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                log = self.log(name)
                raise ProcessDied(
                    f"{name} ended with {process.returncode}; the end of {log}:\n{children.last_lines(log)}"
                )

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop the named processes, or all, newest first. All are asked at once, so that the graces do not add up."""
        chosen = [name for name in reversed(self.running) if names is None or name in names]
        children.stop([self.running.pop(name) for name in chosen], grace_seconds=GRACE_SECONDS)
