"""The settlement saga has an answer to everything that can happen, and silence is never failure."""

import pytest

from insurance.settlement.saga import NEXT, Event, next_state
from insurance.states import SETTLEMENT_MOVES
from insurance.states import SettlementState as S

ANY_CALL = {Event.REFUSED, Event.NOT_CARRIED_OUT, Event.SILENCE}
AN_ORDER = {Event.ORDERED, Event.REFUSED, Event.SILENCE}
CAN_HAPPEN: dict[S, set[Event]] = {
    S.CALLING: {Event.SETTLED, Event.SETTLED_IN_FULL, Event.SETTLED_OTHERWISE, *ANY_CALL},
    S.WAITING: {Event.NOTHING_TO_PAY, *AN_ORDER},
    S.INSURED: AN_ORDER,
    S.PAYING: {Event.PAID, Event.NOT_PAID, Event.ABANDONED},
    S.CONFIRMING: {Event.TOLD, Event.CONTRADICTED, *ANY_CALL},
    S.REVERSING: {Event.REVERSED, Event.PAID, *ANY_CALL},
    S.REVERSED: {Event.PAID},
}


@pytest.mark.parametrize(("state", "event"), [(s, e) for s, events in CAN_HAPPEN.items() for e in sorted(events)])
def test_whatever_can_happen_leads_somewhere_that_is_allowed(state: S, event: Event) -> None:
    assert next_state(state, event) in SETTLEMENT_MOVES[state]


def test_nothing_else_leads_anywhere() -> None:
    assert set(NEXT) == {(state, event) for state, events in CAN_HAPPEN.items() for event in events}


@pytest.mark.parametrize("state", [S.UNKNOWN, S.COMPLETED, S.REFUSED, S.MANUAL])
def test_an_end_is_an_end(state: S) -> None:
    assert not SETTLEMENT_MOVES[state]
    for event in Event:
        with pytest.raises(KeyError):
            next_state(state, event)


def test_a_silent_settlement_is_unknown_and_nothing_else() -> None:
    assert next_state(S.CALLING, Event.SILENCE) is S.UNKNOWN
    assert [pair for pair, to in NEXT.items() if to is S.UNKNOWN] == [(S.CALLING, Event.SILENCE)]


def test_only_one_that_waits_is_sent_to_the_insurer() -> None:
    assert [state for state, moves in SETTLEMENT_MOVES.items() if S.CALLING in moves] == [S.WAITING]
    back = {state for (state, _), to in NEXT.items() if to is S.WAITING and state is not S.WAITING}
    assert back == {S.CALLING}
    assert [event for (state, event), to in NEXT.items() if state is S.CALLING and to is S.WAITING] == [
        Event.NOT_CARRIED_OUT
    ]


def test_nobody_pays_before_the_order_is_open() -> None:
    assert {event for (_, event), to in NEXT.items() if to is S.PAYING} == {Event.ORDERED}
    assert {state for (state, _), to in NEXT.items() if to is S.COMPLETED} == {S.CONFIRMING}


def test_a_name_is_taken_for_the_state() -> None:
    assert next_state("calling", Event.SETTLED) is S.INSURED
