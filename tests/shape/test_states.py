"""The diagrams in `docs/states.md` are the tables in `states.py`; the saga stays within them."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from hospital import states as hospital
from insurance import states as insurance
from insurance.settlement import saga
from insurance.states import SettlementState

DRAWN = (Path(__file__).parents[2] / "docs" / "states.md").read_text()
SAGA = (Path(__file__).parents[2] / "docs" / "settlement.md").read_text()

TABLES = {
    "Appointment": hospital.APPOINTMENT_MOVES,
    "Archive": hospital.ARCHIVE_MOVES,
    "Notice": hospital.NOTICE_MOVES,
    "Erasure": hospital.ERASURE_MOVES,
    "Trial": insurance.TRIAL_MOVES,
    "Settlement": insurance.SETTLEMENT_MOVES,
    "Withdrawal": insurance.WITHDRAWAL_MOVES,
    "Payment": insurance.PAYMENT_MOVES,
    "Refund": insurance.REFUND_MOVES,
    "Day book": insurance.DAY_BOOK_MOVES,
    "Difference": insurance.DIFFERENCE_MOVES,
    "Decision": insurance.DECISION_MOVES,
    "Alert": insurance.ALERT_MOVES,
}


def drawn_moves(name: str) -> set[tuple[str, str]]:
    section = DRAWN.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\s*(\w+) --> (\w+)", section, re.MULTILINE))


def moves(table: Mapping[str, frozenset[str]]) -> set[tuple[str, str]]:
    return {(str(state), str(to)) for state, follows in table.items() for to in follows}


@pytest.mark.parametrize("name", TABLES)
def test_the_diagram_is_the_table(name: str) -> None:
    assert drawn_moves(name) == moves(TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_every_state_of_a_table_is_decided(name: str) -> None:
    table = TABLES[name]
    assert {to for follows in table.values() for to in follows} <= set(table)


def test_the_drawing_of_the_saga_is_the_saga() -> None:
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+): (.+)$", SAGA, re.MULTILINE))
    table = {(str(state), str(to), str(event)) for state, after in saga.AFTER.items() for event, to in after.items()}
    turns = {(str(state), str(to), "a turn") for state, to in saga.TURNS.items()}
    assert drawn == table | turns


def test_silence_never_leads_a_settlement_back_to_waiting() -> None:
    assert saga.next_state(SettlementState.CALLING, saga.Event.SILENCE) == SettlementState.UNKNOWN
