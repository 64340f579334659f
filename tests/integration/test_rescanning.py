"""Who waits longer than a code is good for is asked to scan once more before the turn, and goes with the new one."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from hospital.errors import Conflict, Invalid
from hospital.models import Notice
from insurance.models import Credential, Settlement
from insurance.quota import insurers
from insurance.settlement import credentials, giving_up, opening, rescanning, steps
from tests.integration import doing
from tests.integration.answers import refused
from tests.integration.conftest import forget_the_insurer
from tests.integration.test_credentials import SCANNED, priced, sent_with
from tests.simulators import Simulator

AGAIN = "scanned-again-0123456789"
GOOD_SECONDS = 60
pytestmark = pytest.mark.usefixtures("own_counters")


@pytest.fixture(autouse=True)
def _wants_them(insurer: Simulator, settings: LazySettings) -> Iterator[None]:
    """A code is good for a minute, and two may settle in it."""
    settings.INSURANCE_HABITS = {"fresh_credential_seconds": GOOD_SECONDS}
    settings.INSURANCE_SETTLEMENT_PER_MINUTE = 2
    forget_the_insurer()
    yield


@pytest.fixture
def waiting() -> list[Settlement]:
    """Four in the lane, with fresh codes."""
    return [opening.open_settlement(priced(), "insurance", SCANNED) for _ in range(4)]


def grown_old(by_seconds: float = GOOD_SECONDS) -> None:
    Credential.objects.update(given_at=F("given_at") - timedelta(seconds=by_seconds))


def asked() -> list[int]:
    """The appointments of those who were asked, in the order of the notices."""
    return list(Notice.objects.filter(kind="scan_again").order_by("pk").values_list("appointment_id", flat=True))


def of(settlements: list[Settlement]) -> list[int]:
    return [each.appointment_id for each in settlements]


def test_those_are_asked_whose_turn_is_near_and_whose_code_will_be_old(waiting: list[Settlement]) -> None:
    assert (rescanning.ask_those_who_are_near(), asked()) == (0, []), "fresh until their turn"
    grown_old(GOOD_SECONDS - 20)
    assert rescanning.ask_those_who_are_near() == 1
    assert asked() == of(waiting[1:2]), "the first's turn is now, and the second's in half a minute"
    grown_old(20)
    assert rescanning.ask_those_who_are_near() == 1
    assert asked() == of([waiting[1], waiting[0]]), "the other two are not near"


def test_nobody_is_asked_twice_for_one_code_and_once_more_for_the_next(waiting: list[Settlement]) -> None:
    grown_old()
    assert [rescanning.ask_those_who_are_near() for _ in range(2)] == [2, 0]
    credentials.hand_in(waiting[0], AGAIN)
    assert rescanning.ask_those_who_are_near() == 0
    Notice.objects.update(created_at=F("created_at") - timedelta(seconds=GOOD_SECONDS + 1))
    grown_old()
    assert rescanning.ask_those_who_are_near() == 1
    assert asked()[-1] == waiting[0].appointment_id


def test_while_the_gate_is_shut_nobody_is_near(waiting: list[Settlement]) -> None:
    grown_old()
    insurers.pause(insurers.default(), who=None, why="maintenance")
    assert rescanning.ask_those_who_are_near() == 0
    insurers.resume(insurers.default(), who=None, why="done")
    assert rescanning.ask_those_who_are_near() == 2


def test_where_the_booking_s_does_nobody_is_asked(waiting: list[Settlement], settings: LazySettings) -> None:
    grown_old()
    settings.INSURANCE_HABITS = {}
    forget_the_insurer()
    assert rescanning.ask_those_who_are_near() == 0


def test_who_has_given_it_up_is_not_asked(waiting: list[Settlement]) -> None:
    grown_old()
    giving_up.give_up(waiting[0])
    assert (rescanning.ask_those_who_are_near(), asked()) == (2, of(waiting[1:3]))


def test_the_code_handed_in_last_is_the_one_that_is_sent(waiting: list[Settlement]) -> None:
    """Negative control: the second has not scanned again, and is to be settled again as before."""
    grown_old()
    first, second = waiting[:2]
    credentials.hand_in(first, AGAIN)
    assert steps.settle_one() and steps.settle_one()
    assert doing.state_of(first) in ("insured", "paid"), first.last_error
    assert sent_with(first)["mdtrt_cert_no"] == AGAIN
    assert doing.state_of(second) == "reversed" and "scanned again" in second.last_error
    assert set(Credential.objects.values_list("settlement", flat=True)) == {each.pk for each in waiting[2:]}


def test_what_was_handed_in_again_grows_old_too(waiting: list[Settlement]) -> None:
    grown_old()
    credentials.hand_in(waiting[0], AGAIN)
    assert credentials.stale(waiting[0]) == ""
    grown_old()
    assert "scanned again" in credentials.stale(waiting[0])


@pytest.mark.parametrize("code", ["", "abc", "a" * 51])
def test_what_is_no_code_takes_no_place(waiting: list[Settlement], code: str) -> None:
    with pytest.raises(Invalid) as wrong:
        credentials.hand_in(waiting[0], code)
    assert wrong.value.code == "credential_needed"
    assert Credential.objects.get(settlement=waiting[0]).number == SCANNED


def test_none_is_taken_where_none_is_sent() -> None:
    by_card = opening.open_settlement(priced("02"), "insurance")
    paid_himself = opening.open_settlement(priced(), "self_pay")
    done = opening.open_settlement(priced(), "insurance", SCANNED)
    assert steps.settle_one() and steps.settle_one()
    for settlement in (by_card, paid_himself, done):
        with pytest.raises(Conflict) as unwanted:
            credentials.hand_in(settlement, AGAIN)
        assert unwanted.value.code == "no_credential_wanted"
    assert not Credential.objects.exists()


def test_over_http_it_is_told_until_when_and_never_shown(waiting: list[Settlement]) -> None:
    settlement = waiting[0]
    client, url = doing.speaking_as(settlement.appointment.patient), f"{doing.API}/settlements/{settlement.pk}/"
    grown_old()
    before = client.get(url).json()["credential"]
    assert datetime.fromisoformat(before["good_until"]) < timezone.now() and before["wanted"]
    answer = client.put(f"{url}credential/", {"credential": AGAIN}, format="json")
    after = answer.json()["credential"]
    assert datetime.fromisoformat(after["good_until"]) > timezone.now() and not after["wanted"]
    assert AGAIN not in answer.content.decode() and AGAIN not in client.get(url).content.decode()
    assert Credential.objects.get(settlement=settlement).number == AGAIN
    refused(client.put(f"{url}credential/", {"credential": "!"}, format="json"), 422, "credential_needed")
    other = doing.speaking_as(waiting[1].appointment.patient)
    refused(other.put(f"{url}credential/", {"credential": AGAIN}, format="json"), 404, "no_such_settlement")
    steps.settle_one()
    assert "credential" not in client.get(url).json()
    refused(client.put(f"{url}credential/", {"credential": AGAIN}, format="json"), 409, "no_credential_wanted")


def test_the_page_takes_a_new_code_once_it_is_wanted(waiting: list[Settlement]) -> None:
    settlement = waiting[1]
    page = Client(headers={"Accept-Language": "en"})
    page.force_login(settlement.appointment.patient.user)
    address = f"/appointments/{settlement.appointment_id}/"
    assert 'name="credential"' not in page.get(address).content.decode(), "the one that was given still does"
    grown_old(GOOD_SECONDS - 20)
    assert 'name="credential"' not in page.get(address).content.decode(), "nobody was asked, and it still does"
    rescanning.ask_those_who_are_near()
    shown = page.get(address).content.decode()
    form = next(one for one in re.findall(r"<form.*?</form>", shown, re.DOTALL) if 'name="credential"' in one)
    assert f'action="{address}credential/"' in form and "Give a new code" in form and SCANNED not in shown
    answer = page.post(f"{address}credential/", {"credential": ""}, follow=True)
    assert "Scan your electronic credential again" in answer.content.decode()
    shown = page.post(f"{address}credential/", {"credential": f" {AGAIN} "}, follow=True).content.decode()
    assert Credential.objects.get(settlement=settlement).number == AGAIN
    assert 'name="credential"' not in shown and AGAIN not in shown
    grown_old()
    assert 'name="credential"' in page.get(address).content.decode()


def test_the_page_asks_nobody_else(insurer: Simulator) -> None:
    settlement = opening.open_settlement(priced("02"), "insurance")
    page = Client()
    page.force_login(settlement.appointment.patient.user)
    assert 'name="credential"' not in page.get(f"/appointments/{settlement.appointment_id}/").content.decode()
