"""A worker dies at every point there is: afterwards our books, the insurer's and the institution's are equal.

FAILPOINTS=all dies at every point of every case and sends late, too; without it, the cases in which the wire fails are
sampled. FAILPOINTS_SEED replays the sample.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from django.conf import LazySettings
from django.test import override_settings
from httpx._transports import default

from hospital import worklist
from insurance.models import Settlement
from insurance.quota import clock
from insurance.settlement import recording
from insurance.settlement.heard import Heard
from insurance.settlement.saga import Event
from insurance.states import SettlementState
from tests.books import settled_by_two_messages
from tests.integration import doing, dying
from tests.integration.dying import Case, assert_books_are_equal, begun
from tests.integration.failpoints import Life, watched
from tests.simulators import Simulator

ALL = os.environ.get("FAILPOINTS") == "all"
SEED = int(os.environ.get("FAILPOINTS_SEED") or random.randrange(10**6))
SAMPLED = 4
PAIRS = 200 if ALL else 15

CASH, COVERED = doing.somebody_who_pays_cash, doing.somebody_whose_account_covers
PAYS = {"paying": dying.pays}
NOT_IN_TIME = {"PAYMENT_EXPIRES_SECONDS": 0}
COMPLETED, REVERSED = ("completed",), ("reversed",)


def once(kind: str, infno: str = "2207A", **more: object) -> dict[str, object]:
    return {"infno": infno, "kind": kind, "times": 1, **more}


USUAL = {
    "insurance with a part in cash": Case(CASH, at=PAYS),
    "insurance without one": Case(COVERED),
    "self-pay": Case(CASH, "self_pay", at=PAYS),
    "not paid in time": Case(CASH, settings=NOT_IN_TIME, ends=REVERSED),
    "given up before the order": Case(CASH, at={"insured": dying.gives_up}, ends=REVERSED),
    "given up while paying": Case(CASH, at={"paying": dying.pays_and_gives_up}),
    "undone when it was complete": Case(CASH, at=PAYS | {"completed": dying.is_undone_by_staff}, ends=REVERSED),
    "callbacks repeated, forged, out of order": Case(CASH, at=PAYS, callbacks=("expired", "paid", "open", "paid")),
}

FAILING = {
    **{f"2207A {kind}": Case(COVERED, insurer=(once(kind),)) for kind in ("lose", "drop_before", "http_500", "half")},
    **{
        f"2207A {kind}": Case(CASH, insurer=(once(kind),), at=PAYS)
        for kind in ("duplicate", "wrong_totals", "throttle")
    },
    "2207A refused": Case(COVERED, insurer=(once("refuse"),), ends=("refused",), or_ends=COMPLETED),
    "2208 lost": Case(CASH, insurer=(once("lose", "2208"),), settings=NOT_IN_TIME, ends=REVERSED),
    "2208 not carried out": Case(CASH, insurer=(once("drop_before", "2208"),), settings=NOT_IN_TIME, ends=REVERSED),
    "2208 refused": Case(CASH, insurer=(once("refuse", "2208"),), settings=NOT_IN_TIME, ends=REVERSED),
    "2601 lost": Case(COVERED, insurer=(once("drop_before"), once("lose", "2601"))),
    "questions lost": Case(COVERED, insurer=(once("lose"), once("lose", "5204"), once("http_500", "5203"))),
    "4261 lost": Case(CASH, "self_pay", insurer=(once("lose", "4261"),), at=PAYS),
    "the order's answer lost": Case(CASH, payments=({"call": "create", "kind": "lose_answer", "times": 1},), at=PAYS),
    "the refund's answer lost": Case(
        CASH,
        payments=({"call": "refund", "kind": "lose_answer", "times": 1},),
        at=PAYS | {"completed": dying.is_undone_by_staff},
        ends=REVERSED,
    ),
    "paid after the end": Case(
        CASH,
        payments=({"call": "pay", "kind": "late_payment"},),
        settings=NOT_IN_TIME,
        at={"reversed": dying.pays_late},
        ends=REVERSED,
    ),
    "paid while it is undone": Case(
        CASH,
        payments=({"call": "pay", "kind": "late_payment"},),
        settings=NOT_IN_TIME,
        at={"reversing": dying.pays_late},
        ends=REVERSED,
    ),
}


@pytest.fixture
def life(
    transactional_db: None,
    insurer: Simulator,
    payments: Simulator,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Life]:
    """A process whose every visible act is counted. Waits are over when the test says so."""
    settings.INSURANCE_SETTLEMENT_PER_MINUTE, settings.INSURANCE_BREAK_AFTER = None, 10_000
    settings.SETTLEMENT_ATTEMPTS_SECONDS = [1] * 20
    settings.PAYMENT_TIMEOUT_SECONDS = 5
    monkeypatch.setattr(default, "create_ssl_context", cache(default.create_ssl_context))  # no TLS here: read them once
    clock.watch.forget()  # the database is empty, and nobody in it vouches for what this process has seen
    with watched(Life(), monkeypatch) as life:
        yield life


def carried(case: Case, life: Life, insurer: Simulator, payments: Simulator) -> Settlement:
    """One more patient through the case, with whatever deaths this life has; the books are compared."""
    life.points.clear()
    life.died_at.clear()
    course = begun(case, insurer, payments)
    course.to_its_end(life)
    books = insurer.ledger()
    assert books["double"] == settled_by_two_messages(books) == []
    assert_books_are_equal(course.settlement, books, payments.ledger())
    return course.settlement


@dataclass
class Undertaker:
    """Carries patients through a case, one for each death."""

    life: Life
    insurer: Simulator
    payments: Simulator
    settings: LazySettings

    def undisturbed(self, case: Case) -> list[str]:
        """The points of a run in which nobody dies; it ends as the case says. The first run finds an empty database,
        and does more than all the others."""
        for setting, value in case.settings.items():
            setattr(self.settings, setting, value)
        for _ in range(2):
            assert carried(case, self.life, self.insurer, self.payments).state in case.ends
        return list(self.life.points)

    def die(self, case: Case, *deaths: int, late: int = 0) -> None:
        """The first death at this point, the others so many points after the one before."""
        self.life.late, self.life.deaths = late, list(deaths)
        try:
            settlement = carried(case, self.life, self.insurer, self.payments)
            assert settlement.state in (*case.ends, *case.or_ends), f"{settlement.state}: {settlement.last_error}"
        except AssertionError as error:
            where = ", ".join(self.life.died_at)
            raise AssertionError(f"died before {where} {deaths}{', sent late' if late else ''}: {error}") from error


@pytest.fixture
def undertaker(life: Life, insurer: Simulator, payments: Simulator, settings: LazySettings) -> Undertaker:
    return Undertaker(life, insurer, payments, settings)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", USUAL)
def test_dying_at_every_point(name: str, undertaker: Undertaker) -> None:
    case = USUAL[name]
    points = undertaker.undisturbed(case)
    for number, point in enumerate(points):
        undertaker.die(case, number)
        if is_sent(point):
            undertaker.die(case, number, late=1 + number % 3)
    print(f"{name}: {len(points)} points")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", FAILING)
def test_dying_while_the_wire_fails(name: str, undertaker: Undertaker) -> None:
    case, draw = FAILING[name], random.Random(f"{SEED} {name}")
    points = undertaker.undisturbed(case)
    for number in sorted(range(len(points)) if ALL else draw.sample(range(len(points)), SAMPLED)):
        undertaker.die(case, number, late=draw.randrange(4) if is_sent(points[number]) else 0)
    print(f"{name}: {len(points)} points, FAILPOINTS_SEED={SEED}")


@pytest.mark.timeout(1800)
def test_dying_twice(undertaker: Undertaker) -> None:
    draw, cases = random.Random(SEED), {**USUAL, **FAILING}
    print(f"FAILPOINTS_SEED={SEED}")
    for name in draw.choices(sorted(cases), k=PAIRS):
        deaths = draw.randrange(35), draw.randrange(15)
        print(name, deaths)
        with override_settings(**cases[name].settings):
            undertaker.die(cases[name], *deaths, late=draw.choice((0, 0, 1, 3)))


def lapsed_is_sent_again() -> int:
    """What was left lying by a dead worker is tried once more, as any other work would be."""
    for row in worklist.lapsed(Settlement, SettlementState.CALLING):
        recording.record(row, Heard(Event.NOT_CARRIED_OUT))
    return 0


def test_sending_again_what_a_dead_worker_left_settles_twice(
    undertaker: Undertaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: rule 4 switched off."""
    wrong = [lapsed_is_sent_again if turn is recording.mark_lapsed else turn for turn in dying.TURNS]
    monkeypatch.setattr(dying, "TURNS", wrong)
    points = undertaker.undisturbed(USUAL["insurance without one"])
    with pytest.raises(AssertionError, match=r"died before UPDATE insurance_interfacecall"):
        undertaker.die(USUAL["insurance without one"], points.index("POST saveSettletmentA") + 1)
    assert len(settled_by_two_messages(undertaker.insurer.ledger())) == 1


def test_believing_at_once_that_none_stands_settles_twice(undertaker: Undertaker) -> None:
    """Negative control: the first message is still on its way when the second one leaves."""
    undertaker.settings.SETTLEMENT_SETTLING_SECONDS = 0
    points = undertaker.undisturbed(USUAL["insurance without one"])
    with pytest.raises(AssertionError, match="sent late"):
        undertaker.die(USUAL["insurance without one"], points.index("POST saveSettletmentA"), late=3)


def is_sent(point: str) -> bool:
    return point.startswith("POST")
