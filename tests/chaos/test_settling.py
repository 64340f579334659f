"""Money while everything goes wrong: nobody is settled twice, and in the end three books are equal, to the fen.

PATIENTS=10000 makes it long; CHAOS_SEED replays the order of what goes wrong.
"""

import os
import random
from pathlib import Path

import pytest

from tests import books
from tests.chaos.settling import run
from tests.chaos.storm import Ill, Storm
from tests.chaos.wrong import WRONG
from tests.simulators import Simulator

SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
PATIENTS = int(os.environ.get("PATIENTS") or 40)
IS_LONG = PATIENTS > 1_000

STORM = Storm(
    seed=SEED,
    patients=PATIENTS,
    n=150 if IS_LONG else 20,
    seconds=6 * 3600 if IS_LONG else 35,
    every_seconds=5 if IS_LONG else 1.5,
    workers=3 if IS_LONG else 2,
    pays_within_seconds=30 if IS_LONG else 10,
    calm_seconds=300 if IS_LONG else 60,
)


@pytest.mark.timeout(6 * 3600 if IS_LONG else 300)
def test_whatever_goes_wrong_the_books_are_equal_in_the_end(tmp_path: Path) -> None:
    found = run(STORM, tmp_path)
    print(found)
    assert found.wrong == {}
    assert found.ends["completed"] > PATIENTS / 2
    assert found.ills[Ill.KILL] > 1


def somebody_was_settled_twice(insurer: Simulator) -> bool:
    return bool(books.settled_by_two_messages(insurer.ledger()))


@pytest.mark.timeout(300)
def test_sending_again_on_silence_settles_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: rule 4 switched off."""
    monkeypatch.setenv(WRONG, "sent_again")
    found = run(STORM, tmp_path, runner="tests.chaos.wrong", enough=somebody_was_settled_twice)
    print(found)
    assert found.by_two_messages > 0
    assert "settled_by_two_messages" in found.wrong
