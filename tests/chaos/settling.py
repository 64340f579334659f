"""One run: patients settle and pay while everything goes wrong; then a calm, and the three books are compared."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import override_settings

from insurance.models import Refund, Settlement, Trial
from insurance.quota.models import Quota
from insurance.states import RefundState, SettlementState, TrialState
from tasks import queues
from tests import books
from tests.chaos import crew, line, own_servers, storm
from tests.chaos.crew import Crew
from tests.chaos.own_servers import Servers
from tests.chaos.patients import THE_DATABASE_IS_AWAY, Patients
from tests.chaos.storm import Ill, Storm
from tests.simulators import SECRET, Simulator, free_port, running

Say = Callable[[str], None]
ENDED = (SettlementState.COMPLETED, SettlementState.REVERSED, SettlementState.REFUSED)
WITHOUT_A_BILL = (TrialState.REFUSED, TrialState.FROZEN, TrialState.CANCELLED)
TICK_SECONDS = 0.3


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
    patients: Patients
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

    def _meanwhile(self) -> None:
        time.sleep(TICK_SECONDS)
        self.revived.update(self.crew.revive())
        try:
            self.patients.act(calm=self.calm)
        except THE_DATABASE_IS_AWAY:
            connection.close()

    def _is_over(self, left: int) -> bool:
        """Whether at most so many have not come to an end."""
        try:
            ended = Settlement.objects.filter(state__in=ENDED, wanted=True).count()
            ended += Settlement.objects.filter(state__in=ENDED, wanted=False).count()
            without = Trial.objects.filter(state__in=WITHOUT_A_BILL, settlements=None).count()
            owed = Refund.objects.filter(state=RefundState.DUE).count()
            late = self.patients.late_to_come() if self.calm else 0
            return self.storm.patients - ended - without + owed + late <= left
        except THE_DATABASE_IS_AWAY:
            connection.close()
            return False

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
                self.insurer.faults(storm.THROTTLE, *self.storm.insurer)
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
        told = _environment(plan, insurer, payments)
        with (
            Patients(plan, {who.pk: who for who in line.told(plan.patients)}) as people,
            crew.at_work(plan, home, servers.broker_url, told, runner, also=("web",)) as at_work,
        ):
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
    if going_on.patients.to_come:
        found["not_come"] = len(going_on.patients.to_come)
    ends = Counter(Settlement.objects.values_list("state", flat=True))
    return Found(found, ends, going_on.ills, going_on.revived, len(found.get("settled_by_two_messages", ())))
