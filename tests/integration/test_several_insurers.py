"""Two insurers, each with its own interface, n, line, circuit and books: what one does is none of the other's."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from hospital.errors import Invalid
from hospital.models import Archive, Session
from insurance.ledger.models import LedgerEntry
from insurance.models import InterfaceCall
from insurance.quota import circuit, directory, exchange, gate, insurers, limits, permits
from insurance.quota import turns as wanted_turns
from insurance.quota.lanes import Lane
from insurance.reconciliation import reconcile
from insurance.settlement import collecting, opening, steps
from insurance.trial import admission, line, nearing, turns
from insurance.trial.models import Trial
from tests import factories
from tests.integration import doing, elsewhere
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, free_port, running

SAID = {"who": "a test", "why": "the network is rebuilt"}


@pytest.fixture(scope="session")
def other_process() -> Iterator[Simulator]:
    with running("insurer") as simulator:
        yield simulator


@pytest.fixture
def other(insurer: Simulator, other_process: Simulator, settings: LazySettings) -> Simulator:
    """The second insurer, empty, beside the default one."""
    other_process.reset()
    settings.INSURERS = elsewhere.agreed(other_process.url, trial_per_minute=3)
    settings.INSURANCE_TIMEOUT_SECONDS = 10
    return other_process


@pytest.fixture
def named(settings: LazySettings) -> None:
    """The second insurer where nobody speaks to it."""
    settings.INSURERS = elsewhere.agreed("http://127.0.0.1:9", trial_per_minute=3)


def visits(simulator: Simulator) -> int:
    return len(simulator.ledger()["visits"])


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    ("region", "insurer"), [("430102", "changsha"), ("430201", "default"), ("110101", "default"), ("", "default")]
)
def test_a_patient_goes_to_the_insurer_of_the_region(region: str, insurer: str) -> None:
    appointment = elsewhere.booked(region=region)
    assert Archive.objects.get(appointment=appointment).insurer == insurer
    assert insurers.of(appointment.pk).name == insurer


def test_the_longest_beginning_wins(settings: LazySettings) -> None:
    settings.INSURERS = {
        "hunan": {"regions": ("43",), "url": "http://a"},
        "changsha": {"regions": ("4301",), "url": "http://b"},
    }
    settings.INSURANCE_REGIONS = ["430102", "9999"]
    found = {region: directory.of_region(region) for region in ("430102", "430103", "430200", "999900", "")}
    assert list(found.values()) == ["default", "changsha", "hunan", "default", "default"]


@pytest.mark.usefixtures("named")
def test_a_region_that_nobody_serves_is_refused_before_a_seat_is_taken(settings: LazySettings) -> None:
    settings.INSURANCE_REGIONS = ["9999"]
    session, who = factories.session(), factories.patient()
    card = {"type": "02", "number": who.id_number, "region": "110101"}
    answer = doing.speaking_as(who).post(
        f"{doing.API}/appointments/", {"session": session.pk, "insurance_card": card}, format="json"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "no_insurer")
    assert Session.objects.get(pk=session.pk).free == session.capacity
    with pytest.raises(Invalid):
        directory.of_region("110101")


@pytest.mark.parametrize("region", ["4301", "43010a", "", "4301020"])
def test_a_region_has_six_digits(region: str) -> None:
    who = factories.patient()
    card = {"type": "02", "number": who.id_number, "region": region}
    sent = {"session": factories.session().pk, "insurance_card": card}
    answer = doing.speaking_as(who).post(f"{doing.API}/appointments/", sent, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.usefixtures("named")
def test_who_is_booked_stays_with_the_insurer_though_the_regions_change(settings: LazySettings) -> None:
    appointment = elsewhere.told()
    settings.INSURERS = {"changsha": {**settings.INSURERS["changsha"], "regions": ("4302",)}}
    assert admission.enter(appointment).line.insurer.name == "changsha"  # type: ignore[union-attr]


def test_a_trial_is_made_and_settled_at_its_insurer_alone(
    insurer: Simulator, other: Simulator, payments: Simulator
) -> None:
    here, there = (
        doing.priced(doing.somebody_whose_account_covers()),
        elsewhere.waiting(doing.somebody_whose_account_covers()),
    )
    assert not turns.take_one()
    assert turns.take_one(elsewhere.NAME)
    assert doing.state_of(there) == "priced"
    assert (visits(insurer), visits(other)) == (1, 1)
    settlements = [opening.open_settlement(trial, "insurance") for trial in (there, here)]
    assert [one.insurer for one in settlements] == ["changsha", "default"]
    for name in ("default", "changsha"):
        assert steps.settle_one(name) and not steps.settle_one(name)
    collecting.collect_due()
    for name in ("changsha", "default"):
        assert steps.recover_one(name) and not steps.recover_one(name)
    assert [doing.state_of(one) for one in settlements] == ["completed", "completed"]
    assert (insurer.ledger()["totals"]["settlements"], other.ledger()["totals"]["settlements"]) == (1, 1)
    msgids = InterfaceCall.objects.values_list("insurer", "msgid")
    assert {(name, msgid[:12]) for name, msgid in msgids} == {
        ("default", "H99999900001"),
        ("changsha", "H43010000001"),
    }


def test_two_insurers_may_give_the_same_number(insurer: Simulator, other: Simulator, payments: Simulator) -> None:
    """Each books what it holds, and once."""
    doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    trial = elsewhere.waiting(doing.somebody_whose_account_covers())
    assert turns.take_one(elsewhere.NAME)
    trial.refresh_from_db()
    opening.open_settlement(trial, "insurance")
    assert steps.settle_one(elsewhere.NAME)
    entry = LedgerEntry.objects.filter(kind="settled").first()
    assert entry is not None
    twin = LedgerEntry.objects.filter(kind="settled").exclude(number=entry.number).first()
    assert twin is not None
    same = {"source": entry.source, "kind": entry.kind, "leg": entry.leg, "amount_fen": 1, "by": "2207", "at": entry.at}
    LedgerEntry.objects.create(number=twin.number, **same)
    with pytest.raises(IntegrityError, match="booked_once"), transaction.atomic():
        LedgerEntry.objects.create(number=entry.number, **same)


@pytest.mark.usefixtures("named")
def test_each_has_its_own_n_and_never_more() -> None:
    rows = insurers.everyone()
    limits.set_limit(permits.quota_of(Lane.TRIAL, rows[0]), 5)  # type: ignore[arg-type]
    for row in rows:
        insurers.set_flow(row, at_once=50, slow_seconds=5, **SAID)
    taken = {
        row.name: sum(permits.take(Lane.TRIAL, turn_seconds=30, insurer=row) is not None for _ in range(8))
        for row in rows
    }
    assert taken == {"default": 5, "changsha": 3}


@pytest.mark.usefixtures("named")
def test_each_has_its_own_line() -> None:
    here, there = [elsewhere.waiting(region="") for _ in range(3)], [elsewhere.waiting() for _ in range(2)]
    assert [line.place_of(trial).ahead for trial in (*here, *there)] == [0, 1, 2, 0, 1]
    assert (line.waiting(), line.waiting(elsewhere.row())) == (3, 2)
    claimed = line.claim_next(elsewhere.row(), lease_seconds=60)
    assert claimed == there[0]
    assert [line.place_of(trial).ahead for trial in (here[2], there[1])] == [2, 0]


@pytest.mark.usefixtures("named")
def test_a_full_line_is_full_for_its_own_alone(settings: LazySettings) -> None:
    settings.TRIAL_LINE_MINUTES = 1
    assert line.is_full(50) == 0
    assert line.is_full(50, elsewhere.row()) > 0


@pytest.mark.usefixtures("named")
def test_the_line_tells_of_each_and_of_the_default_one_as_before() -> None:
    elsewhere.waiting()
    insurers.pause(elsewhere.row(), **SAID)
    told = doing.speaking_as(factories.patient()).get(f"{doing.API}/line/").json()
    assert (told["waiting"], told["per_minute"], told["closed_because"]) == (0, 100, None)
    assert [(one["insurer"], one["waiting"], one["per_minute"], one["closed_because"]) for one in told["insurers"]] == [
        ("default", 0, 100, None),
        ("changsha", 1, 3, "paused"),
    ]


@pytest.mark.usefixtures("named")
def test_one_that_is_paused_or_down_sends_the_other_its_turns() -> None:
    elsewhere.waiting(), elsewhere.waiting(region="")
    insurers.pause(elsewhere.row(), **SAID)
    assert (wanted_turns.wanted(elsewhere.row())[Lane.TRIAL], wanted_turns.wanted()[Lane.TRIAL]) == (0, 1)
    insurers.resume(elsewhere.row(), **SAID)
    for _ in range(5):
        circuit.silent(elsewhere.row().pk)
    assert gate.is_probed(elsewhere.row()) and not gate.is_probed(insurers.default())
    assert permits.take(Lane.TRIAL, turn_seconds=30, insurer=elsewhere.row()) is None
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None


@pytest.mark.usefixtures("named")
def test_maintenance_and_a_lowered_n_are_one_insurers_own() -> None:
    now = timezone.now()
    insurers.plan_window(elsewhere.row(), now, now + timedelta(hours=1), **SAID)
    assert gate.why_closed(elsewhere.row()) and not gate.why_closed(insurers.default())
    quota = permits.quota_of(Lane.TRIAL, elsewhere.row())
    assert quota is not None
    limits.set_limit(quota, 2, **SAID)
    default = permits.quota_of(Lane.TRIAL)
    assert default is not None and default.per_minute == 100


@pytest.mark.usefixtures("named")
def test_who_waits_at_a_closed_insurer_may_claim_later_and_who_waits_at_the_other_not() -> None:
    there, here = elsewhere.waiting(), elsewhere.waiting(region="")
    insurers.pause(elsewhere.row(), **SAID)
    assert opening.may_claim_later(there.appointment_id) and not opening.may_claim_later(here.appointment_id)


def test_the_silence_of_one_opens_its_circuit_though_the_other_answers(
    insurer: Simulator, other: Simulator, settings: LazySettings
) -> None:
    """An answer says that an earlier message of its kind was lost on the way, but not at another insurer."""
    settings.INSURANCE_BREAK_AFTER = 1
    settings.INSURERS = elsewhere.agreed(f"http://127.0.0.1:{free_port()}")
    forget_the_insurer()
    elsewhere.waiting()
    turns.take_one(elsewhere.NAME)
    assert gate.is_probed(elsewhere.row())
    lost = InterfaceCall.objects.get(insurer=elsewhere.NAME)
    doing.priced(factories.patient())
    assert not exchange._was_overtaken(lost.msgid)
    InterfaceCall.objects.filter(pk=lost.pk).update(insurer="default")  # as though there were but one
    assert exchange._was_overtaken(lost.msgid)
    assert not gate.is_probed(insurers.default())


def test_a_day_is_compared_with_each_and_one_that_is_away_is_named(
    insurer: Simulator, other: Simulator, payments: Simulator
) -> None:
    test_a_trial_is_made_and_settled_at_its_insurer_alone(insurer, other, payments)
    book = reconcile.run(timezone.localdate(), details=True)
    assert (book.state, book.last_error, book.differences.count()) == ("reconciled", "", 0)
    assert book.insurer["settled"] == book.ours["settled"] == 2
    assert {each["insurer"] for each in book.totals} == {"default", "changsha"}
    insurers.pause(elsewhere.row(), **SAID)
    book = reconcile.run(timezone.localdate(), details=True)
    assert book.state == "open" and book.last_error.startswith("insurer changsha: NotSent")
    assert book.insurer["settled"] == 1
    insurers.resume(elsewhere.row(), **SAID)
    assert reconcile.run(timezone.localdate(), details=True).state == "reconciled"


@pytest.mark.usefixtures("named")
def test_those_who_are_near_are_told_at_each() -> None:
    waits = [elsewhere.waiting(), elsewhere.waiting(region="")]
    Trial.objects.update(predicted_seconds=10_000)
    assert nearing.tell_those_who_are_near() == len(waits)


@pytest.mark.usefixtures("named")
def test_an_insurer_that_is_no_longer_named_gets_no_turns_and_says_why(settings: LazySettings) -> None:
    trial = elsewhere.waiting()
    settings.INSURERS = {}
    assert [row.name for row in insurers.everyone()] == ["default"]
    assert line.place_of(trial).ahead == 0
    assert permits.take(Lane.TRIAL, turn_seconds=30, insurer=elsewhere.row()) is None
    assert not turns.take_one(elsewhere.NAME)
    assert doing.state_of(trial) == "waiting"
    with pytest.raises(LookupError, match="nobody is not in INSURERS"):
        insurers.named("nobody")


def test_rows_of_before_belong_to_the_default_insurer() -> None:
    """As the database itself fills them in, without a rewrite."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_default FROM information_schema.columns WHERE column_name = 'insurer'"
            " AND table_name IN ('insurance_settlement', 'insurance_interfacecall', 'hospital_archive')"
        )
        defaults = {table: default.split("::")[0] for table, default in cursor.fetchall()}
    assert defaults == {
        "insurance_settlement": "'default'",
        "insurance_interfacecall": "'default'",
        "hospital_archive": "''",
    }
