"""Two books of a day, compared: every difference that was put in is found once with its class, and none is invented."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.statements import StatementDifference
from insurance.reconciliation.compare import Found, Row, compare
from insurance.reconciliation.rules import BY_ITSELF, RULES, SIDE, Class, Movement, Remedy, Says, Side, remedy_of
from insurance.reconciliation.theirs import insurer_rows

DAY = date(2026, 11, 23)
NEXT = DAY + timedelta(days=1)


def settled(key: str, total: int = 3052, number: str = "", **more: object) -> Row:
    return Row(Movement.SETTLED, key, (total, total // 2, 0), DAY, number or f"N{key}", **more)  # type: ignore[arg-type]


def undone(key: str, total: int = 3052, number: str = "", **more: object) -> Row:
    amounts = (-total, -(total // 2), 0)
    return Row(Movement.UNDONE, key, amounts, DAY, number or f"N{key}", **more)  # type: ignore[arg-type]


def paid(key: str, fen: int = 500, mark: str = "T1") -> Row:
    return Row(Movement.PAID, key, (fen,), DAY, key, mark)


def told(found: Sequence[Found]) -> list[tuple[Class, Movement, str]]:
    return [(each.classed, each.movement, each.key) for each in found]


def test_equal_books_do_not_differ() -> None:
    books = [settled("A"), undone("A"), paid("O1"), Row(Movement.REFUNDED, "R1", (-20,), DAY, "O1")]
    assert compare(books, list(reversed(books))) == []
    assert compare([], []) == []


def test_one_sided_rows_are_found_on_either_side() -> None:
    found = compare([settled("A"), paid("O1")], [paid("O2"), settled("M", msgid="M", says=Says.WITHOUT_EFFECT)])
    assert Counter(told(found)) == Counter(
        [
            (Class.ONLY_OURS, Movement.SETTLED, "A"),
            (Class.ONLY_OURS, Movement.PAID, "O1"),
            (Class.ONLY_THEIRS, Movement.PAID, "O2"),
            (Class.ONLY_THEIRS, Movement.SETTLED, "M"),
        ]
    )
    (theirs,) = (each for each in found if each.key == "M")
    assert (theirs.ours_fen, theirs.theirs_fen, theirs.msgid, theirs.remedy) == (None, 3052, "M", Remedy.REVERSE)


def test_a_part_that_differs_is_an_amount_also_where_the_total_is_the_same() -> None:
    other = replace(settled("A"), amounts=(3052, 1527, 0), msgid="M")
    (found,) = compare([settled("A")], [other])
    assert (found.classed, found.told, found.msgid) == (Class.AMOUNT, "3052+1526+0 / 3052+1527+0", "M")


def test_what_else_is_told_of_the_same_amounts_is_a_state() -> None:
    (found,) = compare([paid("O1", mark="T1")], [paid("O1", mark="T2")])
    assert (found.classed, found.told, found.remedy) == (Class.STATE, "T1 / T2", Remedy.STAFF)


def test_a_row_on_another_day_of_ours_is_a_shift() -> None:
    """Their book shows it today, ours has it tomorrow: by its key, or by the settlement whose message it was."""
    elsewhere = [replace(paid("O1"), day=NEXT), replace(settled("A", number="N1"), day=NEXT)]
    theirs = [paid("O1"), settled("M1", number="N1", msgid="M1")]
    found = compare([], theirs, ours_elsewhere=elsewhere)
    assert told(found) == [(Class.TIME_SHIFT, Movement.PAID, "O1"), (Class.TIME_SHIFT, Movement.SETTLED, "A")]
    assert {(each.ours_day, each.theirs_day, each.remedy) for each in found} == {(NEXT, DAY, Remedy.NOTE)}


def test_another_settlement_of_the_same_patient_is_no_shift() -> None:
    elsewhere = [replace(settled("A", total=99, number="N1"), day=NEXT)]
    found = compare([], [settled("M1", number="N1", msgid="M1")], ours_elsewhere=elsewhere)
    assert told(found) == [(Class.ONLY_THEIRS, Movement.SETTLED, "M1")]


def test_one_row_of_ours_explains_one_row_of_theirs() -> None:
    """A message that was carried out twice."""
    elsewhere = [replace(settled("A", number="N1"), day=NEXT)]
    twice = [settled("M1", number="N1", msgid="M1")] * 3
    found = compare([], twice, ours_elsewhere=elsewhere)
    assert [(each.classed, each.key) for each in found] == [
        (Class.TIME_SHIFT, "A"),
        (Class.ONLY_THEIRS, "M1#2"),
        (Class.ONLY_THEIRS, "M1#3"),
    ]
    assert {each.msgid for each in found} == {"M1"}


def test_what_was_learnt_since_the_comparison_began_is_no_difference() -> None:
    assert compare([], [settled("M1", number="N1")], ours_elsewhere=[settled("A", number="N1")]) == []


def test_a_row_that_their_book_was_seen_to_show_on_another_day_is_a_shift() -> None:
    (found,) = compare([settled("A")], [], theirs_elsewhere={(Movement.SETTLED, "A"): NEXT})
    assert (found.classed, found.ours_day, found.theirs_day) == (Class.TIME_SHIFT, DAY, NEXT)


def test_settled_and_taken_back_on_one_side_only_stands_on_neither() -> None:
    pair = [settled("A", number="N1"), undone("A", number="N1")]
    assert compare(pair, []) == []
    assert compare([], [settled("M1", number="N1"), undone("M2", number="N1")]) == []
    assert len(compare([settled("A", number="N1"), undone("A", total=1, number="N1")], [])) == 2
    assert len(compare([settled("A", number="N1"), undone("B", number="N2")], [])) == 2
    nobodys = [replace(row, number="") for row in pair]
    assert len(compare([], nobodys)) == 2, "what we know nothing of is shown to a person"


# --- any books ------------------------------------------------------------------------------------

KINDS = st.sampled_from(["same", "only_ours", "only_theirs", "amount", "state", "shift_ours", "shift_theirs"])
MOVEMENTS = st.sampled_from([Movement.SETTLED, Movement.PAID, Movement.REFUNDED])
ROWS = st.lists(st.tuples(KINDS, MOVEMENTS, st.integers(1, 10**9)), max_size=40)


@given(ROWS, st.randoms())
def test_every_difference_is_found_once_and_none_is_invented(
    planned: list[tuple[str, Movement, int]], draw: object
) -> None:
    ours, theirs, ours_elsewhere, theirs_elsewhere, put_in = [], [], [], {}, Counter()
    for place, (kind, movement, fen) in enumerate(planned):
        row = Row(movement, f"K{place}", (fen, fen // 3, fen // 7), DAY, f"N{place}", "T")
        if kind in ("same", "only_ours", "amount", "state", "shift_theirs"):
            ours.append(row)
        match kind:
            case "same" | "only_theirs" | "shift_ours":
                theirs.append(row)
            case "amount":
                theirs.append(replace(row, amounts=(fen, fen // 3 + 1, fen // 7)))
            case "state":
                theirs.append(replace(row, mark="another"))
        if kind == "shift_ours":
            ours_elsewhere.append(replace(row, day=NEXT))
        if kind == "shift_theirs":
            theirs_elsewhere[movement, row.key] = NEXT
        if kind != "same":
            classed = Class.TIME_SHIFT if kind.startswith("shift") else Class(kind)
            put_in[classed, movement, row.key] += 1
    for book in (ours, theirs, ours_elsewhere):
        draw.shuffle(book)
    found = compare(ours, theirs, ours_elsewhere=ours_elsewhere, theirs_elsewhere=theirs_elsewhere)
    assert Counter(told(found)) == put_in


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 3)), max_size=20), st.data())
def test_what_comes_out_is_by_how_much_the_books_differ(rows: list[tuple[int, bool, int]], data: st.DataObject) -> None:
    """Whatever is on the two sides, pairs that cancel and doubles too: the differences add up to the gap."""
    ours: list[Row] = []
    theirs: list[Row] = []
    for place, (owner, back, fen) in enumerate(rows):
        make = undone if back else settled
        row = make(f"K{place}", fen, number=f"N{owner}")
        sides = data.draw(st.sampled_from(["both", "ours", "theirs"]))
        if sides in ("both", "ours"):
            ours.append(row)
        if sides in ("both", "theirs"):
            theirs.append(row)
    found = compare(ours, theirs)
    gap = sum(row.amounts[0] for row in theirs) - sum(row.amounts[0] for row in ours)
    assert sum((each.theirs_fen or 0) - (each.ours_fen or 0) for each in found) == gap
    assert len(set(told(found))) == len(found)


# --- what the insurer answers ---------------------------------------------------------------------


def answer(setl_id: str, msgid: str, *, wrong: str = "", total: int = 3052, back: bool = False) -> StatementDifference:
    sign = -1 if back else 1
    return StatementDifference(
        psn_no="1",
        mdtrt_id="M" if setl_id else "",
        setl_id=setl_id,
        msgid=msgid,
        balanced=not wrong,
        stmt_rslt="1" if wrong else "0",
        is_refund=back,
        memo=wrong,
        total_fen=sign * total,
        fund_fen=sign * (total // 2),
        account_fen=0,
    )


@pytest.mark.parametrize("only_what_is_wrong", [False, True])
def test_the_result_of_3202_tells_each_class(only_what_is_wrong: bool) -> None:
    said = [settled(key) for key in "ABCD"]
    result = [
        answer("A", "M1"),
        answer("B", "M2", wrong="结算信息不一致", total=3053),
        answer("C", "", wrong="医疗机构多"),
        answer("D", "M4", wrong="结算信息不一致"),
        answer("", "M5", wrong="中心多"),
        answer("", "M6", wrong="中心多", back=True),
    ]
    if only_what_is_wrong:
        result = [row for row in result if not row.balanced]
    found = compare(said, insurer_rows(said, result, DAY))
    assert Counter(told(found)) == Counter(
        [
            (Class.AMOUNT, Movement.SETTLED, "B"),
            (Class.ONLY_OURS, Movement.SETTLED, "C"),
            (Class.STATE, Movement.SETTLED, "D"),
            (Class.ONLY_THEIRS, Movement.SETTLED, "M5"),
            (Class.ONLY_THEIRS, Movement.UNDONE, "M6"),
        ]
    )


# --- remedies -------------------------------------------------------------------------------------


def test_nothing_runs_by_itself_against_what_is_relied_on() -> None:
    """What changes something at the insurer is for what is not to stand, or stands beside what is."""
    for classed in Class:
        for movement in Movement:
            for says in Says:
                remedy = remedy_of(classed, movement, says)
                if remedy in (Remedy.REVERSE, Remedy.TAKE_BACK):
                    assert (classed, movement) == (Class.ONLY_THEIRS, Movement.SETTLED)
                    assert (says is Says.COUNTS) == (remedy is Remedy.TAKE_BACK), "2601 would take the good one too"
                if says in (Says.PERSON, Says.NOTHING) and classed is Class.ONLY_THEIRS:
                    assert remedy not in BY_ITSELF
                if classed in (Class.AMOUNT, Class.STATE):
                    assert remedy is Remedy.STAFF


def test_every_rule_can_fit_and_every_movement_has_a_side() -> None:
    assert set(SIDE) == set(Movement) and set(SIDE.values()) == set(Side)
    for place, rule in enumerate(RULES):
        fits = [(rule.classed, movement, says) for movement in rule.movements for says in rule.says]
        assert fits and all(remedy_of(*each) is rule.remedy for each in fits), place
