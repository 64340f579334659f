"""The settlement saga has an answer to everything that can happen, and silence is never failure."""

import itertools

import pytest

from insurance.settlement.saga import AFTER, STAFF, TURNS, Event, Impossible, after_undoing, next_state, when_given_up
from insurance.states import SETTLEMENT_MOVES
from insurance.states import SettlementState as S

PAIRS = [(state, event) for state, events in AFTER.items() for event in events]
ENDS = {S.COMPLETED, S.REVERSED, S.REFUSED, S.MANUAL}


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_whatever_can_happen_leads_somewhere_that_is_allowed(state: S, event: Event) -> None:
    assert next_state(state, event) in SETTLEMENT_MOVES[state]


def test_every_pair_is_decided_and_what_cannot_happen_is_a_defect() -> None:
    assert set(AFTER) == set(S)
    for state, event in itertools.product(S, Event):
        if (state, event) not in PAIRS:
            with pytest.raises(Impossible, match=event.value):
                next_state(state, event)


def test_every_move_that_is_allowed_comes_about() -> None:
    """By an event or by a turn being taken: nothing is allowed that nobody needs."""
    made = {(state, to) for state, events in AFTER.items() for to in events.values()} | set(TURNS.items())
    assert made == {(state, to) for state, moves in SETTLEMENT_MOVES.items() for to in moves}


def test_every_event_can_happen_somewhere() -> None:
    assert {event for _, event in PAIRS} == set(Event)


@pytest.mark.parametrize("state", [state for state in S if state not in ENDS])
def test_nothing_but_an_end_is_without_a_way_out_that_needs_no_person(state: S) -> None:
    seen, front = {state}, {state}
    while front:
        follows = {to for each in front for event, to in AFTER[each].items() if event not in STAFF}
        front = (follows | {TURNS[each] for each in front if each in TURNS}) - seen
        seen |= front
    assert seen & (ENDS - {S.MANUAL})


def test_a_silent_settlement_is_unknown_and_nothing_else() -> None:
    assert next_state(S.CALLING, Event.SILENCE) is S.UNKNOWN
    assert {state for state, events in AFTER.items() for to in events.values() if to is S.UNKNOWN} == {
        S.CALLING,
        S.UNKNOWN,
        S.MANUAL,
    }


def test_only_what_surely_does_not_stand_is_sent_again() -> None:
    """WAITING is where a settlement is sent from."""
    back = {(state, event) for state, event in PAIRS if AFTER[state][event] is S.WAITING and state is not S.WAITING}
    assert back == {
        (S.CALLING, Event.NOT_CARRIED_OUT),
        (S.REVERSING, Event.AGAIN),
        (S.CLAIMING, Event.PRICED),  # never sent before
    }
    assert [state for state, turn in TURNS.items() if turn is S.CALLING] == [S.WAITING]


def test_once_a_reversal_has_left_nobody_believes_that_the_settlement_stands() -> None:
    assert not {Event.SETTLED, Event.SETTLED_IN_FULL} & set(AFTER[S.REVERSING])
    assert AFTER[S.REVERSING][Event.SILENCE] is S.REVERSING


def test_money_goes_back_before_the_end() -> None:
    assert set(AFTER[S.REFUNDING].values()) == {S.REVERSED, S.MANUAL}
    assert AFTER[S.REVERSED] == {Event.PAID: S.REFUNDING}


def test_a_person_is_needed_for_nothing_but_what_staff_do() -> None:
    assert set(AFTER[S.MANUAL]) == STAFF
    assert {event for state, event in PAIRS if state is S.COMPLETED} == {Event.UNDO}


def test_only_the_network_s_word_completes() -> None:
    completes = {(state, event) for state, event in PAIRS if AFTER[state][event] is S.COMPLETED}
    assert completes == {(S.CONFIRMING, Event.TOLD), (S.MANUAL, Event.COMPLETE)}


@pytest.mark.parametrize(
    ("paid", "kept", "again", "event"),
    [
        (False, False, True, Event.AGAIN),
        (True, True, True, Event.AGAIN),
        (False, False, False, Event.UNDONE),
        (True, False, False, Event.UNDONE_PAID),
        (True, True, False, Event.SELF_PAY),
    ],
)
def test_what_follows_when_nothing_stands(paid: bool, kept: bool, again: bool, event: Event) -> None:
    assert after_undoing(paid=paid, kept=kept, again=again) is event
    assert event in AFTER[S.REVERSING]


@pytest.mark.parametrize(("state", "event"), PAIRS)
@pytest.mark.parametrize("insured", [False, True])
def test_what_was_given_up_meanwhile_goes_on_to_nothing_that_completes(state: S, event: Event, insured: bool) -> None:
    """But by the insurer's no to a claim: the money that was paid ahead is for the service."""
    meant = when_given_up(state, event, insured=insured)
    to = next_state(state, meant)
    if to is S.PAID:
        assert event is Event.SELF_PAY
    if state in (S.REVERSED, S.CONFIRMING, S.MANUAL):
        assert meant is event


def test_money_that_comes_after_the_patient_s_word_is_undone_where_the_insurer_has_settled() -> None:
    assert next_state(S.PAYING, when_given_up(S.PAYING, Event.PAID, insured=True)) is S.REVERSING
    assert next_state(S.PAYING, when_given_up(S.PAYING, Event.PAID, insured=False)) is S.REVERSED
    assert next_state(S.PAYING, when_given_up(S.PAYING, Event.PAID_AHEAD, insured=False)) is S.REVERSED


def test_a_claim_waits_for_another_bill_only_while_nothing_was_sent() -> None:
    assert [state for state, event in PAIRS if event is Event.CLAIM_ANEW] == [S.CALLING]


def test_a_name_is_taken_for_the_state() -> None:
    assert next_state("calling", Event.SETTLED) is S.INSURED
