"""A whole story, for tests that open every page. Both simulators must be there."""

from datetime import time, timedelta

from django.utils import timezone

from hospital import changes, tuning
from hospital.erasure import decisions as erasing
from hospital.models import Holiday, WeeklyPlan
from insurance.desk import decisions
from insurance.desk.actions import Action
from insurance.models import ClockStep, LineDay, Settlement
from insurance.quota import days, insurers
from insurance.reconciliation import reconcile
from tests.integration import brought, doing


def one_of_each() -> Settlement:
    """A whole story, so that every table has a row."""
    tuning.change("FILING_BATCH_SIZE", 300, who=None, why="")
    tonight = timezone.now() + timedelta(hours=6)
    insurers.plan_window(insurers.default(), tonight, tonight + timedelta(hours=1), who=None, why="")
    ClockStep.objects.create(seconds=0.5, seen_by="a host")
    LineDay.objects.create(
        day=timezone.localdate(), turns=60, median_wait_seconds=90, median_error=0.02, p90_error=0.05
    )
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    decided = brought.manual_from_confirming()
    decisions.propose(brought.seen(decided), Action.UNDO, who=brought.somebody("clerk"), why="because")
    erasing.propose(decided.appointment.patient, who=brought.somebody("registrar"), why="because")
    Holiday.objects.create(day=timezone.localdate(), name="New Year")
    plan = {"begins": time(8), "ends": time(12), "from_day": timezone.localdate(), "until_day": timezone.localdate()}
    session = settlement.appointment.session
    WeeklyPlan.objects.create(doctor=session.doctor, price_list=session.price_list, weekday=1, seats=9, **plan)
    days.remember_lately()
    changes.record("archive 1", changes.PERSONAL_DATA, "masked", "shown", who="somebody", why="because")
    doing.pay(settlement)
    assert reconcile.run(timezone.localdate()).differences.exists(), "paid there, and not heard of"
    return settlement
