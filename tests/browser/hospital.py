"""What the workers do, step by step: real rows, a real insurer, real payments; only the waiting is the test's."""

from io import StringIO

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page

from hospital.archives import filing
from hospital.models import Session
from hospital.notices import delivery
from insurance.models import Settlement
from insurance.settlement import collecting, steps
from insurance.states import SettlementState
from insurance.trial import turns
from tests.races.together import wait_until
from tests.simulators import Simulator


class Hospital:
    """A hospital that takes a step when it is told to. `url`: where its pages are."""

    def __init__(self, url: str, insurer: Simulator, payments: Simulator) -> None:
        self.url, self.insurer, self.payments = url, insurer, payments

    def opens(self, seats: int = 30) -> Session:
        """Departments, staff and today's sessions with free seats; the first of them."""
        call_command("seed_demo", seats=seats, stdout=StringIO())
        return Session.objects.select_related("doctor__department").order_by("pk")[0]

    def lets_in(self, page: Page, user: User) -> None:
        """Signed in already, as with a password some time ago."""
        client = Client()
        client.force_login(user)
        cookie = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.url}])

    def files(self) -> None:
        """Step 3: everybody in the filing queue."""
        filing.file_batch(10_000)

    def tells(self) -> None:
        """Step 4: everybody who was filed."""
        delivery.send_due(10_000)

    def makes_the_bill(self) -> None:
        """Step 5: the trial of whoever is first in the line."""
        assert turns.take_one(), "nobody's turn"

    def settles(self) -> None:
        """Step 6: at the insurer, and the payment is asked for."""
        if steps.settle_one():
            collecting.collect_due()

    def collects(self) -> None:
        """Step 6: the callback has come, and the insurance network is told."""
        wait_until(self._told_of_all)

    def _told_of_all(self) -> bool:
        collecting.collect_due()
        if Settlement.objects.filter(state__in=[SettlementState.PAID, SettlementState.CONFIRMING]).exists():
            steps.recover_one()
        return not Settlement.objects.exclude(state=SettlementState.COMPLETED).exists()
