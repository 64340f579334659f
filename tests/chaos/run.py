"""One run: fill the line, let the processes work under fire, wait for those who were interrupted, and judge."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import override_settings

from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from insurance.settlement.models import Settlement
from insurance.states import SettlementState, TrialState
from insurance.trial.models import Trial
from tests.chaos import crew, evidence
from tests.chaos.checks import Findings, judge
from tests.chaos.crew import Crew
from tests.chaos.line import Line
from tests.chaos.plan import ANSWERS, Event, Fault, Pace, Plan, schedule
from tests.simulators import SECRET, Simulator, running

Say = Callable[[str], None]
Enough = Callable[[Simulator], bool]
"""Whether the insurer has seen what the run was to show; asked all the time."""

NOT_KNOWN_YET = (
    SettlementState.WAITING,
    SettlementState.CALLING,
    SettlementState.UNKNOWN,
    SettlementState.REVERSING,
    SettlementState.CONFIRMING,
)
"""Settlements of which we shall know more when their turns have come."""

IN_LINE_BEFORE = 0.5
"""So large a part of the crowd stands in the line at the beginning; the rest comes while the faults last."""


@dataclass
class Run:
    """What is going on."""

    plan: Plan
    line: Line
    crew: Crew
    insurer: Simulator
    say: Say
    enough: Enough
    resized: list[tuple[float, int]] = field(default_factory=list)
    calm_at: float = math.inf
    front: int = 0
    """The last place that was seen claimed when the calm had come."""

    def under_fire(self) -> None:
        """Carry out the schedule. Meanwhile people join, and accept their bills.

        A fault that took long (who is killed must have been ready) puts off those after it.
        """
        began = time.monotonic()
        for event in schedule(self.plan):
            while (passed := time.monotonic() - began) < event.at:
                if self.enough(self.insurer):
                    return
                self._meanwhile(min(passed / self.plan.seconds, 1.0))
                time.sleep(min(0.1, event.at - passed))
            self.say(f"{event.at:6.1f} s  {event.fault} {' '.join(event.names)}{event.n or ''}")
            self._carry_out(event)
            began = max(began, time.monotonic() - event.at)

    def until_done(self) -> None:
        """Wait until everybody has a price who stood in front of the last one claimed, or patience is at its end."""
        claimed = Trial.objects.filter(attempt__gt=0).values_list("appointment", flat=True)
        self.front = max((self.line.places[appointment] for appointment in claimed), default=0)
        give_up_at = time.monotonic() + self.plan.calm_seconds
        while time.monotonic() < give_up_at and self._goes_on():
            self.crew.processes.check()
            time.sleep(0.2)

    def _goes_on(self) -> bool:
        waiting = Trial.objects.filter(state__in=[TrialState.WAITING, TrialState.CALLING])
        settling = Settlement.objects.filter(state__in=NOT_KNOWN_YET)
        return any(self.line.places[trial.appointment_id] <= self.front for trial in waiting) or settling.exists()

    def _meanwhile(self, share: float) -> None:
        self.crew.processes.check()
        self.line.let_in_until(IN_LINE_BEFORE + (1 - IN_LINE_BEFORE) * share)
        self.line.settle_until(round(share * self.plan.settlements))

    def _carry_out(self, event: Event) -> None:
        match event.fault:
            case Fault.KILL:
                self.crew.kill(*event.names)
            case Fault.FREEZE:
                self.crew.freeze(*event.names)
            case Fault.THAW:
                self.crew.thaw(*event.names)
            case Fault.RESIZE:
                self._resize(event.n)
            case Fault.CALM:
                self.calm_at = time.time()

    def _resize(self, n: int) -> None:
        quota = permits.quota_of(Lane.TRIAL)
        if quota is not None:
            limits.set_limit(quota, n)
            self.resized.append((time.time(), n))


def run(
    plan: Plan,
    home: Path,
    broker_url: str,
    *,
    say: Say = print,
    runner: str = crew.ORDINARY,
    enough: Enough = lambda insurer: False,
) -> Findings:
    """Run the plan on an empty database and an empty broker. `home`: where the processes write."""
    say(f"seed {plan.seed}")
    counting = ("--per-minute", str(plan.n), "--window-seconds", str(plan.pace.window_seconds))
    configured = _configured(plan)
    with (
        _at_pace(plan.pace),
        override_settings(**configured),
        running("insurer", *counting) as insurer,
        running("payments", "--secret", SECRET) as payments,
    ):
        insurer.faults(*ANSWERS, seed=plan.seed)
        line = Line(plan.patients)
        line.let_in_until(IN_LINE_BEFORE)
        told = {**_as_variables(configured), "INSURANCE_URL": insurer.url, "PAYMENT_URL": payments.url}
        with crew.at_work(plan, home, broker_url, told, runner) as at_work:
            going_on = Run(plan, line, at_work, insurer, say, enough)
            going_on.under_fire()
            going_on.until_done()
        found = evidence.collect(insurer, line.places, going_on.resized, at_work.deaths)
        findings = judge(found, plan, going_on.calm_at, going_on.front)
        for story in findings.concerned(found):
            say(f"  {story}")
        return findings


@contextmanager
def _at_pace(pace: Pace) -> Iterator[None]:
    """The window in this process too, where n is changed and people join."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permits, "WINDOW_SECONDS", pace.window_seconds)
        patch.setattr(permits, "MARGIN_SECONDS", permits.MARGIN_SECONDS * pace.window_seconds / 60)
        patch.setattr(permits, "LATE_SECONDS", pace.late_seconds)
        yield


def _configured(plan: Plan) -> dict[str, int]:
    """As in a hospital of that n; and however long it lasts, the line is not full, no price and no payment expires."""
    return {
        "INSURANCE_TRIAL_PER_MINUTE": plan.n,
        "INSURANCE_SETTLEMENT_PER_MINUTE": plan.n,
        "FILING_BATCH_SIZE": 2 * plan.n,
        "TRIAL_LINE_MINUTES": 24 * 60,
        "TRIAL_VALID_SECONDS": 24 * 3600,
        "PAYMENT_EXPIRES_SECONDS": 24 * 3600,
    }


def _as_variables(configured: Mapping[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in configured.items()}
