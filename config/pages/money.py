"""Steps 4 to 7 of the story: the line, the bill, the payment, the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from config.pages import words
from config.pages.steps import Act, Amount, Key, Status, Step, Wait
from hospital.models import Appointment
from insurance.quota import gate, insurers
from insurance.settlement import credentials, opening
from insurance.settlement.models import CLAIM_LATER, Mode
from insurance.states import SettlementState, TrialState
from insurance.templatetags.desk import yuan

Told = Mapping[str, Any]

_IN_LINE = (TrialState.WAITING, TrialState.CALLING, TrialState.FROZEN)
_WITHOUT_EFFECT = (SettlementState.REFUSED, SettlementState.REVERSED)
_UNPAID = (
    SettlementState.WAITING,
    SettlementState.CALLING,
    SettlementState.INSURED,
    SettlementState.PAYING,
    SettlementState.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Case:
    """The latest trial and settlement as the API tells them. `given_up`: the patient does not want it any more;
    `keeps_place`: a new trial would be made at the place of this one; `scans`: the electronic credential is asked for
    again to settle with the insurance."""

    appointment: int
    told: bool
    charges: tuple[Amount, ...]
    trial: Told | None
    settlement: Told | None
    given_up: bool = False
    keeps_place: bool = False
    scans: bool = False

    @property
    def total_fen(self) -> int:
        return sum(line.fen for line in self.charges)

    @property
    def trial_state(self) -> str:
        return str(self.trial["state"]) if self.trial else ""

    @property
    def waits(self) -> bool:
        """In the line, or the turn is under way."""
        return self.trial_state in _IN_LINE and not self.is_settling

    @property
    def is_settling(self) -> bool:
        """Something is under way or done that is not undone."""
        return self.settlement is not None and self.settlement["state"] not in _WITHOUT_EFFECT

    @property
    def hands_in(self) -> bool:
        """A settlement waits whose electronic credential must be scanned again."""
        return self.settlement is not None and self.settlement.get("credential", {}).get("wanted", False)

    @property
    def is_complete(self) -> bool:
        return self.settlement is not None and self.settlement["state"] == SettlementState.COMPLETED

    def where(self, name: str) -> str:
        return reverse(f"pages:{name}", args=[self.appointment])


def case_of(appointment: Appointment, told: Told) -> Case:
    """What there is to show of the money."""
    trial = told["trials"][-1] if told["trials"] else None
    settlement = told["settlements"][-1] if told["settlements"] else None
    if settlement and trial and settlement["state"] in _WITHOUT_EFFECT and settlement["trial"] != trial["id"]:
        settlement = None  # of an earlier round
    given_up = settlement is not None and appointment.settlements.filter(pk=settlement["id"], wanted=False).exists()
    charges = tuple(Amount(line["name"], line["amount_fen"]) for line in told["charges"])
    kept = trial is not None and _keeps_place(appointment, trial)
    scans = trial is not None and credentials.is_wanted(appointment)
    return Case(appointment.pk, told["archive"]["told"], charges, trial, settlement, given_up, kept, scans)


def _keeps_place(appointment: Appointment, trial: Told) -> bool:
    over = trial["state"] in (TrialState.EXPIRED, TrialState.SUPERSEDED)
    return over and appointment.trials.filter(pk=trial["id"], keeps_place=True).exists()


def steps(case: Case) -> tuple[Step, ...]:
    """In their order."""
    return line(case), _bill(case), _pay(case), _complete(case)


def line(case: Case) -> Step:
    """The place in the line, or what stands in its stead."""
    title = _("Insurance trial")
    if case.trial_state in _IN_LINE:
        closed = gate.why_closed(insurers.of(case.appointment)) if case.trial_state == TrialState.WAITING else None
        wait = None if closed else _wait(case)
        return Step(Key.LINE, title, Status.NOW, _waiting(case, closed), acts=_while_closed(case), wait=wait)
    if case.trial_state == TrialState.REFUSED and case.trial:
        answer = _("The insurer's answer: %(reason)s") % {"reason": case.trial.get("reason", "")}
        return Step(Key.LINE, title, Status.STOPPED, (_("The insurer did not make the bill."), answer))
    if case.trial_state in (TrialState.PRICED, TrialState.ACCEPTED) or case.is_settling:
        return Step(Key.LINE, title, Status.DONE)
    return _to_be_asked_for(case, title)


def _to_be_asked_for(case: Case, title: str) -> Step:
    if not case.told:
        return Step(Key.LINE, title)
    label = _("Make the bill again") if case.keeps_place else _("Ask for the insurance trial")
    ask = Act(label, case.where("trial"), post=True)
    says = [_why_again(case)]
    if case.keeps_place:
        says.append(_("Your place in the line is kept."))
    return Step(Key.LINE, title, Status.NOW, tuple(says), acts=(ask,))


def _why_again(case: Case) -> str:
    if case.settlement is not None:
        return _("The settlement was not carried out.")
    why: dict[str, str] = {
        TrialState.EXPIRED: _("The bill is no longer valid."),
        TrialState.SUPERSEDED: _("Your charges have changed."),
    }
    return why.get(case.trial_state, _("It shows what the insurance pays and what is left to you."))


def _waiting(case: Case, closed: gate.Closed | None) -> tuple[str, ...]:
    assert case.trial is not None
    if case.trial_state == TrialState.FROZEN:
        return (_("This trial is being checked by our staff."),)
    if case.trial_state == TrialState.CALLING:
        return (_("It is your turn: the insurance is making your bill."),)
    place = case.trial
    wait = words.wait(place["eta_low_seconds"], place["eta_high_seconds"])
    says = [
        _("Ahead of you: %(ahead)s") % {"ahead": place["ahead"]} if place["ahead"] else _("You are next."),
        _("Expected wait: %(wait)s") % {"wait": wait},
    ]
    if why := words.LATER.get(place.get("later_because", "")):
        says.append(_("Later than we said before: %(why)s.") % {"why": why})
    if closed:
        says.append(_("The line stands still: %(closed)s. You keep your place.") % {"closed": gate.in_words(closed)})
    return (*says, _("You need not do anything: your place moves up by itself."))


def _wait(case: Case) -> Wait | None:
    """As told now; whose turn it is waits no more."""
    if case.trial is None or case.trial_state != TrialState.WAITING:
        return None
    low, high = case.trial["eta_low_seconds"], case.trial["eta_high_seconds"]
    return Wait(words.wait(low, high), low, high, tuple(str(one) for one in words.PATTERNS))


def _while_closed(case: Case) -> tuple[Act, ...]:
    """Pay now and claim later, where nothing is being settled yet."""
    waits = case.trial_state == TrialState.WAITING and not case.is_settling and not case.scans
    if not waits or not opening.may_claim_later(case.appointment):
        return ()
    label = _("Pay everything now, claim from the insurance later")
    return (Act(label, case.where("settle"), post=True, way=CLAIM_LATER, primary=False),)


def _bill(case: Case) -> Step:
    title = _("Your bill")
    if case.trial_state == TrialState.REFUSED and not case.is_settling:
        total = Amount(_("To pay by yourself"), case.total_fen, total=True)
        says = (_("You may pay everything by yourself, or ask the desk."),)
        return Step(Key.BILL, title, Status.NOW, says, (total,), charges=case.charges, acts=(_self_pay(case),))
    if case.is_settling and case.settlement:
        return Step(Key.BILL, title, Status.DONE, amounts=_split(case.settlement), charges=case.charges)
    if case.trial_state == TrialState.PRICED and case.trial:
        says, until = (_("Look at the amounts and choose how to settle."),), _moment(case.trial["valid_until"])
        return Step(Key.BILL, title, Status.NOW, says, _split(case.trial), until, _ways(case), case.charges)
    return Step(Key.BILL, title)


def _split(told: Told) -> tuple[Amount, ...]:
    """Who pays what; they add up to the total."""
    rows = [
        Amount(_("Total"), told["total_fen"]),
        Amount(_("Paid by the insurance fund"), told["fund_fen"]),
        Amount(_("Paid from your insurance account"), told["account_fen"]),
    ]
    if hospital_fen := told["total_fen"] - told["fund_fen"] - told["account_fen"] - told["cash_fen"]:
        rows.append(Amount(_("Borne by the hospital"), hospital_fen))
    return (*rows, Amount(_("You pay"), told["cash_fen"], total=True))


def _ways(case: Case) -> tuple[Act, ...]:
    asks = _code_asked_for() if case.scans else ""
    insured = Act(_("Settle with insurance"), case.where("settle"), post=True, way=Mode.INSURANCE, asks=asks)
    return insured, _self_pay(case)


def _code_asked_for() -> str:
    return _("The code that your electronic insurance credential shows now")


def _self_pay(case: Case) -> Act:
    label = _("Pay everything by yourself: %(amount)s yuan") % {"amount": yuan(case.total_fen)}
    return Act(label, case.where("settle"), True, Mode.SELF_PAY, primary=case.trial_state == TrialState.REFUSED)


def _pay(case: Case) -> Step:
    title = _("Payment")
    if not case.is_settling or case.settlement is None:
        return Step(Key.PAY, title)
    state = SettlementState(case.settlement["state"])
    says = [str(words.SETTLING[state])]
    if case.given_up and state in _UNPAID:
        return Step(Key.PAY, title, Status.NOW, (_("You have given it up. It is being taken back."),))
    if case.is_complete:
        return Step(Key.PAY, title, Status.DONE, tuple(says))
    if case.hands_in:
        says.append(_("Your code has grown old, or will have by your turn. Give the one that is shown now."))
    payment = case.settlement.get("payment") or {}
    acts, until = _paying(case, payment), _moment(payment.get("expires_at"))
    return Step(Key.PAY, title, Status.NOW, tuple(says), (), until, acts)


def _paying(case: Case, payment: Told) -> tuple[Act, ...]:
    assert case.settlement is not None
    pay = _("Pay %(amount)s yuan") % {"amount": yuan(case.settlement["cash_fen"])}
    acts = [Act(pay, payment["url"], away=True)] if payment.get("url") else []
    if case.hands_in:
        acts.append(Act(_("Give a new code"), case.where("credential"), post=True, asks=_code_asked_for()))
    if case.settlement["state"] in (*_UNPAID, SettlementState.CLAIMING):
        acts.append(Act(_("Give the settlement up"), case.where("give_up"), primary=False))
    return tuple(acts)


def _complete(case: Case) -> Step:
    title = _("Complete")
    if not case.is_complete or case.settlement is None:
        return Step(Key.COMPLETE, title)
    says = [_("Everything is paid and the insurance network has been told.")]
    if refund_fen := (case.settlement.get("claim") or {}).get("refund_fen"):
        says.append(_("Of what you paid, %(refund)s yuan go back to you.") % {"refund": yuan(refund_fen)})
    receipt = Act(_("Receipt to print"), case.where("receipt"))
    return Step(Key.COMPLETE, title, Status.DONE, tuple(says), acts=(receipt,))


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
