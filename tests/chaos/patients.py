"""What patients do while everything goes wrong, many at the same time: come, accept their bill, pay, give up."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self, TypeVar

import httpx
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Exists, OuterRef

from hospital.errors import Conflict, HeldBack
from hospital.models import Appointment
from insurance.models import Settlement, Trial
from insurance.settlement import giving_up
from insurance.settlement.opening import open_settlement
from insurance.states import SettlementState, TrialState
from insurance.trial import admission
from tests.chaos.storm import Storm, Way

WAITING_AT_MOST = 4
"""So many times n may wait in the line at once: the others have not come yet."""

AT_ONCE = 100
"""So many come, or accept their bill, in a tick: the others must not wait for them."""

HANDS = 8
"""So many do something at the same time."""

THE_DATABASE_IS_AWAY = (OperationalError, InterfaceError)
T = TypeVar("T")


@dataclass
class Patients:
    """Everybody, in the order in which they come."""

    storm: Storm
    to_come: dict[int, Appointment]
    """By number of the appointment."""
    numbers: dict[int, int] = field(init=False)
    """The patient's number, by appointment."""
    asked: set[int] = field(default_factory=set)
    """Settlements whose patient has done what there was to do."""
    hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(HANDS))
    browser: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def __post_init__(self) -> None:
        self.numbers = {pk: number for number, pk in enumerate(self.to_come)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hands.shutdown()
        self.browser.close()

    def act(self, *, calm: bool) -> None:
        """Whoever has something to do, does it. When all is calm, so do those who pay too late."""
        self._each(self._come, self._coming())
        self._each(self._accept, self._priced())
        self._each(self._settle, self._to_be_done((SettlementState.REVERSED,) if calm else ()))

    def late_to_come(self) -> int:
        """Whose money has still to come after the end, or has come and not yet gone back."""
        reversed_ = Settlement.objects.filter(state=SettlementState.REVERSED)
        in_vain = reversed_.filter(payment__state__in=["expired", "cancelled"])
        late = [one for one in in_vain if self._way(one) is Way.LATE]
        return len(late) + reversed_.filter(payment__state="paid").count()

    def _each(self, act: Callable[[T], None], of: Iterable[T]) -> None:
        """Who finds no database tries again in the next tick."""

        def alone(one: T) -> None:
            try:
                act(one)
            except THE_DATABASE_IS_AWAY:
                connection.close()

        list(self.hands.map(alone, list(of)))

    def _coming(self) -> list[Appointment]:
        waiting = Trial.objects.filter(state__in=[TrialState.WAITING, TrialState.CALLING]).count()
        room = max(WAITING_AT_MOST * self.storm.n - waiting, 0)
        return list(self.to_come.values())[: min(room, AT_ONCE)]

    def _come(self, appointment: Appointment) -> None:
        with suppress(HeldBack):
            admission.enter(appointment)
            del self.to_come[appointment.pk]

    def _priced(self) -> Iterable[Trial]:
        settling = Settlement.objects.filter(appointment=OuterRef("appointment"))
        return Trial.objects.filter(~Exists(settling), state=TrialState.PRICED).order_by("pk")[:AT_ONCE]

    def _accept(self, trial: Trial) -> None:
        insured = self.storm.by_insurance(self.numbers[trial.appointment_id])
        with suppress(Conflict):
            open_settlement(trial, "insurance" if insured else "self_pay")

    def _to_be_done(self, also: Iterable[SettlementState]) -> list[Settlement]:
        waiting = Settlement.objects.filter(state__in=(SettlementState.PAYING, *also)).select_related("payment")
        return [settlement for settlement in waiting if settlement.pk not in self.asked]

    def _settle(self, settlement: Settlement) -> None:
        match self._way(settlement), settlement.state:
            case Way.PAYS, SettlementState.PAYING:
                self._pay(settlement)
            case Way.LATE, SettlementState.REVERSED:
                self._pay(settlement)
            case Way.GIVES_UP, SettlementState.PAYING:
                with suppress(Conflict):
                    giving_up.give_up(settlement)
                self.asked.add(settlement.pk)

    def _pay(self, settlement: Settlement) -> None:
        if settlement.payment is not None and settlement.payment.pay_url:
            with suppress(httpx.HTTPError):
                self.browser.post(settlement.payment.pay_url)
                self.asked.add(settlement.pk)

    def _way(self, settlement: Settlement) -> Way:
        return self.storm.way(self.numbers[settlement.appointment_id])
