"""One run: patients settle and pay while everything goes wrong; then a calm, and the three books are compared."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Exists, OuterRef
from django.test import override_settings

from hospital.errors import Conflict, HeldBack
from hospital.models import Appointment
from insurance.models import Refund, Settlement, Trial
from insurance.quota.models import Quota
from insurance.settlement import giving_up
from insurance.settlement.opening import open_settlement
from insurance.states import RefundState, SettlementState, TrialState
from insurance.trial import admission
from tasks import queues
from tests import books
from tests.chaos import crew, line, own_servers, storm
from tests.chaos.crew import Crew
from tests.chaos.own_servers import Servers
from tests.chaos.storm import Ill, Storm, Way
from tests.simulators import SECRET, Simulator, free_port, running

Say = Callable[[str], None]
ENDED = (SettlementState.COMPLETED, SettlementState.REVERSED, SettlementState.REFUSED)
WITHOUT_A_BILL = (TrialState.REFUSED, TrialState.FROZEN, TrialState.CANCELLED)
WAITING_AT_MOST = 4
"""So many times n may wait in the line at once: the others have not come yet."""

AT_ONCE = 100
"""So many come, or accept their bill, in a tick: the others must not wait for them."""

TICK_SECONDS = 0.3
THE_DATABASE_IS_AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Found:
    """What a run has shown; `wrong` must be empty."""

    wrong: dict[str, object]
    ends: Counter[str]
    ills: Counter[str]
    revived: Counter[str]
    by_two_messages: int


@dataclass
class Settling:
    """What is going on."""

    storm: Storm
    servers: Servers
    crew: Crew
    insurer: Simulator
    payments: Simulator
    say: Say
    to_come: deque[Appointment]
    numbers: dict[int, int] = field(default_factory=dict)
    """Of the patients, by appointment."""
    asked: set[int] = field(default_factory=set)
    """Settlements whose patient has done what there was to do."""
    ills: Counter[str] = field(default_factory=Counter)
    calm: bool = False
    revived: Counter[str] = field(default_factory=Counter)
    """Who ended by himself, and was started again."""
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.storm.seed)

    def under_fire(self, enough: Callable[[], bool]) -> None:
        """Until nearly everybody has settled, or the storm is over."""
        ills, began = self.storm.ills(), time.monotonic()
        next_at = began + self.storm.every_seconds
        while time.monotonic() - began < self.storm.seconds and not self._is_over(left=self.storm.patients // 10):
            if enough():
                return
            if time.monotonic() >= next_at:
                self._befalls(next(ills))
                next_at = time.monotonic() + self.storm.every_seconds
            self._meanwhile()

    def until_done(self) -> None:
        """Nothing goes wrong any more, except for those who pay too late."""
        self.calm = True
        self.insurer.faults()
        self.payments.faults(storm.LATE_MONEY)
        give_up_at = time.monotonic() + self.storm.calm_seconds
        while time.monotonic() < give_up_at and not self._is_over(left=0):
            self._meanwhile()

    # --- patients ----------------------------------------------------------------------------------

    def _meanwhile(self) -> None:
        time.sleep(TICK_SECONDS)
        self.revived.update(self.crew.revive())
        try:
            self._come()
            self._accept()
            for settlement in self._to_be_done():
                self._act(settlement)
        except THE_DATABASE_IS_AWAY:
            connection.close()

    def _come(self) -> None:
        waiting = Trial.objects.filter(state__in=[TrialState.WAITING, TrialState.CALLING]).count()
        room = WAITING_AT_MOST * self.storm.n - waiting
        for _ in range(min(room, AT_ONCE, len(self.to_come))):
            appointment = self.to_come[0]
            self.numbers.setdefault(appointment.pk, len(self.numbers))
            with suppress(HeldBack):
                admission.enter(appointment)
                self.to_come.popleft()

    def _accept(self) -> None:
        settling = Settlement.objects.filter(appointment=OuterRef("appointment"))
        for trial in Trial.objects.filter(~Exists(settling), state=TrialState.PRICED).order_by("pk")[:AT_ONCE]:
            insured = self.storm.by_insurance(self.numbers[trial.appointment_id])
            with suppress(Conflict):
                open_settlement(trial, "insurance" if insured else "self_pay")

    def _to_be_done(self) -> Iterator[Settlement]:
        states = (SettlementState.PAYING, *((SettlementState.REVERSED,) if self.calm else ()))
        for settlement in Settlement.objects.filter(state__in=states).select_related("payment"):
            if settlement.pk not in self.asked:
                yield settlement

    def _act(self, settlement: Settlement) -> None:
        match self.storm.way(self.numbers[settlement.appointment_id]), settlement.state:
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
                httpx.post(settlement.payment.pay_url, trust_env=False)
                self.asked.add(settlement.pk)

    def _is_over(self, left: int) -> bool:
        """Whether at most so many have not come to an end."""
        try:
            ended = Settlement.objects.filter(state__in=ENDED, wanted=True).count()
            ended += Settlement.objects.filter(state__in=ENDED, wanted=False).count()
            without = Trial.objects.filter(state__in=WITHOUT_A_BILL, settlements=None).count()
            owed = Refund.objects.filter(state=RefundState.DUE).count()
            late = self._late_to_come() if self.calm else 0
            return self.storm.patients - ended - without + owed + late <= left
        except THE_DATABASE_IS_AWAY:
            connection.close()
            return False

    def _late_to_come(self) -> int:
        """Whose money has still to come after the end, or has come and not yet gone back."""
        reversed_ = Settlement.objects.filter(state=SettlementState.REVERSED)
        in_vain = reversed_.filter(payment__state__in=["expired", "cancelled"])
        late = [one for one in in_vain if self.storm.way(self.numbers[one.appointment_id]) is Way.LATE]
        return len(late) + reversed_.filter(payment__state="paid").count()

    # --- ills ----------------------------------------------------------------------------------------

    def _befalls(self, ill: Ill) -> None:
        self.ills[ill] += 1
        self.say(f"{sum(self.ills.values()):4}. {ill}; {self._told()}")
        try:
            self._does(ill)
        except THE_DATABASE_IS_AWAY:
            connection.close()

    def _told(self) -> str:
        with suppress(*THE_DATABASE_IS_AWAY):
            return str(dict(Counter(Settlement.objects.values_list("state", flat=True))))
        return ""

    def _does(self, ill: Ill) -> None:
        """What wears off, does so before this returns or by itself."""
        match ill:
            case Ill.KILL:
                self._kill(self.chance.choice((*self.storm.crew, *self.storm.crew, "general", "beat")))
            case Ill.KILL_ALL:
                self._kill(*self.storm.crew, "general", "beat")
            case Ill.WIPE:
                self.servers.wipe_the_broker()
            case Ill.FULL:
                self.servers.fill_the_broker()
            case Ill.POISON:
                for queue in (*queues.GENERAL_QUEUES, *queues.INSURANCE_QUEUES):
                    self.servers.poison(f"{self.crew.prefix}{queue}")
            case Ill.BEATS:
                if "beat2" not in self.crew.processes.running:
                    self.crew.start("beat2")
            case Ill.DOWN:
                self.insurer.faults({"kind": "down", "seconds": storm.DOWN_SECONDS}, *self.storm.insurer)
            case Ill.THROTTLE:
                self.insurer.faults({**storm.THROTTLE, "times": self.storm.n}, *self.storm.insurer)
            case Ill.DATABASE:
                self.servers.crash_the_database()
                connection.close()

    def _kill(self, *names: str) -> None:
        """Those of them who have begun to work: else, on a slow machine, nobody ever would."""
        self.crew.kill(*(name for name in names if self.crew.is_ready(name)))


def say_at_once(told: str) -> None:
    """On the terminal, or into a file that somebody follows."""
    print(told, flush=True)


def run(
    plan: Storm,
    home: Path,
    *,
    say: Say = say_at_once,
    runner: str = crew.ORDINARY,
    enough: Callable[[Simulator], bool] = lambda insurer: False,
) -> Found:
    """Run the storm on servers of its own. `home`: where the processes write. Ends early when the insurer has seen
    `enough`."""
    say(f"CHAOS_SEED={plan.seed} PATIENTS={plan.patients}")
    counting = ("--per-minute", str(plan.n), "--window-seconds", str(plan.pace.window_seconds))
    with (
        override_settings(**configured(plan)),
        own_servers.running() as servers,
        running("insurer", *counting) as insurer,
        running("payments", "--secret", SECRET) as payments,
    ):
        insurer.faults(*plan.insurer, seed=plan.seed)
        payments.faults(*storm.PAYMENTS, seed=plan.seed)
        people = deque(line.told(plan.patients))
        told = _environment(plan, insurer, payments)
        with crew.at_work(plan, home, servers.broker_url, told, runner, also=("web",)) as at_work:
            going_on = Settling(plan, servers, at_work, insurer, payments, say, people)
            going_on.under_fire(lambda: enough(insurer))
            if not enough(insurer):
                going_on.until_done()
        return _judged(going_on)


def configured(plan: Storm) -> dict[str, int]:
    """As in a hospital of that n, here too: whoever comes first makes the permits. However long it lasts, no price
    expires; who does not pay soon, does not pay."""
    return {
        "INSURANCE_TRIAL_PER_MINUTE": plan.n,
        "INSURANCE_SETTLEMENT_PER_MINUTE": plan.n,
        "FILING_BATCH_SIZE": 2 * plan.n,
        "TRIAL_LINE_MINUTES": 24 * 60,
        "TRIAL_VALID_SECONDS": 24 * 3600,
        "PAYMENT_EXPIRES_SECONDS": plan.pays_within_seconds,
    }


def _environment(plan: Storm, insurer: Simulator, payments: Simulator) -> dict[str, str]:
    port = free_port()
    return {
        **{name: str(value) for name, value in configured(plan).items()},
        "INSURANCE_URL": insurer.url,
        "PAYMENT_URL": payments.url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_WORKERS": "1",
    }


def wrong(insurer: Simulator, payments: Simulator, n: int) -> dict[str, Any]:
    """What should be nought when everybody has come to an end, and is not."""
    theirs, seen = insurer.ledger(), insurer.stats()["metered"]
    open_ones = Settlement.objects.exclude(state__in=ENDED).values_list("pk", "state", "last_error")
    found = {
        "over_limit": sum(each["over_limit"] for name, each in seen.items() if name != "all"),
        "double": theirs["double"],
        "settled_by_two_messages": books.settled_by_two_messages(theirs),
        "not_ended": list(open_ones),
        "refunds": list(Refund.objects.exclude(state=RefundState.DONE).values_list("refund_no", "state")),
        "other_n": list(Quota.objects.exclude(per_minute=n).values_list("name", "per_minute")),
        **books.differences(theirs, payments.ledger()),
    }
    return {name: value for name, value in found.items() if value}


def _judged(going_on: Settling) -> Found:
    found = wrong(going_on.insurer, going_on.payments, going_on.storm.n)
    if going_on.to_come:
        found["not_come"] = len(going_on.to_come)
    ends = Counter(Settlement.objects.values_list("state", flat=True))
    return Found(found, ends, going_on.ills, going_on.revived, len(found.get("settled_by_two_messages", ())))
