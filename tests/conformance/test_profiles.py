"""Every region's profile beside a centre that takes nothing but what the protocol says of that region.

The core of the suite: all of it runs for the national dialect, which is spoken in all of them. The centre is served
from this process, which is cheaper than one of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import LazySettings

from config import habits
from hospital.models import Appointment, Archive
from insurance.interface.profile import Operation
from insurance.interface.profiles import PROFILES
from insurance.ledger import entries
from insurance.reconciliation import reconcile
from insurance.settlement import giving_up, opening, steps
from insurance.settlement.saga import Event
from insurance.simulator.insurer.app import Insurer, Settings
from insurance.simulator.insurer.gateways import CHECKS, Gateway
from insurance.simulator.insurer.provinces import PROVINCES
from insurance.simulator.insurer.sealed import Sealed
from insurance.simulator.server import App
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests import factories
from tests.conformance.conftest import Centre
from tests.conformance.test_settling import completed
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import found, said, today
from tests.integration.test_regions import SHARED
from tests.simulators import Simulator
from tests.unit.interface.test_sm import PRIVATE, PUBLIC
from tests.unit.simulator.running import running

NAMES = sorted(PROFILES.keys() - {"national"})
KEPT_IN = "env:GATEWAY_SECRET"
KEYS = {"name": "AK", "secret": KEPT_IN}
BOOKED_WITH = "that-of-the-booking-01"
SEALS = {"sm2_private": "env:SM2", "sm2_centre": PUBLIC, "sm4": "env:SM4"}


def site(profile: str) -> App:
    """The region's centre with what stands before it."""
    centre = Insurer(Settings(profile=profile))
    if profile == "jilin":
        return Sealed(centre, PRIVATE, f"04{PUBLIC}", SHARED)
    gateway = PROFILES[profile].get("gateway", "").removesuffix("-seconds")
    return Gateway(centre, CHECKS[gateway], {"AK": "s3cret"}) if gateway else centre


@contextmanager
def speaking(settings: LazySettings, url: str, profile: str) -> Iterator[None]:
    """Our settings name the centre there, and this profile as its own."""
    settings.INSURANCE_DIALECT, settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = "national", url, 2
    settings.INSURANCE_HABITS = habits.of(profile, {})
    settings.INSURANCE_KEYS = {**KEYS, **(SEALS if profile == "jilin" else {})}
    forget_the_insurer()
    yield
    forget_the_insurer()


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("GATEWAY_SECRET", "s3cret"), ("SM2", PRIVATE), ("SM4", SHARED)):
        monkeypatch.setenv(name, value)


@pytest.fixture(params=NAMES)
def centre(request: pytest.FixtureRequest, settings: LazySettings) -> Iterator[Centre]:
    """In place of the suite's: the region's centre, and its profile."""
    with running(site(request.param)) as url, speaking(settings, url, request.param):
        yield Centre(request.param, url)


def test_there_is_a_centre_for_every_profile() -> None:
    assert sorted(PROVINCES) == NAMES


def test_one_patient_from_the_card_to_the_days_books(centre: Centre, payments: Simulator) -> None:
    settlement = completed(doing.priced(doing.somebody_who_pays_cash()))
    completed(doing.priced(doing.somebody_who_pays_cash()), "self_pay")
    (theirs,) = centre.standing()
    ours = entries.balance(settlement.number)
    assert (theirs["msgid"], theirs["total_fen"]) == (settlement.settle_msgid, doing.TOTAL_FEN)
    assert (theirs["fund_fen"], theirs["cash_fen"]) == (ours.get("fund", 0), ours["cash"])
    assert centre.ledger()["self_pay"]["reports"] == 1
    assert list(centre.stats()["metered"])[:2] == [centre.number(Operation.TRIAL), centre.number(Operation.SETTLE)]
    book = reconcile.run(today(), details=True)
    assert (book.state, book.last_error, book.insurer["settled"]) == ("reconciled", "", 1)
    assert [each for each in found(book) if each[1] in ("settled", "undone", "total")] == []


def test_what_was_lost_is_found_or_undone(centre: Centre, payments: Simulator) -> None:
    """By 5204 and 5203 the one, by 2601, where nothing stands, the second, by 2208 the third."""
    lost, gone, undone = (doing.priced(doing.somebody_who_pays_cash()) for _ in range(3))
    centre.goes_wrong(Operation.SETTLE, "lose")
    found_again = doing.insured(lost)
    centre.goes_wrong(Operation.SETTLE, "drop_before")
    given_up = doing.insured(gone)
    assert (doing.state_of(found_again), doing.state_of(given_up)) == ("unknown", "unknown")
    doing.recovered(found_again, "insured")
    giving_up.give_up(given_up)
    doing.recovered(given_up, "reversed")
    taken_back = completed(undone)
    said(taken_back, Event.UNDO)
    doing.recovered(taken_back, "refunding")
    assert [row["msgid"] for row in centre.standing()] == [found_again.settle_msgid]
    assert (centre.calls(Operation.REVERSE) > 0, centre.calls(Operation.CANCEL)) == (True, 1)


@pytest.mark.parametrize("profile", NAMES)
def test_a_centre_takes_no_other_region_s_words(settings: LazySettings, profile: str) -> None:
    """Negative control: with the nation's ways nobody gets a bill there."""
    with running(site(profile)) as url, speaking(settings, url, "national"):
        trial = admission.enter(doing.told(factories.patient()))
        assert turns.take_one()
        assert doing.state_of(trial) != "priced"


@pytest.mark.parametrize(("scanned", "states"), [(BOOKED_WITH, ["refused"]), ("scanned-anew-01", ["insured", "paid"])])
def test_guangzhou_wants_the_code_scanned_again(settings: LazySettings, scanned: str, states: list[str]) -> None:
    with running(site("guangdong")) as url, speaking(settings, url, "guangdong"):
        appointment = doing.told(factories.patient())
        archive = Archive.objects.get(appointment=appointment)
        archive.card_type, archive.card_number = "01", BOOKED_WITH
        archive.save()
        trial = admission.enter(Appointment.objects.get(pk=appointment.pk))
        assert turns.take_one()
        settlement = opening.open_settlement(Trial.objects.get(pk=trial.pk), "insurance", scanned)
        assert steps.settle_one()
        assert doing.state_of(settlement) in states, settlement.last_error
