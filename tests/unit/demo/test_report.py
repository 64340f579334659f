"""The report's arithmetic and the reasons for a status of 1."""

from typing import Any, cast

import pytest

from demo import report
from demo.crowd import Crowd
from demo.hospital_api import HospitalApi
from demo.patient import End, Patient, Step
from demo.simulators import Insurer, since, together
from demo.texts import TEXTS

OURS = {
    "settlements": 2,
    "fund_fen": 700,
    "account_fen": 200,
    "cash_fen": 100,
    "payments": {"paid": 3, "cash_fen": 1100},
}
INSURER = {"settlements": 2, "fund_fen": 700, "account_fen": 200, "cash_fen": 100}
PAYMENTS = {"paid": 3, "cash_fen": 1100}


def patient(step: Step, end: End | None, mode: str = "insurance", *, held_back: bool = False) -> Patient:
    """A patient who has come so far."""
    return Patient(
        cast(HospitalApi, None), mode, cast(Any, None), cast(Any, None), step=step, end=end, held_back=held_back
    )


def crowd(*patients: Patient) -> Crowd:
    return Crowd(len(patients), list(patients))


def figures(*patients: Patient, insurer: Insurer | None = None, **changes: Any) -> dict[str, Any]:
    seen = insurer or Insurer(3, 3, 0, INSURER, shows_arrivals=True)
    there = patients or (patient(Step.ENDED, End.COMPLETED),)
    return report.report(crowd(*there), seen, 100, OURS | changes, PAYMENTS)


def reasons(found: dict[str, Any]) -> list[str]:
    return report.reasons(found, TEXTS["en"])


def test_counts_are_cumulative() -> None:
    found = figures(
        patient(Step.ENDED, End.COMPLETED),
        patient(Step.ENDED, End.COMPLETED, "self_pay", held_back=True),
        patient(Step.PRICED, End.REFUSED),
        patient(Step.ARRIVED, End.NOT_BOOKED),
    )
    counted = {
        name: found[name] for name in ("patients", "booked", "not_booked", "filed", "told", "priced", "held_back")
    }
    assert counted == {
        "patients": 4, "booked": 3, "not_booked": 1, "filed": 3, "told": 3, "priced": 3, "held_back": 1,
    }  # fmt: skip
    assert found["completed"] == {"insurance": 1, "self_pay": 1}
    assert found["refused"] == 1


def test_the_keys_of_the_contract() -> None:
    assert set(figures()) >= {
        "patients", "booked", "not_booked", "filed", "told", "priced", "held_back", "completed", "reversed", "refused",
        "manual", "unknown", "seconds", "interface", "books",
    }  # fmt: skip


def test_all_well_is_no_reason() -> None:
    found = figures()
    assert reasons(found) == []
    assert found["books"]["equal"]
    assert found["interface"] == {
        "per_minute": 100, "calls": 3, "worst_60s": 3, "over_limit": 0, "used": 0.03, "measured": True,
    }  # fmt: skip


@pytest.mark.parametrize("end", [End.REFUSED, End.REVERSED, End.MANUAL, End.NOT_BOOKED, End.REJECTED])
def test_every_other_end_is_an_end(end: End) -> None:
    assert reasons(figures(patient(Step.SETTLING, end))) == []


def test_unknown_is_no_end() -> None:
    (sentence,) = reasons(figures(patient(Step.SETTLING, End.UNKNOWN), patient(Step.SETTLING, End.UNKNOWN)))
    assert sentence.startswith("2 settlements are unknown: ")


def test_the_books_may_differ_by_what_is_unknown_and_that_is_one_reason() -> None:
    unknown = (patient(Step.SETTLING, End.UNKNOWN), patient(Step.SETTLING, End.UNKNOWN))
    more = Insurer(3, 3, 0, INSURER | {"settlements": INSURER["settlements"] + 2}, shows_arrivals=True)
    (sentence,) = reasons(figures(*unknown, insurer=more))
    assert "insurer settlements +2" in sentence
    too_many = Insurer(3, 3, 0, INSURER | {"settlements": INSURER["settlements"] + 3}, shows_arrivals=True)
    assert len(reasons(figures(*unknown, insurer=too_many))) == 2


def test_lost_is_no_end() -> None:
    (sentence,) = reasons(figures(patient(Step.TOLD, End.LOST)))
    assert sentence.startswith("1 patients did not reach an end")


@pytest.mark.parametrize(("worst", "over"), [(101, 0), (100, 1)])
def test_the_limit(worst: int, over: int) -> None:
    (sentence,) = reasons(figures(insurer=Insurer(200, worst, over, INSURER, shows_arrivals=True)))
    assert "limit" in sentence


def test_exactly_n_is_allowed() -> None:
    found = figures(insurer=Insurer(150, 100, 0, INSURER, shows_arrivals=True))
    assert reasons(found) == []
    assert found["interface"]["used"] == 1.0


@pytest.mark.parametrize("name", ["settlements", "fund_fen", "account_fen"])
def test_the_insurer_holds_more(name: str) -> None:
    found = figures(insurer=Insurer(3, 3, 0, INSURER | {name: INSURER[name] + 5}, shows_arrivals=True))
    (sentence,) = reasons(found)
    assert f"insurer {name} +5" in sentence
    assert not found["books"]["equal"]


def test_cash_is_compared_with_the_payment_institution() -> None:
    found = figures(payments={"paid": 4, "cash_fen": 1100})
    assert not found["books"]["equal"]
    assert "payments paid -1" in reasons(found)[0]


def test_an_insurer_that_shows_nothing_proves_nothing() -> None:
    found = figures(insurer=Insurer())
    assert len(reasons(found)) == 2
    assert found["books"]["insurer"] is None


def test_what_an_insurer_held_before_is_not_ours() -> None:
    before = Insurer(10, 9, 1, {"settlements": 5, "fund_fen": 50, "account_fen": 6, "cash_fen": 7}, True)
    now = Insurer(13, 9, 1, {"settlements": 7, "fund_fen": 750, "account_fen": 206, "cash_fen": 107}, True)
    assert since(now, before) == Insurer(3, 9, 0, INSURER, True)


def of_two(first: Insurer, second: Insurer) -> dict[str, Any]:
    """Two insurers, of each of which we hold the same."""
    ours = {**OURS, **{name: 2 * fen for name, fen in INSURER.items()}}
    found = figures(insurer=together([first, second]), **ours)
    return {**found, "insurers": report.apart({"default": first, "insurer-2": second}, 100, dict.fromkeys(SIDES, OURS))}


SIDES = ("default", "insurer-2")
ONE = Insurer(3, 3, 0, INSURER, shows_arrivals=True)


def test_two_insurers_have_a_limit_each() -> None:
    full = Insurer(100, 100, 0, INSURER, shows_arrivals=True)
    found = of_two(full, full)
    assert reasons(found) == [] and found["books"]["equal"]
    assert (found["interface"]["calls"], found["interface"]["worst_60s"]) == (200, 100)
    over = Insurer(101, 101, 1, INSURER, shows_arrivals=True)
    (sentence,) = reasons(of_two(ONE, over))
    assert "101 trials in 60 s" in sentence


def test_the_books_of_two_insurers_may_not_make_up_for_each_other() -> None:
    assert reasons(of_two(ONE, ONE)) == []
    more, less = (Insurer(3, 3, 0, INSURER | {"fund_fen": 700 + fen}, shows_arrivals=True) for fen in (5, -5))
    found = of_two(more, less)
    assert found["books"]["equal"], "of both together"
    assert [one["books"]["equal"] for one in found["insurers"].values()] == [False, False]
    first, second = reasons(found)
    assert "books of default differ" in first and "fund_fen +5" in first and "insurer-2" in second


def test_one_that_shows_nothing_proves_nothing_of_both() -> None:
    assert len(reasons(of_two(ONE, Insurer()))) == 2


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
