"""Whatever is taken, answered, lost, made more or fewer: no permit returns early and no window holds more than n."""

import random
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F

from insurance.models import Permit, Quota
from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from insurance.quota.permits import Held

WINDOW = permits.WINDOW_SECONDS
TURN = 20.0
SLACK = 0.01


@pytest.fixture(autouse=True)
def _three_a_minute(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 3


@dataclass
class World:
    """The permits and a clock that can be put forward; `busy_until` is when a permit may be free at the earliest."""

    quota: Quota
    n: int = 3
    ahead: float = 0.0
    held: list[Held] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    busy_until: dict[int, float] = field(default_factory=dict)

    def now(self) -> float:
        return time.monotonic() + self.ahead

    def take(self) -> None:
        before = self.now()
        held = permits.take(Lane.TRIAL, turn_seconds=TURN)
        if held is None:
            return
        assert held.permit_id is not None
        held.arrives_until = time.monotonic()
        assert self.now() >= self.busy_until.get(held.permit_id, 0.0) - SLACK, "a permit returned early"
        self.busy_until[held.permit_id] = before + TURN + WINDOW
        self.held.append(held)
        self.sent.append(self.now())
        recent = [moment for moment in self.sent if moment > self.now() - WINDOW]
        assert len(recent) <= self.n, f"{len(recent)} in a window with n = {self.n}"

    def answer(self, draw: random.Random) -> None:
        if self.held:
            held = self.held.pop(draw.randrange(len(self.held)))
            permits.free(held)
            if self.busy_until[held.permit_id or 0] > self.now() + WINDOW:
                self.busy_until[held.permit_id or 0] = self.now() + WINDOW - SLACK

    def lose(self, draw: random.Random) -> None:
        if self.held:
            self.held.pop(draw.randrange(len(self.held)))

    def pass_by(self, seconds: float) -> None:
        Permit.objects.update(free_at=F("free_at") - timedelta(seconds=seconds))
        self.ahead += seconds
        self.held = [held for held in self.held if self.busy_until[held.permit_id or 0] > self.now()]

    def resize(self, n: int) -> None:
        limits.set_limit(self.quota, n)
        self.n = n
        there = self.quota.permits.filter(retired=False)
        assert there.count() == max(n, there.filter(held=True).count()), "one in somebody's hand stays until it is back"


def world() -> World:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return World(found)


@pytest.mark.parametrize("seed", range(25))
def test_no_permit_returns_early_whatever_happens(seed: int) -> None:
    draw, here = random.Random(seed), world()
    for _ in range(60):
        match draw.choices(("take", "answer", "lose", "pass", "resize"), (8, 4, 1, 3, 2))[0]:
            case "take":
                here.take()
            case "answer":
                here.answer(draw)
            case "lose":
                here.lose(draw)
            case "pass":
                here.pass_by(draw.choice((1, 10, 30, 60, 85)))
            case "resize":
                here.resize(draw.randrange(6))
    assert here.sent


def test_lowering_keeps_the_permits_that_were_used_last() -> None:
    here = world()
    here.take()
    here.resize(1)
    here.take()
    assert len(here.sent) == 1


def test_a_pause_forgets_nothing() -> None:
    here = world()
    here.take()
    here.resize(0)
    here.resize(1)
    here.take()
    assert len(here.sent) == 1, "one was sent within the last minute, and n is 1"


def test_raising_brings_back_the_old_before_it_makes_new_ones() -> None:
    here = world()
    for _ in range(3):
        here.take()
    for n in (1, 3, 0, 3):
        here.resize(n)
    here.take()
    assert (len(here.sent), here.quota.permits.count()) == (3, 3)
    here.resize(5)
    here.take()
    here.take()
    here.take()
    assert (len(here.sent), here.quota.permits.count()) == (5, 5)
