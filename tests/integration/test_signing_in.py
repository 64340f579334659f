"""9001 once a day: one number for all workers, kept with the insurer's row, got anew when it is refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now

from insurance.interface.client import InsuranceClient
from insurance.interface.errors import NotSent, NotSignedIn, OutcomeUnknown, Throttled
from insurance.interface.messages import Card
from insurance.models import InterfaceCall
from insurance.quota import insurers, permits, signing_in
from insurance.quota.exchange import exchange, turn_seconds
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator

CARD = Card("02", "999999199001010011")


@pytest.fixture(autouse=True)
def _signs_in(insurer: Simulator, settings: LazySettings) -> Iterator[None]:
    settings.INSURANCE_HABITS = {"signs_in": True}
    forget_the_insurer()
    yield


def ask() -> None:
    """One turn that asks who is insured."""
    held = permits.take(Lane.TRIAL, turn_seconds=turn_seconds())
    assert held is not None
    with exchange(held, Lane.TRIAL, "test") as client:
        client.person(CARD)


def sent(infno: str) -> int:
    return InterfaceCall.objects.filter(infno=infno).count()


def row() -> Insurer:
    return insurers.default()


def test_the_first_turn_signs_in_and_all_carry_its_number() -> None:
    ask()
    ask()
    number = row().sign_no
    assert number and (sent("9001"), sent("1101")) == (1, 2)
    asked = InterfaceCall.objects.filter(infno="1101").values_list("request", flat=True)
    assert all(f'"sign_no":"{number}"' in request for request in asked)


def test_it_is_signed_in_anew_each_day() -> None:
    ask()
    Insurer.objects.update(signed_in_on=F("signed_in_on") - timedelta(days=1))
    ask()
    assert sent("9001") == 2


def test_while_another_worker_signs_in_nothing_is_sent() -> None:
    insurers.default()
    Insurer.objects.update(signing_in_until=Now() + timedelta(seconds=10))
    with pytest.raises(NotSent, match="another worker"):
        ask()
    assert not InterfaceCall.objects.exists()
    Insurer.objects.update(signing_in_until=Now() - timedelta(seconds=1))
    ask()
    assert row().signing_in_until is None, "whoever claimed it had died"


def test_a_number_that_is_refused_is_forgotten_and_the_turn_comes_again() -> None:
    ask()
    old = row().sign_no
    with pytest.raises(NotSignedIn):
        refuse(row())
    assert row().sign_no == ""
    ask()
    assert row().sign_no not in ("", old) and sent("9001") == 2


def refuse(insurer: Insurer) -> None:
    """A turn whose call is refused because nobody is signed in."""
    held = permits.take(Lane.TRIAL, turn_seconds=turn_seconds())
    assert held is not None
    with exchange(held, Lane.TRIAL, "test") as client:
        assert isinstance(client, InsuranceClient)
        raise NotSignedIn("未签到")


def test_a_newer_number_is_not_forgotten_for_an_old_ones_sake() -> None:
    ask()
    signing_in.forget(row().pk, "an older one")
    assert row().sign_no


def test_without_a_number_the_call_was_not_sent_and_the_claim_is_given_back(insurer: Simulator) -> None:
    insurer.faults({"infno": "9001", "kind": "refuse"})
    with pytest.raises(NotSent, match="not signed in"):
        ask()
    assert (sent("1101"), row().signing_in_until) == (0, None)


def test_settings_that_cannot_be_written_are_told_of(settings: LazySettings, caplog: pytest.LogCaptureFixture) -> None:
    """As a name reads whose bytes in the environment are no UTF-8."""
    ask()
    assert "nobody signs in" not in caplog.text, "negative control"
    Insurer.objects.update(sign_no="")
    settings.INSURANCE_INSTITUTION_NAME = "hospital \udcff"
    forget_the_insurer()
    with pytest.raises(NotSent, match="not signed in"):
        ask()
    told = "nobody signs in at insurer default until its settings are corrected (docs/profiles.md): sign_in: "
    assert any(each.levelname == "ERROR" and told in each.getMessage() for each in caplog.records)
    assert (sent("9001"), row().signing_in_until) == (1, None)


@pytest.mark.parametrize(("error", "raised"), [(OutcomeUnknown("x"), NotSent), (Throttled("x", 7.0), Throttled)])
def test_what_the_caller_is_told(error: Exception, raised: type[Exception]) -> None:
    def silent() -> str:
        raise error

    with pytest.raises(raised):
        signing_in.number(row().pk, silent)
    assert row().signing_in_until is None


def test_no_permit_is_kept_by_a_turn_that_could_not_sign_in() -> None:
    insurers.default()
    Insurer.objects.update(signing_in_until=Now() + timedelta(seconds=10))
    with pytest.raises(NotSent):
        ask()
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None and not quota.permits.filter(held=True).exists()
