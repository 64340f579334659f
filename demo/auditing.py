"""`python -m demo.auditing`: the auditor's looks, one line each, the command behind `bin/audit`.

Exit status: 0 nothing was found; 1 something was, and stands above; 3 nothing was found, but the source of advisories
could not be reached, so that nobody knows of the dependencies. `--offline` does not ask it, and ends with 0 or 1.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.home import ROOT

LOCKS = ("production", "telemetry", "demo", "dev")
SHIPPED = "telemetry"
"""The lock with everything that a hospital may run; what is only for us is told apart."""

OURS = ("config", "hospital", "insurance", "operations", "tasks")
BASELINE = ROOT / ".secrets.baseline"
FOUND, MOVED = 1, 3
"""How detect-secrets ends when it has found something, and when what it knows stands on other lines now."""
BOM = ROOT / "var" / "sbom.json"
TOOLS = Path(sys.executable).parent
ASK_SECONDS = 120

FOUND, NOT_REACHED = 1, 3

ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern us: id → why. One that is gone is taken out."""

PRODUCTION = {
    "DEBUG": "0",
    "PUBLIC_URL": "https://hospital.example",
    "ALLOWED_HOSTS": "hospital.example",
    **dict.fromkeys(("SECRET_KEY", "PII_KEY", "PAYMENT_SECRET"), hashlib.sha256(os.urandom(32)).hexdigest()),
}
"""As a hospital has it; the keys are made for this run."""


@dataclass(frozen=True)
class Look:
    """What one look has found: nothing, something, or that it could not look."""

    says: str
    found: Sequence[str] = ()
    reached: bool = True
    rest: Sequence[str] = field(default_factory=tuple)


def main(arguments: Sequence[str]) -> int:
    """Look at everything, tell it, and return the exit status."""
    options = argparse.ArgumentParser(prog="bin/audit", description=__doc__)
    options.add_argument("--offline", action="store_true", help="do not ask the source of advisories")
    offline = options.parse_args(arguments).offline
    looks: dict[str, Callable[[], Look]] = {
        **({} if offline else {"dependencies": dependencies}),
        "code": code,
        "secrets": secrets,
        "parts": parts,
        "settings": settings,
    }
    return status([told(name, look()) for name, look in looks.items()])


def told(name: str, look: Look) -> Look:
    """One line, and one more for each finding."""
    print(f"{name:<13} {look.says}", flush=True)
    for one in look.found:
        print(f"{'':<13}   {one}")
    return look


def status(looks: Sequence[Look]) -> int:
    """Something that was found goes before what could not be looked at."""
    if any(look.found for look in looks):
        return FOUND
    return 0 if all(look.reached for look in looks) else NOT_REACHED


def dependencies() -> Look:
    """Known holes in what the locks name. Reads the hashes, installs nothing."""
    command = ["pip-audit", "--requirement", f"locks/{LOCKS[-1]}.txt", "--require-hashes", "--disable-pip"]
    try:
        ended = _run([*command, "--format", "json", "--progress-spinner", "off"], timeout=ASK_SECONDS)
        listed = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        return Look("the source of advisories could not be reached: ask again where the internet is", reached=False)
    return advisories(listed, (ROOT / "locks" / f"{SHIPPED}.txt").read_text())


def advisories(listed: Sequence[dict[str, Any]], shipped: str) -> Look:
    """What pip-audit lists, as findings; `shipped` is the lock of what hospitals run."""
    found = [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        + ("" if f"{one['name']}==" in shipped else " (only for development)")
        for one in listed
        for hole in one.get("vulns", ())
        if hole["id"] not in ACCEPTED
    ]
    return Look(f"{len(listed)} looked up, {len(found)} known holes", found)


def code(folders: Sequence[str] = OURS) -> Look:
    """Bandit over our code; what is passed over stands in pyproject.toml or beside the line, each with its reason."""
    ended = _run(["bandit", "--configfile", "pyproject.toml", "--recursive", *folders, "--format", "json", "--quiet"])
    report = json.loads(ended.stdout)
    found = [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in report["results"]
    ]
    lines = report["metrics"]["_totals"]["loc"]
    return Look(f"{lines} lines, {len(found)} findings", [*found, *(one["filename"] for one in report["errors"])])


def files() -> list[str]:
    """Every file of the repository."""
    return subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def secrets(names: Sequence[str] = ()) -> Look:
    """Whatever looks like a key in these files (none named: all of ours) and is not known to be none."""
    names = names or files()
    baseline = ROOT / "var" / BASELINE.name  # a copy: the tool would write new line numbers into it
    baseline.parent.mkdir(exist_ok=True)
    baseline.write_bytes(BASELINE.read_bytes())
    ended = _run(["detect-secrets-hook", "--json", "--baseline", str(baseline), *names])
    if ended.returncode not in (0, FOUND, MOVED):
        return Look("could not look", [ended.stderr.strip()[-300:]])
    report = json.loads(ended.stdout) if ended.returncode == FOUND else {"results": {}}
    found = [f"{name}:{one['line_number']} {one['type']}" for name, all_ in report["results"].items() for one in all_]
    return Look(f"{len(names)} files, {len(found)} that look like one", found)


def parts() -> Look:
    """The bill of materials of what hospitals run (CycloneDX), from the lock: the same lock gives the same bytes."""
    BOM.parent.mkdir(exist_ok=True)
    lock = f"locks/{SHIPPED}.txt"
    ended = _run(["cyclonedx-py", "requirements", lock, "--output-reproducible", "--output-format", "JSON"])
    if ended.returncode:
        return Look("no bill of materials", [ended.stderr.strip()[-300:]])
    BOM.write_text(ended.stdout)
    digest = hashlib.sha256(ended.stdout.encode()).hexdigest()
    count = len(json.loads(ended.stdout)["components"])
    return Look(f"{count} parts in {BOM.relative_to(ROOT)}, sha256 {digest[:16]}")


def settings(**otherwise: str) -> Look:
    """`manage.py check --deploy` as a hospital has it, or but for these variables."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    unset = ("DJANGO_SETTINGS_MODULE", "LOG_FORMAT")
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    ended = subprocess.run(
        command, cwd=ROOT, env=inherited | PRODUCTION | otherwise, capture_output=True, text=True, check=False
    )
    return Look("check --deploy: clean" if not ended.returncode else "check --deploy", list(_lines(ended)))


def _lines(ended: subprocess.CompletedProcess[str]) -> Iterator[str]:
    if ended.returncode:
        yield from (line for line in ended.stderr.splitlines() if line.strip())


def _run(command: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    """A tool of the same environment; its words are ours to tell."""
    named = [str(TOOLS / command[0]), *command[1:]]
    return subprocess.run(named, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
