"""`python -m tests.chaos.wrong celery …`: negative controls. A process like `scaled`'s, with one thing done wrong.

Each is a mistake that somebody could make; the same schedule and the same checks must find it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.acceptance import scaled

WRONG = "TEST_WRONG"


def freed_at_once() -> None:
    """A permit is free again with the answer, and not a window later."""
    from insurance.quota import permits  # noqa: PLC0415  models need Django's settings

    free = permits.free

    def wrong(held: permits.Held) -> None:
        held.arrives_until = None
        free(held)

    permits.free = wrong


def to_the_end() -> None:
    """A trial whose worker died joins again, behind everybody who came meanwhile."""
    from django.db import transaction  # noqa: PLC0415

    from hospital import worklist  # noqa: PLC0415
    from insurance import upkeep  # noqa: PLC0415
    from insurance.states import TrialState  # noqa: PLC0415
    from insurance.trial import admission, turns  # noqa: PLC0415
    from insurance.trial.models import Trial  # noqa: PLC0415

    def wrong() -> int:
        rows = list(worklist.lapsed(Trial, TrialState.CALLING))
        for row in rows:
            with transaction.atomic():  # who is killed in the middle would have lost it, which is another mistake
                worklist.move(row, TrialState.CANCELLED, leased_until=None)
                admission.enter(row.appointment)
        return len(rows)

    right = turns.recover_lapsed
    upkeep._SWEEPS = tuple((name, wrong if act is right else act) for name, act in upkeep._SWEEPS)


def freed_by_death() -> None:
    """Each worker keeps its own books of the permits it has used, and they die with it: its successor finds them
    free."""
    from django.db.models.functions import Now  # noqa: PLC0415

    from insurance.quota import permits  # noqa: PLC0415
    from insurance.quota.models import Permit  # noqa: PLC0415

    books, take = Path(os.environ["VAR"]) / f"permits of {os.environ['PGAPPNAME']}", permits.take
    if books.exists():
        Permit.objects.filter(pk__in=books.read_text().split()).update(free_at=Now())
        books.unlink()

    def wrong(*arguments: Any, **options: Any) -> permits.Held | None:
        held = take(*arguments, **options)
        if held is not None and held.permit_id is not None:
            with books.open("a") as file:
                file.write(f"{held.permit_id}\n")
        return held

    permits.take = wrong


def sent_again() -> None:
    """A settlement of which nothing was heard is sent again, as a trial would be."""
    from insurance.settlement import saga  # noqa: PLC0415
    from insurance.settlement.saga import Event  # noqa: PLC0415
    from insurance.states import SettlementState  # noqa: PLC0415

    right = saga.AFTER[SettlementState.CALLING]
    saga.AFTER = {**saga.AFTER, SettlementState.CALLING: {**right, Event.SILENCE: SettlementState.WAITING}}


WAYS: dict[str, Callable[[], None]] = {
    act.__name__: act for act in (freed_at_once, to_the_end, freed_by_death, sent_again)
}


if __name__ == "__main__":
    scaled.prepare()
    WAYS[os.environ[WRONG]]()
    scaled.run()
