"""The proof of each day, kept: what is found stays when the calls themselves are cleared away some day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from insurance.calls.models import InterfaceCall
from insurance.quota import proof
from insurance.quota.models import Quota
from insurance.quota.proof import LOOK_BACK, Worst

EVERY_SECONDS = 300
"""How often the day that is not over is measured anew."""

MOST_AT_ONCE = 10
"""Days measured in one go: where many were not, the tick must not take too long."""


class ProofDay(models.Model):
    """What the recorded calls of a quota showed on a local day. By `per_minute` the worst 60 s are measured."""

    quota = models.ForeignKey(Quota, models.CASCADE, related_name="proofs", verbose_name=_("quota"))
    day = models.DateField(_("day"))
    per_minute = models.PositiveIntegerField(_("calls a minute (n)"), null=True)
    calls = models.PositiveIntegerField(_("calls"))
    worst = models.PositiveIntegerField(_("worst 60 s"))
    worst_ended_at = models.DateTimeField(_("which ended at"))
    over = models.PositiveIntegerField(_("over n"))
    worst_possible = models.PositiveIntegerField(_("at the receiver at most"))
    over_possible = models.PositiveIntegerField(_("possibly over n"))
    permits_used = models.PositiveIntegerField(_("permits used"))
    shortest_gap_seconds = models.FloatField(_("shortest rest of a permit (seconds)"), null=True)
    made_at = models.DateTimeField(_("measured at"), db_default=Now())

    class Meta:
        app_label = "insurance"
        verbose_name = _("proof of the limit")
        verbose_name_plural = _("proof of the limit")
        ordering = ("-day", "quota")
        constraints = [models.UniqueConstraint(fields=["quota", "day"], name="one_proof_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.worst} / {self.per_minute}"


def remember(day: date) -> int:
    """Measure a day and keep what is found; asked again, measured anew. How many quotas had calls on it."""
    with transaction.atomic():
        return sum(_remember(quota, day) for quota in Quota.objects.select_related("insurer"))


def remember_lately() -> int:
    """The tick: every day with calls that was not measured yet after it was over, and today so far."""
    if ProofDay.objects.filter(made_at__gt=Now() - timedelta(seconds=EVERY_SECONDS)).exists():
        return 0
    measured = (remember(day) for day in _unfinished())
    return sum(islice(filter(None, measured), MOST_AT_ONCE))


def is_over(day: date) -> bool:
    """Whether nothing of the day is open any more: also its last calls are answered, or can no longer arrive."""
    return timezone.now() >= proof.bounds(day)[1] + LOOK_BACK


def of(worst: Worst) -> dict[str, object]:
    """The same in the fields of a ProofDay."""
    same = ("calls", "worst", "over", "worst_possible", "over_possible", "permits_used", "shortest_gap_seconds")
    found = {name: getattr(worst, name) for name in same}
    return {**found, "per_minute": worst.in_force, "worst_ended_at": worst.ended_at}


def _remember(quota: Quota, day: date) -> bool:
    worst = proof.worst_of(quota, *proof.bounds(day))
    if worst.calls:
        ProofDay.objects.update_or_create(quota=quota, day=day, defaults={**of(worst), "made_at": Now()})
    return bool(worst.calls)


def _unfinished() -> Iterator[date]:
    """Oldest first. Days on which nothing was sent are passed over."""
    after = _finished_until()
    while sent_at := _first_call(after):
        day = timezone.localdate(sent_at, timezone.get_default_timezone())
        yield day
        after = proof.bounds(day)[1]


def _finished_until() -> datetime | None:
    """The end of the last day that was measured after it was over."""
    for proved in ProofDay.objects.order_by("-day", "made_at"):
        end = proof.bounds(proved.day)[1]
        if proved.made_at >= end + LOOK_BACK:
            return end
    return None


def _first_call(after: datetime | None) -> datetime | None:
    calls = InterfaceCall.objects.filter(permit_id__isnull=False)
    if after:
        calls = calls.filter(sent_at__gte=after)
    return calls.order_by("sent_at").values_list("sent_at", flat=True).first()
