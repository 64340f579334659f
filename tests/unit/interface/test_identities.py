"""The money identities, on a bill that keeps them and on each way to break them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.exchange import Reply
from insurance.interface.identities import violations
from insurance.interface.messages import Bill, LineSplit, PolicySplit
from tests.unit.interface.words import INSURED

# protocol 3.7, the worked example of OH's 2304
WORKED = Bill(
    mdtrt_id="M1",
    psn_no=INSURED.psn_no,
    insutype="310",
    medins_setl_id="",
    total_fen=2_344_246,
    fund_fen=1_878_539,
    person_fen=415_206,
    account_fen=17_004,
    shared_account_fen=4,
    cash_fen=398_202,
    hospital_fen=50_501,
    split=PolicySplit(253_397, 139_669, 70_344, 1_880_836),
    fund_parts=(("hifp_pay", 1_800_000), ("hifmi_pay", 78_539)),
    clr_type="21",
    clr_optins="",
)
LINES = (
    LineSplit("1", 2_344_245, PolicySplit(253_397, 139_669, 70_344, 1_880_835)),
    LineSplit("2", 1, PolicySplit(0, 0, 0, 1)),
)


def negated(bill: Bill) -> Bill:
    amounts = {name: -getattr(bill, name) for name in Bill.__slots__ if name.endswith("_fen")}
    split = PolicySplit(*(-getattr(bill.split, name) for name in PolicySplit.__slots__))
    return replace(bill, **amounts, split=split, fund_parts=tuple((name, -fen) for name, fen in bill.fund_parts))


def test_worked_example_and_its_cancellation() -> None:
    assert violations(WORKED) == ()
    assert violations(WORKED, LINES) == ()
    assert violations(negated(WORKED)) == ()


@pytest.mark.parametrize(
    ("changes", "identities"),
    [
        ({"total_fen": 2_344_247}, ["1", "4", "5"]),
        ({"hospital_fen": 0}, ["1"]),
        ({"fund_fen": 1_878_540}, ["1", "2"]),
        ({"fund_parts": (("hifp_pay", 1),)}, ["2"]),
        ({"cash_fen": 398_201}, ["3"]),
        ({"shared_account_fen": 17_005}, ["3"]),
        ({"shared_account_fen": -1}, ["3"]),
        ({"split": PolicySplit(253_397, 139_669, 70_345, 1_880_835)}, ["5", "5"]),
        ({"split": PolicySplit(0, 0, 0, 0)}, ["4", "5", "5", "5", "5"]),
    ],
)
def test_broken_bill(changes: dict[str, object], identities: list[str]) -> None:
    broken = violations(replace(WORKED, **changes), LINES)  # type: ignore[arg-type]
    assert [text.split()[1].rstrip(":") for text in broken] == identities


def test_broken_line_is_named_by_its_place() -> None:
    lines = (LINES[0], replace(LINES[1], split=PolicySplit(0, 0, 1, 1)))
    assert violations(WORKED, lines) == (
        "identity 5: advance self-pay 703.44 is not sum of the lines 703.45",
        "identity 6: line 2 0.01 is not sum of its split 0.02",
    )


def test_no_person_in_a_violation() -> None:
    for text in violations(replace(WORKED, total_fen=1, person_fen=7, shared_account_fen=-3), LINES):
        assert INSURED.psn_no not in text


@given(st.lists(st.integers(-(10**9), 10**9), min_size=11, max_size=11))
def test_never_raises(amounts: list[int]) -> None:
    total, fund, person, account, shared, cash, hospital, *split = amounts
    bill = replace(
        WORKED,
        total_fen=total,
        fund_fen=fund,
        person_fen=person,
        account_fen=account,
        shared_account_fen=shared,
        cash_fen=cash,
        hospital_fen=hospital,
        split=PolicySplit(*split),
    )
    keeps_first = total == fund + person + hospital
    assert keeps_first != any(text.startswith("identity 1") for text in violations(bill))


def test_reply_hides_itself() -> None:
    assert "secret" not in repr(Reply(200, {"x": "secret"}, b"secret"))
