"""`plan`: a day of the line on paper. See docs/capacity.md."""

import re
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from operations.capacity import arrivals, day, figures, goals, load, page, words
from operations.capacity.asked import Asked, Contradiction, Shape
from operations.capacity.facts import Facts, table

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
MINUTE = 60.0
AS_WRITTEN = (
    "n",
    "m",
    "settlement_per_minute",
    "shared_per_minute",
    "insurers",
    "workers",
    "line_minutes",
    "insured",
    "no_show",
    "give_up",
)


class Command(BaseCommand):
    help = "Plays a day of the line through on paper: its length, the waits, the filing, the database, the hosts."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--patients", type=int, help="how many patients book (50000, or as many as the file says)")
        add("--over", help="the time in which they book, such as 2h, 90m, 1h30m (2h, or as long as the file)")
        add("--shape", choices=[str(one) for one in Shape], default="uniform", help="how bookings are spread over it")
        add("--arrivals", metavar="FILE", help="CSV: how many book in each minute, the last column of each line")
        add("--opens", default="08:00", help="when the first may book (08:00)")
        add("--closes", help="from then on no turn begins (when the last had theirs)")
        add("--n", type=int, default=100, help="trials an insurer takes a minute (100)")
        add("--m", type=int, default=200, help="records filed at a tick (200)")
        add("--tick", default="5s", help="how often records are filed (5s)")
        add("--settlement-per-minute", type=int, default=100, help="settlements an insurer takes a minute (100)")
        add("--shared-per-minute", type=int, help="one limit for all calls, in place of n and that of settlements")
        add("--insurers", type=int, default=1, help="how many there are, each with these limits (1)")
        add("--workers", type=int, default=1, help="processes `insurance` for each insurer (1)")
        add("--line-minutes", type=float, default=30.0, help="TRIAL_LINE_MINUTES (30)")
        add("--insured", type=float, default=0.85, help="the share that settles with the insurance (0.85)")
        add("--no-show", type=float, default=0.0, help="the share that never asks for a trial (0)")
        add("--give-up", type=float, default=0.0, help="the share that leaves when held back (0)")
        add("--goal", help="what it takes that nobody waits for longer than this, such as 30m")
        add("--assume", action="append", default=[], metavar="NAME=VALUE", help="another value for a fact of the table")
        add("--facts", action="store_true", help="print the facts that are assumed, and nothing else")
        add("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **given: Any) -> None:
        facts = _facts(given["assume"])
        if given["facts"]:
            self._print(" · ".join(row) for row in table(facts))
            return
        asked = _asked(given)
        goal = _span(given["goal"], "--goal") if given["goal"] else None
        try:
            self._tell(asked, facts, goal, json=given["json"])
        except Contradiction as contradiction:
            raise CommandError(words.wrong(contradiction.wrong)) from contradiction

    def _tell(self, asked: Asked, facts: Facts, goal: float | None, *, json: bool) -> None:
        played = day.play(asked, facts)
        found, work = figures.of(played), load.of(played)
        answers = None if goal is None else goals.answer(asked, facts, goal)
        if json:
            told = {"asked": asdict(asked), "facts": asdict(facts), "figures": asdict(found), "load": asdict(work)}
            self.stdout.write(dumps(told | {"goal": answers and asdict(answers)}, allow_nan=False))
            return
        self._print(page.told(played, found, work))
        if answers:
            self._print(page.answers(asked, answers))

    def _print(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _asked(given: dict[str, Any]) -> Asked:
    """The question as it was written. Raises `CommandError`."""
    asked = Asked(
        patients=50_000 if given["patients"] is None else given["patients"],
        over_seconds=_span(given["over"] or "2h", "--over"),
        shape=Shape(given["shape"]),
        opens=_time(given["opens"], "--opens"),
        closes=_time(given["closes"], "--closes") if given["closes"] else None,
        tick_seconds=_span(given["tick"], "--tick"),
        **{name: given[name] for name in AS_WRITTEN},
    )
    return _by_the_file(asked, given) if given["arrivals"] else asked


def _by_the_file(asked: Asked, given: dict[str, Any]) -> Asked:
    """As many as the file says and as long, unless something else was asked for."""
    curve = _read(given["arrivals"])
    if given["patients"] is None:
        asked = replace(asked, patients=round(sum(curve)))
    return replace(asked, curve=curve, over_seconds=asked.over_seconds if given["over"] else len(curve) * MINUTE)


def _read(name: str) -> tuple[float, ...]:
    try:
        with Path(name).open() as file:
            curve = arrivals.read(file)
    except OSError as error:
        raise CommandError(_("cannot read %(file)s: %(why)s") % {"file": name, "why": error.strerror}) from error
    except arrivals.Unreadable as error:
        told = {"file": name, "line": error.line}
        raise CommandError(_("%(file)s, line %(line)s: not a number of bookings") % told) from error
    if not sum(curve):
        raise CommandError(_("%(file)s: nobody books") % {"file": name})
    return curve


def _facts(assumed: list[str]) -> Facts:
    """The table with what was assumed in its place. Raises `CommandError`."""
    kinds = {field.name: type(getattr(Facts(), field.name)) for field in fields(Facts)}
    changed = {}
    for text in assumed:
        name, _sign, value = text.partition("=")
        if name not in kinds or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
            raise CommandError(_("--assume %(text)s: not a fact and a number; see --facts") % {"text": text})
        changed[name] = kinds[name](float(value))
    return replace(Facts(), **changed)


def _span(text: str, option: str) -> float:
    """2h, 90m, 1h30m, 45s in seconds. Raises `CommandError`."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)([hms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CommandError(_("%(option)s must be a time such as 2h, 90m or 1h30m") % {"option": option})
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def _time(text: str, option: str) -> float:
    """08:00 in seconds from midnight; 24:00 is the end of the day. Raises `CommandError`."""
    found = re.fullmatch(r"([01][0-9]|2[0-4]):([0-5][0-9])", text)
    if not found or text > "24:00":
        raise CommandError(_("%(option)s must be a time of day such as 08:00") % {"option": option})
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0
