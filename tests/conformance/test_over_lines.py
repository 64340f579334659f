"""The older dialect over a TCP line: the same pipeline, the same centre, another way there."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from django.conf import LazySettings
from django.utils import timezone

from insurance.interface.profile import Operation
from insurance.models import InterfaceCall
from insurance.quota import exchange
from insurance.reconciliation import reconcile
from insurance.settlement import steps
from insurance.trial.models import Trial
from tests.conformance.conftest import Centre
from tests.conformance.test_going_wrong import LOST
from tests.conformance.test_settling import completed
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import found, surely_over, today
from tests.simulators import Simulator, free_port, running


@pytest.fixture(scope="module")
def lines_process() -> Iterator[tuple[Centre, int]]:
    port = free_port()
    with running("insurer", "--dialect", "delimited", "--line-port", str(port)) as simulator:
        yield Centre("delimited", simulator.url), port


@pytest.fixture
def centre(lines_process: tuple[Centre, int], settings: LazySettings) -> Iterator[Centre]:
    """As by HTTP, and its faults are set by HTTP."""
    there, port = lines_process
    there.reset()
    settings.INSURANCE_DIALECT, settings.INSURANCE_URL = "delimited", f"tcp://127.0.0.1:{port}"
    settings.INSURANCE_TIMEOUT_SECONDS = 2
    forget_the_insurer()
    yield there
    forget_the_insurer()


@pytest.fixture
def trial(centre: Centre, payments: Simulator) -> Trial:
    """A bill of somebody who has a part to pay."""
    return doing.priced(doing.somebody_who_pays_cash())


def test_a_settlement_is_the_same_in_both_books(centre: Centre, trial: Trial) -> None:
    settlement = completed(trial)
    (theirs,) = centre.standing()
    assert (theirs["msgid"], theirs["fund_fen"]) == (settlement.settle_msgid, settlement.fund_fen)


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_settlement_is_found_by_asking(centre: Centre, trial: Trial, fault: str) -> None:
    centre.goes_wrong(Operation.SETTLE, fault)
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    doing.recovered(settlement, "insured")
    assert (len(centre.standing()), centre.calls(Operation.SETTLE)) == (1, 1)


def test_what_never_arrived_is_settled_once(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "drop_before")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    doing.recovered(settlement, "waiting")
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured"
    assert len(centre.standing()) == 1


def test_a_host_that_is_away_leaves_it_waiting(centre: Centre, trial: Trial, settings: LazySettings) -> None:
    settlement = doing.opened(trial)
    settings.INSURANCE_URL = f"tcp://127.0.0.1:{free_port()}"
    forget_the_insurer()
    assert steps.settle_one()
    assert doing.state_of(settlement) == "waiting"


def test_a_centre_that_forgot_the_sign_in_is_signed_in_at_anew(centre: Centre, trial: Trial) -> None:
    """A turn that finds the cycle gone has done nothing, and the next one makes another."""
    settlement = doing.opened(trial)
    centre.reset()
    assert steps.settle_one()
    assert doing.state_of(settlement) == "waiting"
    assert "9100" not in centre.stats()["calls"]
    doing.now_due(settlement)
    assert steps.settle_one()
    assert centre.calls(Operation.SIGN_IN) == 1


def another_cycle_of_that_day(centre: Centre) -> str:
    """Of another operator, so that it is not today's; the centre knows it. Its number."""
    sign_in = "9100^H99999900001^OP9^^20240102090000-H99999900001-0001^NEW^^1^"
    answer = httpx.post(centre.url, content=sign_in.encode("gb18030"), trust_env=False).content.decode("gb18030")
    known = {"infno": "9100", "lane": "trial", "purpose": "trial 1", "request": sign_in, "reply": answer}
    when = timezone.now() - timedelta(days=2)
    InterfaceCall.objects.create(msgid="yesterday", outcome="answered", sent_at=when, **known)
    return answer.split("^")[1]


def test_a_day_that_is_over_and_agrees_is_signed_out_of_once(centre: Centre, payments: Simulator) -> None:
    cycle = another_cycle_of_that_day(centre)
    for _ in range(2):
        book = reconcile.run(surely_over())
        assert (book.state, book.last_error) == ("reconciled", "")
        assert (centre.calls(Operation.DAY_TOTALS) > 0, centre.calls(Operation.SIGN_OUT)) == (True, 1)
    asked = InterfaceCall.objects.get(infno="9110")
    assert asked.request.split("^")[3] == cycle != exchange.sign_no_of("default", today())


def test_a_cycle_whose_end_was_not_heard_does_not_keep_its_day_open(centre: Centre, payments: Simulator) -> None:
    another_cycle_of_that_day(centre)
    centre.goes_wrong(Operation.SIGN_OUT, "lose")
    assert reconcile.run(surely_over()).state == "open"
    book = reconcile.run(surely_over())
    assert (book.state, book.last_error, centre.calls(Operation.SIGN_OUT)) == ("reconciled", "", 2)


def test_a_day_that_differs_is_not_signed_out_of(centre: Centre, payments: Simulator) -> None:
    another_cycle_of_that_day(centre)
    centre.goes_wrong(Operation.DAY_TOTALS, "refuse", message="对账不平", times=9)
    book = reconcile.run(surely_over())
    assert (book.last_error, centre.calls(Operation.SIGN_OUT)) == ("", 0)
    assert [each[1] for each in found(book)] == ["total"]
