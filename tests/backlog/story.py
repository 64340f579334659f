"""One patient through everything, over HTTP and by the ticks, and the staff who look on. Simulators must be running."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from hospital.archives import filing
from hospital.models import Appointment, Session
from hospital.notices import delivery
from insurance import upkeep
from insurance.models import PaymentOrder, ProofDay, Quota, Settlement, Trial
from insurance.quota import turns as quota_turns
from insurance.settlement import collecting, steps
from insurance.trial import turns
from operations.doctor import rounds
from operations.metrics import page as metrics
from tests import factories
from tests.backlog.rows import GROWING
from tests.backlog.statements import Statements
from tests.integration import doing
from tests.integration.doing import API

PASSWORD = "correct horse battery"
WHY = {"urgent": True, "why": "a stroke"}

LISTED = {*GROWING, ProofDay, Session} - {OutstandingToken, BlacklistedToken}
"""No role may see the tokens."""

_numbers = count(1)


class Refused(Exception):
    """A step of the story was answered otherwise than it should be."""


class Story:
    """Everything that is hot, part by part; `heard.where` says which part it is."""

    def __init__(self, heard: Statements) -> None:
        self.heard = heard

    def whole(self) -> Settlement:
        """From the first to the last, where nobody else waits."""
        appointment = self.book(factories.session())
        self.file()
        settlement = self.settle(appointment)
        collecting.collect_due()  # its money is put away
        return settlement

    def book(self, session: Session) -> Appointment:
        """A new patient signs up, signs in, chooses and books."""
        who = {"username": f"story{next(_numbers)}", "password": PASSWORD, "name": "测试甲", "phone": "13800000000"}
        number = doing.number_of_somebody(account_covers=False)
        client = APIClient()
        with self._part("signing in"):
            _ok(client.post(f"{API}/accounts/", who | {"id_number": number}, format="json"))
            pair = _ok(client.post(f"{API}/token/", who, format="json"))
            pair = _ok(client.post(f"{API}/token/refresh/", {"refresh": pair["refresh"]}, format="json"))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
        with self._part("the sessions"):
            _ok(client.get(f"{API}/sessions/"))
        with self._part("booking"):
            wish = {"session": session.pk, "insurance_card": {"type": "02", "number": number}}
            booked = _ok(client.post(f"{API}/appointments/", wish, format="json", headers=_once()))
        with self._part("what became of the booking"):
            _ok(client.get(f"{API}/appointments/{booked['id']}/"))
            _ok(client.get(f"{API}/appointments/"))
            _ok(client.get(f"{API}/notices/"))
        return Appointment.objects.get(pk=booked["id"])

    def file(self, most: int = 20) -> None:
        """A tick of filing, and the notices of those who are filed."""
        with self._part("filing"):
            filing.waiting_ids(2 * most)
            filing.file_batch(most)
        with self._part("notices"):
            delivery.send_due()

    def settle(self, appointment: Appointment, *, urgent: bool = False) -> Settlement:
        """Who was told goes through the line, the trial, the settlement and the payment. In front of an urgent one
        stands nobody."""
        client = doing.speaking_as(appointment.patient)
        with self._part("joining the line"):
            asked = doing.speaking_as_staff() if urgent else client
            trial = _ok(
                asked.post(f"{API}/appointments/{appointment.pk}/trials/", WHY if urgent else {}, format="json")
            )
        with self._part("the place in the line"):
            _ok(client.get(f"{API}/trials/{trial['id']}/"))
            _ok(client.get(f"{API}/line/"))
            _ok(client.post(f"{API}/appointments/{appointment.pk}/follow-link/"))
        with self._part("turns"):
            quota_turns.wanted()
            _until(turns.take_one, lambda: _state(Trial, trial["id"]) == "priced")
        with self._part("settling"):
            _ok(client.get(f"{API}/trials/{trial['id']}/"))
            url = f"{API}/trials/{trial['id']}/settlements/"
            opened = _ok(client.post(url, {"mode": "insurance"}, format="json", headers=_once()))
            pk = opened["id"]
            _until(steps.settle_one, lambda: _state(Settlement, pk) == "insured")
            collecting.collect_due()
            _ok(client.get(f"{API}/settlements/{pk}/"))
        self._pay(pk)
        with self._part("confirming"):
            _until(steps.recover_one, lambda: _state(Settlement, pk) == "completed")
            _ok(client.get(f"{API}/settlements/{pk}/"))
            _ok(client.get(f"{API}/appointments/{appointment.pk}/"))
        return Settlement.objects.get(pk=pk)

    def upkeep(self) -> None:
        """The ticks that pick up what was left lying, and that keep records."""
        with self._part("the sweeps"):
            _ran(upkeep.sweep(), upkeep._SWEEPS)
        with self._part("the records"):
            ProofDay.objects.update(made_at="2000-01-01T00:00Z")
            _ran(upkeep.keep_records(), upkeep._RECORDS)

    def look(self, settlement: Settlement) -> None:
        """What staff and machines look at: metrics, doctor, overview, desk, the stories, every list."""
        with self._part("the metrics"):
            list(metrics.registry.collect())
        with self._part("the doctor"):
            list(rounds.make())
        staff = Client()
        staff.force_login(_superuser())
        for part, address in _pages(settlement):
            with self._part(part):
                _ok(staff.get(address, follow=True))

    def _pay(self, pk: int) -> None:
        order = PaymentOrder.objects.get(settlement__pk=pk)
        httpx.post(order.pay_url, trust_env=False).raise_for_status()
        PaymentOrder.objects.filter(pk=order.pk).update(due_at=Now())
        with self._part("paying"):
            collecting.collect_due()

    def _part(self, name: str) -> Any:
        self.heard.where = name
        return self.heard.heard()


def _pages(settlement: Settlement) -> Iterator[tuple[str, str]]:
    yield "the overview", reverse("admin:index")
    yield "the cases of one insurer", f"{reverse('admin:insurance_casefile_changelist')}?insurer=default"
    yield "a case", reverse("admin:insurance_casefile_change", args=[settlement.pk])
    yield "a patient's story", reverse("admin:hospital_appointment_change", args=[settlement.appointment_id])
    for model in site._registry:
        if model in LISTED or model._meta.proxy:
            meta = model._meta
            yield (
                f"the list of {meta.verbose_name_plural}",
                reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
            )


def _superuser() -> Any:
    return get_user_model().objects.create_superuser(f"chief{next(_numbers)}")


def _ok(answer: Any) -> Any:
    if answer.status_code >= 300:
        raise Refused(f"{answer.request['PATH_INFO']}: {answer.status_code} {answer.content[:500]!r}")
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else None


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def _state(model: Any, pk: int) -> str:
    return str(model.objects.values_list("state", flat=True).get(pk=pk))


def _until(act: Callable[[], object], there: Callable[[], bool], most: int = 5) -> None:
    """Turns until it is so; a permit is free at once, and nothing that was sent can arrive any more."""
    for _ in range(most):
        if there():
            return
        Quota.objects.update(next_at=Now())
        act()
    if not there():
        raise Refused("its turn has not come")


def _ran(found: dict[str, int], sweeps: Any) -> None:
    if failed := [name for name, _ in sweeps if name not in found]:
        raise Refused(f"failed: {failed}")
