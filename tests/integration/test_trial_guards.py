"""What a bill was made from is guarded: changed or out of date it is never settled, and made again at the head of the
line unless the patient gave it up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from hospital.appointments import booking, charges
from hospital.errors import Conflict
from hospital.models import Appointment, Archive, Notice
from hospital.privacy import blind_index
from insurance.models import Line, Settlement, Trial, Visit
from insurance.payment import orders
from insurance.settlement import collecting, opening, steps
from insurance.trial import admission, conversation, inputs, line, turns, urgency
from tests import factories
from tests.integration import claiming, doing
from tests.races.together import wait_until
from tests.simulators import Simulator

ITEM = charges.Line(
    med_list_codg="001", medins_list_codg="H9", name="item", quantity=Decimal(2), unit_price=Decimal("10.005")
)


@pytest.fixture
def trial(insurer: Simulator, payments: Simulator) -> Trial:
    """A trial with its bill, of somebody who has a part to pay."""
    return doing.priced(doing.somebody_who_pays_cash())


def refused(trial: Trial, way: str = "insurance") -> str:
    with pytest.raises(Conflict) as caught:
        opening.open_settlement(Trial.objects.get(pk=trial.pk), way)
    assert not Settlement.objects.exists()
    return caught.value.code


def change(trial: Trial, what: str) -> None:
    """One of the inputs becomes another, behind our back."""
    match what:
        case "charges":
            trial.appointment.charges.first().delete()
        case "card":
            Archive.objects.filter(appointment=trial.appointment_id).update(card_number="another")
        case "card_type":
            Archive.objects.filter(appointment=trial.appointment_id).update(card_type="03")
        case _:
            Visit.objects.filter(appointment=trial.appointment_id).update(**{what: "other"})


CHANGES = ("charges", "card", "card_type", "psn_no", "insutype", "insuplc_admdvs")


@pytest.mark.parametrize("what", CHANGES)
def test_a_bill_made_from_something_else_is_not_accepted(trial: Trial, what: str) -> None:
    change(trial, what)
    assert refused(trial) == refused(trial, "self_pay") == "trial_superseded"


@pytest.mark.parametrize("what", CHANGES)
def test_nor_settled_when_its_turn_comes(trial: Trial, insurer: Simulator, what: str) -> None:
    settlement = doing.opened(trial)
    change(trial, what)
    assert steps.settle_one()
    assert doing.state_of(settlement) == "reversed" and settlement.last_error.endswith("changed")
    assert "2207A" not in insurer.stats()["calls"]


def test_unchanged_it_is(trial: Trial) -> None:
    """Negative control: nothing else keeps it from being settled."""
    assert inputs.changed(trial) == ""
    assert doing.state_of(doing.insured(trial)) == "insured"


def test_what_is_kept_of_the_card_says_nothing_of_it(trial: Trial) -> None:
    card, visit = conversation.card_of(trial.appointment), conversation.visit_of(trial.appointment)
    kept = Trial.objects.get(pk=trial.pk).insured_fingerprint
    assert len(kept) == 64 and not {card.number, visit.psn_no} & {kept}
    assert kept not in (blind_index(card.number), blind_index(visit.psn_no)), "it cannot be looked for either"


def test_a_bill_from_before_fingerprints_were_kept_is_settled(trial: Trial) -> None:
    Trial.objects.update(insured_fingerprint="")
    change(trial, "card_type")
    assert doing.state_of(doing.opened(trial)) == "waiting"


def test_whoever_asks_again_then_gets_a_new_bill_at_the_same_place(trial: Trial) -> None:
    claiming.closed()
    behind = admission.enter(factories.told()[0])
    change(trial, "insutype")
    again = admission.enter(trial.appointment)
    assert (doing.state_of(trial), again.instead_of, again.number) == ("superseded", trial, trial.number)
    assert [line.place_of(one).ahead for one in (again, behind)] == [0, 1]


def test_changed_charges_are_priced_at_once_at_the_head_of_the_line(trial: Trial, insurer: Simulator) -> None:
    claiming.closed()
    behind = [admission.enter(appointment) for appointment in factories.told(3)]
    charges.replace(trial.appointment, [ITEM])
    assert refused(trial) == "trial_superseded"
    again = admission.enter(trial.appointment)
    assert again == Trial.objects.get(instead_of=trial)
    assert (again.line_id, again.number) == (trial.line_id, trial.number)
    assert [line.place_of(one).ahead for one in (again, *behind)] == [0, 1, 2, 3] and line.waiting() == 4
    claiming.open_again()
    assert turns.take_one()
    assert (doing.state_of(again), again.total_fen) == ("priced", 2001)
    assert [line.place_of(one).ahead for one in behind] == [0, 1, 2]
    assert Notice.objects.filter(appointment=trial.appointment_id, kind="priced").count() == 2
    charges.replace(trial.appointment, [ITEM, ITEM])
    assert Trial.objects.get(instead_of=again).number == trial.number, "and as often as they change"


def test_two_places_taken_again_are_in_their_old_order(insurer: Simulator) -> None:
    first, second = (doing.priced(doing.somebody_who_pays_cash()) for _ in range(2))
    claiming.closed()
    for late in (second, first):
        charges.replace(late.appointment, [ITEM])
    assert [line.place_of(Trial.objects.get(instead_of=one)).ahead for one in (first, second)] == [0, 1]


def test_a_kept_place_is_there_however_full_the_line_is(trial: Trial, settings: object) -> None:
    settlement = doing.opened(trial)
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert steps.settle_one() and doing.state_of(settlement) == "reversed"
    settings.TRIAL_LINE_MINUTES = 0  # type: ignore[attr-defined]
    claiming.closed()
    with pytest.raises(Exception, match="line_full"):
        admission.enter(factories.told()[0])
    assert admission.enter(settlement.appointment).number == trial.number


def test_a_bill_that_lapses_while_it_waits_for_its_settlement_keeps_its_place(trial: Trial, insurer: Simulator) -> None:
    settlement = doing.opened(trial)
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert steps.settle_one()
    assert (doing.state_of(settlement), doing.state_of(trial)) == ("reversed", "expired")
    assert "2207A" not in insurer.stats()["calls"]
    assert Notice.objects.filter(kind="settle_again").count() == 1
    again = admission.enter(settlement.appointment)
    assert (again.instead_of, again.number) == (trial, trial.number)
    assert admission.enter(settlement.appointment) == again
    assert turns.take_one() and doing.state_of(doing.insured(again)) == "insured"


def test_so_does_one_whose_settlement_was_undone_because_nothing_was_known(trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = doing.insured(trial)
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    doing.recovered(settlement, "reversed", most=10)
    assert admission.enter(settlement.appointment).instead_of == trial


@pytest.mark.parametrize("swept", [True, False])
def test_who_lets_his_bill_run_out_gets_another_at_his_place(trial: Trial, swept: bool) -> None:
    claiming.closed()
    admission.enter(factories.told()[0])
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert not swept or admission.expire_due() == 1
    again = admission.enter(trial.appointment)
    assert (again.instead_of, line.place_of(again).ahead) == (trial, 0)
    assert admission.enter(trial.appointment) == again


def test_so_does_who_did_not_pay_in_time(trial: Trial, settings: LazySettings) -> None:
    settings.PAYMENT_EXPIRES_SECONDS = 1
    settlement = doing.paying(trial)
    order = settlement.payment
    assert order is not None

    def expired() -> bool:
        doing.now_due(order)
        orders.ask_due()
        return doing.state_of(order) == "expired"

    wait_until(expired)
    collecting.collect_due()
    doing.recovered(settlement, "reversed")
    assert admission.enter(settlement.appointment).instead_of == trial
    assert Notice.objects.filter(kind="settle_again").count() == 1


def test_whose_payment_was_called_off_stands_at_the_end(trial: Trial) -> None:
    settlement = doing.paying(trial)
    assert settlement.payment is not None
    doing.closed_there(settlement.payment)
    collecting.collect_due()
    doing.recovered(settlement, "reversed")
    assert admission.enter(settlement.appointment).instead_of is None
    assert not Notice.objects.filter(kind="settle_again").exists()


def test_so_does_whom_the_insurer_refused(trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "refuse"})
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "refused"
    assert admission.enter(settlement.appointment).instead_of is None


def test_a_place_is_taken_again_once(trial: Trial) -> None:
    charges.replace(trial.appointment, [ITEM])
    again = Trial.objects.get(instead_of=trial)
    turns.take_one()
    Trial.objects.filter(pk=again.pk).update(valid_until=Now() - timedelta(seconds=1))
    third = admission.enter(trial.appointment)
    assert third.instead_of == again and third.number == trial.number
    assert line.place_of(third).ahead == 0 and line.waiting() == 1


def test_who_waits_at_an_old_place_may_cancel(trial: Trial) -> None:
    charges.replace(trial.appointment, [ITEM])
    booking.cancel(Appointment.objects.get(pk=trial.appointment_id))
    assert doing.state_of(Trial.objects.get(instead_of=trial)) == "cancelled" and line.waiting() == 0


def test_who_has_become_urgent_goes_to_that_line_instead(trial: Trial) -> None:
    settlement = doing.opened(trial)
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert steps.settle_one() and doing.state_of(settlement) == "reversed"
    urgent = urgency.enter(settlement.appointment, who="a test", why="pain")
    assert urgent.instead_of is None and Line.objects.get(trials=urgent).urgent
    assert line.waiting() == 1
