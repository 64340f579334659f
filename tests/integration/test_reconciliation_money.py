"""A day's books against the simulated payment institution: what differs, and what its remedy does."""

from datetime import timedelta

import httpx
import pytest
from django.db.models.functions import Now
from django.utils import timezone

from insurance.ledger import entries
from insurance.models import Difference, PaymentOrder, Refund
from insurance.payment import gateway, refunds
from tests.integration import doing
from tests.integration.laid_beside import booked_as_paid, compared, completed, found, noon, only, today, yesterday
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def test_a_payment_that_exists_only_there_is_learnt(payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    book = compared()
    assert found(book) == [("only_theirs", "paid", "learn", "remedied")]
    assert PaymentOrder.objects.get(order_no=settlement.number).state == "paid"
    assert entries.balance(settlement.number)["cash"] == settlement.cash_fen
    assert found(compared()) == []
    assert payments.ledger()["totals"]["refunded_fen"] == 0


def test_a_payment_for_an_order_that_we_never_opened_waits_for_staff(payments: Simulator) -> None:
    gateway.open_order("X1", 100, timezone.now() + timedelta(minutes=5), "诊费")
    httpx.post(f"{payments.url}/pay/X1", trust_env=False).raise_for_status()
    book = compared()
    assert found(book) == [("only_theirs", "paid", "staff", "open")]
    assert (only(book).key, only(book).says, only(book).settlement) == ("X1", "nothing", None)


def test_a_refund_carried_out_unheard_is_asked_for_again(payments: Simulator) -> None:
    settlement = completed(cash=True)
    order = PaymentOrder.objects.get(order_no=settlement.number)
    refunds.owe_difference(order, settlement.cash_fen - 10)
    refund = Refund.objects.get()
    gateway.refund(order.order_no, refund.refund_no, 10)
    Refund.objects.update(due_at=Now() + timedelta(hours=1))
    book = compared()
    assert ("only_theirs", "refunded", "go on", "remedied") in found(book)
    assert refunds.give_back_due() == 1
    compared()
    assert book.differences.get(movement="refunded").resolved_by == "gone"
    assert payments.ledger()["totals"]["refunded_fen"] == 10, "once"


def test_money_that_only_we_have_waits_for_staff_and_nothing_is_sent(payments: Simulator) -> None:
    settlement = completed(cash=True)
    entries.book(settlement.number, [entries.refunded(f"R{settlement.number}", 10)])
    book = compared()
    row = book.differences.get(movement="refunded")
    assert (row.classed, row.remedy, row.state) == ("only_ours", "staff", "open")
    assert "does not know it" in row.evidence
    assert payments.ledger()["totals"]["refunded_fen"] == 0


def test_money_booked_after_midnight_is_a_shift_on_both_days(payments: Simulator) -> None:
    """It is booked when we learn of it: here as if that had been a day earlier, to have both days over."""
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    booked_as_paid(settlement, noon(yesterday()))
    number = gateway.query(settlement.number).transaction_no
    PaymentOrder.objects.filter(order_no=settlement.number).update(transaction_no=number)
    book, before = compared(), compared(yesterday())
    assert [row for row in found(book) + found(before) if row[1] == "paid"] == []
    assert {row.classed for row in Difference.objects.filter(movement="paid")} == {"time_shift"}


def test_money_looked_for_in_the_day_files_beside(payments: Simulator) -> None:
    """The other day has not been compared yet."""
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    booked_as_paid(settlement, noon(yesterday()))
    before = compared(yesterday())
    row = before.differences.get(movement="paid")
    assert (row.classed, row.state, row.theirs_day) == ("only_ours", "resolved", today())


def test_another_amount_or_transaction_is_told(payments: Simulator) -> None:
    settlement = completed(cash=True)
    PaymentOrder.objects.update(transaction_no="another")
    book = compared()
    assert found(book) == [("state", "paid", "staff", "open")]
    other = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(other)
    booked_as_paid(other, timezone.now(), other.cash_fen + 1)
    compared()
    assert ("amount", "paid", "staff", "open") in found(book)
    assert settlement.pk != other.pk
