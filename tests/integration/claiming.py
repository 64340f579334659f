"""What tests of claims do: the interface is closed and open again, somebody pays now, the claim goes its way."""

from hospital.models import Patient
from insurance.payment import gateway, orders
from insurance.quota import insurers
from insurance.settlement import claims, collecting, opening, steps
from insurance.settlement.models import Settlement
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests.integration import doing


def closed() -> None:
    """Nobody is let through to the insurer."""
    insurers.pause(insurers.default(), who="a test", why="the interface is away")


def open_again() -> None:
    insurers.resume(insurers.default(), who="a test", why="the interface is back")


def waiting(who: Patient | None = None) -> Trial:
    """Somebody stands in the line of an interface that is closed."""
    closed()
    return admission.enter(doing.told(who or doing.somebody_who_pays_cash()))


def paying(trial: Trial) -> Settlement:
    """The order is open."""
    settlement = opening.open_settlement(trial, "claim_later")
    collecting.collect_due()
    assert doing.state_of(settlement) == "paying", settlement.last_error
    return settlement


def pay(settlement: Settlement) -> None:
    """The patient pays on the institution's page, and we hear of it."""
    doing.pay(settlement)
    hear(settlement)
    collecting.collect_due()


def hear(settlement: Settlement) -> None:
    """The institution says what has become of the order."""
    assert settlement.payment is not None
    orders.learn(settlement.payment.order_no, gateway.query(settlement.payment.order_no))


def paid(who: Patient | None = None) -> Settlement:
    """Everything is paid, the claim waits, the interface is closed."""
    settlement = paying(waiting(who))
    pay(settlement)
    assert doing.state_of(settlement) == "claiming"
    return settlement


def priced(settlement: Settlement) -> Settlement:
    """The interface is back and the bill is there: the claim waits for its settlement."""
    open_again()
    assert turns.take_one() and claims.follow() == 1
    assert doing.state_of(settlement) == "waiting", settlement.last_error
    return settlement


def insured(who: Patient | None = None) -> Settlement:
    """The insurer has settled the claim."""
    settlement = priced(paid(who))
    assert steps.settle_one()
    return settlement


def never_paid(settlement: Settlement) -> None:
    """The time to pay is over."""
    assert settlement.payment is not None
    doing.closed_there(settlement.payment)
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
