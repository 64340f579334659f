"""What staff do to the interface: pause and resume, calls in flight, maintenance windows; and how it is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from hospital.errors import Conflict, Invalid, Refusal
from hospital.models import Change
from insurance.models import Insurer, MaintenanceWindow
from insurance.quota import circuit, gate, insurers, permits
from insurance.quota.gate import Reason
from insurance.quota.lanes import Lane
from insurance.trial import admission, line
from tests import factories
from tests.integration import doing

SAID = {"who": "a test", "why": "the network is rebuilt"}
HOUR = timedelta(hours=1)


def insurer() -> Insurer:
    return insurers.default()


def pause() -> None:
    insurers.pause(insurer(), who="a test", why="the network is rebuilt")


def resume() -> None:
    insurers.resume(insurer(), who="a test", why="it is over")


def plan(starts_in: timedelta, ends_in: timedelta, why: str = "the network is rebuilt") -> MaintenanceWindow:
    now = timezone.now()
    return insurers.plan_window(insurer(), now + starts_in, now + ends_in, who="a test", why=why)


def refusal(act: Callable[[], object], kind: type[Refusal]) -> str:
    """The code of it; nothing is written down."""
    before = Change.objects.count()
    with pytest.raises(kind) as caught:
        act()
    assert Change.objects.count() == before
    return caught.value.code


def told() -> list[tuple[str, str, str, str]]:
    """The changes so far; every one has its reason and its author."""
    rows = Change.objects.order_by("pk")
    assert all(row.who_name == "a test" and row.why for row in rows)
    return list(rows.values_list("subject", "field", "before", "after"))


def test_a_pause_stops_the_line_and_resuming_starts_it() -> None:
    pause()
    assert permits.take(Lane.TRIAL, turn_seconds=30) is None
    assert (insurer().paused_at is not None, insurer().paused_why) == (True, "the network is rebuilt")
    resume()
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None
    assert (insurer().paused_at, insurer().paused_why) == (None, "")
    assert insurer().resumed_at is not None
    assert told() == [("insurer default", "paused", "no", "yes"), ("insurer default", "paused", "yes", "no")]


def test_who_waits_through_a_pause_keeps_the_place() -> None:
    trials = [admission.enter(each) for each in factories.told(2)]
    pause()
    assert line.claim_next(insurer(), lease_seconds=60) == trials[0]  # a turn that was under way
    resume()
    assert line.ahead_of(trials[1], insurer()) == 0


def test_paused_twice_and_resumed_twice_is_refused() -> None:
    assert refusal(resume, Conflict) == "not_paused"
    pause()
    assert refusal(pause, Conflict) == "already_paused"


@pytest.mark.parametrize("why", ["", "  "])
def test_every_change_needs_a_reason(why: str) -> None:
    window = plan(HOUR, 2 * HOUR)
    now = timezone.now()
    for act in (
        lambda: insurers.pause(insurer(), who="a test", why=why),
        lambda: insurers.set_flow(insurer(), at_once=3, slow_seconds=3, who="a test", why=why),
        lambda: insurers.plan_window(insurer(), now, now + HOUR, who="a test", why=why),
        lambda: insurers.drop_window(window, who="a test", why=why),
    ):
        assert refusal(act, Invalid) == "no_reason"
    pause()
    assert refusal(lambda: insurers.resume(insurer(), who="a test", why=why), Invalid) == "no_reason"
    assert (insurer().at_once, MaintenanceWindow.objects.count()) == (10, 1)


def test_a_long_reason_is_kept_whole_with_the_change() -> None:
    insurers.pause(insurer(), who="a test", why="x" * 1000)
    assert (len(insurer().paused_why), len(Change.objects.get().why)) == (300, 1000)


def test_calls_in_flight_and_slow_answers_are_changed_and_written_down_once() -> None:
    for at_once, slow_seconds in ((3, 5), (3, 5), (1000, 60), (1, 1)):
        insurers.set_flow(insurer(), at_once=at_once, slow_seconds=slow_seconds, **SAID)
        assert (insurer().at_once, insurer().slow_seconds) == (at_once, slow_seconds)
    assert [change[1:] for change in told()] == [
        ("at_once", "10", "3"),
        ("at_once", "3", "1000"),
        ("slow_seconds", "5", "60"),
        ("at_once", "1000", "1"),
        ("slow_seconds", "60", "1"),
    ]


@pytest.mark.parametrize(("at_once", "slow_seconds"), [(0, 5), (1001, 5), (5, 0), (5, 61), (-1, 5)])
def test_flow_out_of_bounds_is_refused(at_once: int, slow_seconds: int) -> None:
    act = partial(insurers.set_flow, insurer(), at_once=at_once, slow_seconds=slow_seconds, who="a test", why="x")
    assert refusal(act, Invalid) == "out_of_bounds"


def test_fewer_calls_in_flight_hold_from_the_next_turn_on() -> None:
    first = permits.take(Lane.TRIAL, turn_seconds=30)
    assert first is not None
    insurers.set_flow(insurer(), at_once=1, slow_seconds=5, **SAID)
    assert insurers.in_flight(insurer()) == 1
    assert permits.take(Lane.TRIAL, turn_seconds=30) is None
    permits.free(first)
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None


def test_nobody_is_let_through_during_maintenance() -> None:
    window = plan(-HOUR, HOUR)
    assert permits.take(Lane.TRIAL, turn_seconds=30) is None
    insurers.drop_window(window, **SAID)
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None
    assert [change[1:] for change in told()] == [
        ("maintenance window", "", str(window)),
        ("maintenance window", str(window), ""),
    ]


@pytest.mark.parametrize(
    ("starts_in", "ends_in"),
    [
        (HOUR, HOUR),
        (2 * HOUR, HOUR),
        (-2 * HOUR, -HOUR),
        (HOUR, 25 * HOUR + timedelta(seconds=1)),
    ],
)
def test_a_window_that_cannot_be_is_refused(starts_in: timedelta, ends_in: timedelta) -> None:
    assert refusal(lambda: plan(starts_in, ends_in), Invalid) == "bad_window"
    assert not MaintenanceWindow.objects.exists()


def test_windows_may_begin_in_the_past_last_a_day_and_overlap() -> None:
    for starts_in, ends_in in ((-HOUR, HOUR), (HOUR, 25 * HOUR), (2 * HOUR, 3 * HOUR)):
        plan(starts_in, ends_in)
    assert MaintenanceWindow.objects.count() == 3


def test_a_window_is_dropped_once() -> None:
    window = plan(HOUR, 2 * HOUR)
    insurers.drop_window(MaintenanceWindow.objects.get(), **SAID)
    assert refusal(lambda: insurers.drop_window(window, **SAID), Conflict) == "no_such_window"


def test_overlapping_windows_delay_a_turn_by_the_time_they_cover_together() -> None:
    now = timezone.now()
    for begin, end in ((10, 40), (20, 30), (30, 60), (100, 110)):
        covers = (now + timedelta(minutes=begin), now + timedelta(minutes=end))
        insurers.plan_window(insurer(), *covers, **SAID)
    for minutes, added in ((5, 0), (10, 50), (45, 50), (55, 60)):
        assert gate.windows_until(insurer(), now, minutes * 60) == pytest.approx(added * 60)


def front_page(client: Client) -> str:
    return client.get("/", headers={"Accept-Language": "en"}).content.decode()


def test_the_front_page_says_why_the_line_stands_still(client: Client) -> None:
    assert "stands still" not in front_page(client)
    Insurer.objects.update(circuit="open", circuit_opened_at=timezone.now())
    assert "The line stands still: the insurance interface is down. Whoever waits" in front_page(client)
    window = plan(-HOUR, HOUR)
    until = timezone.localtime(window.ends_at)
    assert f"stands still: maintenance until {until:%H:%M}." in front_page(client)
    pause()
    assert "stands still: paused by staff." in front_page(client)


def test_every_reason_has_its_words() -> None:
    for reason in Reason:
        assert gate.in_words(gate.Closed(reason, 60.0))


def interface(*arguments: str) -> str:
    said = StringIO()
    call_command("interface", *arguments, stdout=said)
    return said.getvalue()


def test_the_command_tells_how_the_interface_stands() -> None:
    admission.enter(factories.told()[0])
    window = plan(HOUR, 2 * HOUR, why="nightly")
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert held is not None
    circuit.silent(insurer().pk)
    assert interface().splitlines() == [
        "default: open",
        "settlement: n = 100 a minute, 100 in force",
        "trial: n = 100 a minute, 100 in force",
        "calls in flight: 1 of 10",
        "waiting for a trial: 1",
        "circuit: closed, 1 failures in a row",
        f"maintenance: {local(window.starts_at)} to {local(window.ends_at)}: nightly",
    ]


def local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"


def test_the_command_pauses_and_resumes() -> None:
    assert "default: closed, paused by staff" in interface("pause", "--why", "the network is rebuilt")
    assert ": the network is rebuilt" in interface()
    assert "default: open" in interface("resume", "--why", "it is over")
    assert {change.who_name for change in Change.objects.all()} == {"command line"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pause",), "Say why"),
        (("resume", "--why", "it is over"), "not paused"),
        (("stop", "--why", "x"), "invalid choice"),
    ],
)
def test_what_the_command_cannot_do_it_says_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        interface(*arguments)


def test_the_api_says_why_the_line_stands_still() -> None:
    client = doing.speaking_as(factories.patient())
    pause()
    assert client.get(f"{doing.API}/line/").json()["closed_because"] == "paused"
