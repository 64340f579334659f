"""A trial, a settlement, its money and its end, in every dialect."""

from insurance.desk import wire
from insurance.interface.profile import Operation
from insurance.ledger import entries
from insurance.models import InterfaceCall
from insurance.payment import gateway, orders
from insurance.reconciliation import reconcile
from insurance.settlement import collecting, steps
from insurance.settlement.models import Settlement
from insurance.settlement.saga import Event
from insurance.trial.models import Trial, Visit
from tests.conformance.conftest import Centre
from tests.integration import doing
from tests.integration.laid_beside import found, said, today
from tests.simulators import Simulator


def completed(trial: Trial, mode: str = "insurance") -> Settlement:
    """Paid and told."""
    settlement = doing.paying(trial, mode)
    doing.pay(settlement)
    assert settlement.payment is not None
    orders.learn(settlement.payment.order_no, gateway.query(settlement.payment.order_no))
    collecting.collect_due()
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed", settlement.last_error
    return settlement


def test_a_settlement_is_the_same_in_both_books(centre: Centre, trial: Trial, payments: Simulator) -> None:
    settlement = completed(trial)
    (theirs,) = centre.standing()
    assert theirs["msgid"] == settlement.settle_msgid
    ours = entries.balance(settlement.number)
    assert theirs["total_fen"] == settlement.total_fen == doing.TOTAL_FEN
    assert (theirs["fund_fen"], theirs["account_fen"]) == (ours.get("fund", 0), ours.get("account", 0))
    assert theirs["cash_fen"] == ours["cash"] == payments.ledger()["totals"]["cash_fen"]


def test_an_account_may_cover_it(centre: Centre, payments: Simulator) -> None:
    settlement = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    assert (doing.state_of(settlement), settlement.cash_fen) == ("paid", 0)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed", settlement.last_error
    assert centre.standing()[0]["account_fen"] == settlement.account_fen > 0


def test_staff_see_what_was_said_and_nobody_in_it(centre: Centre, trial: Trial) -> None:
    """Every message of a whole story, masked by its dialect."""
    settlement = completed(trial)
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "refunding")
    archive = settlement.appointment.archive
    visit = Visit.objects.get(appointment=settlement.appointment)
    people = {archive.name, archive.id_number, archive.phone, archive.card_number, visit.psn_no}
    calls = list(InterfaceCall.objects.order_by("pk"))
    assert all(len(one) > 1 for one in people) and len(calls) > 5
    assert any(one in call.request + call.reply for one in people for call in calls), "they do stand in them"
    shown = {
        call.pk: [wire.shown(call.insurer, call.infno, text) for text in (call.request, call.reply)] for call in calls
    }
    assert [one for one in people if any(one in text for texts in shown.values() for text in texts)] == []
    assert not [texts for texts in shown.values() if any("cannot be read" in text for text in texts)]
    (settled,) = (shown[call.pk] for call in calls if call.infno == centre.number(Operation.SETTLE))
    assert f"{settlement.total_fen / 100:.2f}" in " ".join(settled), "and what it came to is told"


def test_self_pay_is_reported_where_it_is_wanted(centre: Centre, trial: Trial) -> None:
    completed(trial, "self_pay")
    told = centre.ledger()["self_pay"]
    wanted = centre.dialect.report_self_pay is not None
    assert (told["reports"], told["cash_fen"]) == ((1, doing.TOTAL_FEN) if wanted else (0, 0))
    assert centre.standing() == []


def test_what_is_undone_stands_nowhere(centre: Centre, trial: Trial) -> None:
    settlement = completed(trial)
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "refunding")
    assert centre.standing() == []
    assert "fund" not in entries.balance(settlement.number)


def test_the_days_books_agree(centre: Centre, trial: Trial) -> None:
    """By their totals, and one by one."""
    undone = completed(trial)
    said(undone, Event.UNDO)
    doing.recovered(undone, "refunding")
    completed(doing.priced(doing.somebody_who_pays_cash()))
    book = reconcile.run(today(), details=True)
    assert (book.state, book.last_error) == ("reconciled", "")
    assert [each for each in found(book) if each[1] in ("settled", "undone", "total")] == []
    assert book.insurer["settled"] == 2


def test_a_settlement_that_only_the_centre_has_is_found(centre: Centre, trial: Trial) -> None:
    """Negative control of the books that agree: of this one we have not heard yet."""
    centre.goes_wrong(Operation.SETTLE, "lose")
    assert doing.state_of(doing.insured(trial)) == "unknown"
    book = reconcile.run(today())
    assert book.last_error == ""
    assert [each for each in found(book) if each[1] in ("settled", "total")], "not seen"


def test_everything_said_is_written_down_before_it_leaves(centre: Centre, trial: Trial) -> None:
    """The centre has counted what the journal holds, message by message."""
    doing.insured(trial)
    for operation in (Operation.TRIAL, Operation.SETTLE):
        kept = InterfaceCall.objects.filter(infno=centre.number(operation))
        assert (kept.count(), {call.outcome for call in kept}) == (centre.calls(operation), {"answered"})
        assert all(call.metered and call.request and call.reply for call in kept)
