"""The older dialect takes back by bill, and a bill is settled again under its own number: a cancellation that comes
late must not find the settlement after it."""

from collections.abc import Iterator

import httpx
import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from insurance.interface.profile import Operation
from insurance.models import InterfaceCall
from insurance.settlement import steps
from insurance.settlement.models import Settlement
from insurance.simulator.insurer.app import Insurer, Settings
from tests.conformance.conftest import Centre
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator
from tests.unit.simulator.running import running


@pytest.fixture
def centre(settings: LazySettings) -> Iterator[Centre]:
    with running(Insurer(Settings(dialect="delimited"))) as url:
        settings.INSURANCE_DIALECT, settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = "delimited", url, 2
        forget_the_insurer()
        yield Centre("delimited", url)
        forget_the_insurer()


def arrives(centre: Centre, call: InterfaceCall) -> str:
    """A message that the network has held back; what the centre says to it, which nobody hears."""
    return httpx.post(centre.url, content=call.request.encode("gb18030"), trust_env=False).content.decode("gb18030")


def undone_with_a_cancellation_on_its_way(centre: Centre) -> tuple[Settlement, InterfaceCall]:
    """Asked about in vain, then found settled and taken back at the second attempt; the first one's is still coming."""
    centre.goes_wrong(Operation.SETTLE, "drop_before")
    settlement = doing.insured(doing.priced(doing.somebody_who_pays_cash()))
    doing.recovered(settlement, "reversing")
    arrives(centre, InterfaceCall.objects.get(msgid=settlement.settle_msgid))
    centre.goes_wrong(Operation.CANCEL, "drop_before")
    for _ in range(2):
        doing.now_due(settlement)
        assert steps.recover_one()
    assert centre.calls(Operation.CANCEL) == 2 and centre.standing() == []
    return settlement, InterfaceCall.objects.filter(infno=centre.number(Operation.CANCEL)).earliest("sent_at")


def test_nothing_is_settled_anew_while_a_cancellation_may_come(centre: Centre, payments: Simulator) -> None:
    settlement, late = undone_with_a_cancellation_on_its_way(centre)
    assert doing.state_of(settlement) == "reversing" and "cancellation may still arrive" in settlement.last_error
    assert "已撤销" in arrives(centre, late), "it finds nothing"
    doing.recovered(settlement, "waiting")
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured" and len(centre.standing()) == 1


def test_negative_control_settled_too_soon_it_is_taken_back(centre: Centre, payments: Simulator) -> None:
    """As it would be, were the settlement sent again at once."""
    settlement, late = undone_with_a_cancellation_on_its_way(centre)
    Settlement.objects.filter(pk=settlement.pk).update(state="waiting", due_at=Now(), leased_until=None)
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured" and len(centre.standing()) == 1
    arrives(centre, late)
    assert centre.standing() == []
