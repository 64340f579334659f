"""The standing line: patients who are filed and told in bulk, and join by the same door as everybody."""

from collections import deque

from django.utils import timezone

from hospital.appointments.models import amount_fen
from hospital.models import Appointment, Charge, PriceItem
from insurance.settlement.models import Mode
from insurance.settlement.opening import open_settlement
from insurance.states import TrialState
from insurance.trial import admission
from insurance.trial.models import Trial
from tests.races import crowd


def place(trial: Trial) -> int:
    """Where a trial stands: who has the smaller one is in front."""
    assert trial.number is not None
    return trial.number


class Line:
    """Who has joined, at which place, and who is still to come. The places are those given at the entrance: whatever
    becomes of a trial later, its patient is owed this one."""

    def __init__(self, size: int) -> None:
        self.to_come = deque(told(size))
        self.size = size
        self.places: dict[int, int] = {}
        """By appointment."""
        self.accepted = 0

    def let_in_until(self, share: float) -> None:
        """So large a part of the crowd has joined."""
        while self.to_come and len(self.places) < share * self.size:
            appointment = self.to_come.popleft()
            self.places[appointment.pk] = place(admission.enter(appointment))

    def settle_until(self, most: int) -> None:
        """So many have accepted their trial and wait to be settled, as far as there are any with a price.

        Those who were interrupted go first: what that has left behind may show only now.
        """
        priced = Trial.objects.filter(state=TrialState.PRICED).order_by("-attempt", "pk")
        trial = priced.first() if self.accepted < most else None
        if trial is not None:
            open_settlement(trial, Mode.INSURANCE)
            self.accepted += 1


def told(count: int) -> list[Appointment]:
    """Patients who are filed and told, each with the fee lines of the price list."""
    appointments = crowd.told(count)
    items, now = list(PriceItem.objects.order_by("pk")), timezone.now()
    Charge.objects.bulk_create(_charge(appointment, item, now) for appointment in appointments for item in items)
    return appointments


def _charge(appointment: Appointment, item: PriceItem, now: timezone.datetime) -> Charge:
    return Charge(
        appointment=appointment,
        med_list_codg=item.med_list_codg,
        medins_list_codg=item.medins_list_codg,
        name=item.name,
        quantity=item.quantity,
        unit_price=item.unit_price,
        amount_fen=amount_fen(item.unit_price, item.quantity),
        occurred_at=now,
    )
