"""`interface`: how the insurance interface stands. `interface pause|resume --why TEXT` stops and starts the line."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hospital import changes
from hospital.errors import Refusal
from insurance.quota import directory, gate, insurers, permits
from insurance.quota.models import Insurer
from insurance.trial import line

ACTIONS = {"pause": insurers.pause, "resume": insurers.resume}


class Command(BaseCommand):
    help = "How the insurance interface stands; pause it, or resume (in every process, within 2 s)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=ACTIONS, help="without one: only say how it stands")
        parser.add_argument("--insurer", default="", metavar="NAME", help="without it: all; pause the default one")
        parser.add_argument("--why", default="", help="the reason, kept with the change")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _chosen(options["insurer"])
        if options["action"]:
            try:
                ACTIONS[options["action"]](chosen[0], who=changes.COMMAND_LINE, why=options["why"])
            except Refusal as refusal:
                raise CommandError(str(refusal.detail)) from refusal
        for insurer in chosen:
            for told in _standing(Insurer.objects.get(pk=insurer.pk)):
                self.stdout.write(told)


def _chosen(name: str) -> list[Insurer]:
    """The default one comes first, and is the one that is paused where none is named."""
    found = [insurer for insurer in insurers.everyone() if name in ("", insurer.name)]
    if not found:
        raise CommandError(f"there is no insurer {name}; there are {', '.join(directory.names())}")
    return found


def _standing(insurer: Insurer) -> Iterator[str]:
    closed = gate.why_closed(insurer)
    yield f"{insurer}: {f'closed, {gate.in_words(closed)}' if closed else 'open'}"
    if insurer.paused_at:
        yield f"paused since {_local(insurer.paused_at)}: {insurer.paused_why}"
    for quota in permits.quotas(insurer):
        limited = f"n = {quota.per_minute} a minute, {quota.in_force} in force"
        yield f"{quota}: {limited if quota.in_force is not None else 'not limited'}"
    yield f"calls in flight: {insurers.in_flight(insurer)} of {insurer.at_once}"
    yield f"waiting for a trial: {line.waiting(insurer)}"
    yield f"circuit: {insurer.circuit}, {insurer.circuit_failures} failures in a row"
    for window in insurer.windows.filter(ends_at__gt=timezone.now()):
        yield f"maintenance: {_local(window.starts_at)} to {_local(window.ends_at)}: {window.why}"


def _local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
