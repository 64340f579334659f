"""`plan`: the command, its facts beside the system's own, and the page about it."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from rest_framework.test import APIClient

from hospital.archives import filing
from hospital.models import Patient
from hospital.notices import delivery
from insurance import upkeep
from insurance.models import PaymentOrder
from insurance.quota import permits
from insurance.settlement import steps
from insurance.trial import line, turns
from operations.capacity import facts, load, rows
from operations.capacity.rows import Step
from tasks import queues
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator

DOCS = Path(__file__).parents[2] / "docs" / "capacity.md"
EXAMPLE = re.compile(r"^```\n\$ manage\.py plan (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SMALL = ("--patients", "600", "--over", "5m")


def told(*options: str) -> str:
    said = StringIO()
    call_command("plan", *options, stdout=said)
    return said.getvalue()


def test_it_tells_and_draws() -> None:
    said = told(*SMALL)
    assert said.startswith("600 patients book within 5 min 0 s from 08:00, evenly; n = 100, m = 200 every 5 s\n")
    for words in ("bookings:", "filing:", "line:", "wait for the turn:", "turns: 600", "database:", "hosts", "█"):
        assert words in said
    assert said == told(*SMALL)


def test_as_json() -> None:
    found = json.loads(told(*SMALL, "--goal", "1m", "--json"))
    assert (found["asked"]["patients"], found["figures"]["ends"]["completed"]) == (600, 600)
    assert found["goal"]["enough_already"] and found["goal"]["n"] <= 100 and found["facts"]["window_seconds"] == 60


def test_the_three_questions() -> None:
    said = told(*SMALL, "--n", "30", "--goal", "1m").splitlines()
    asked = said.index("so that nobody waits over 1 min 0 s:")
    assert [re.sub(r"\d[\d,:]*", "#", text) for text in said[asked + 1 :]] == [
        "  n = #",
        "  or # insurers of the n asked for, the patients shared evenly",
        "  or bookings spread over # min # s, from # to #",
    ]


def test_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("minute,arrivals\n0,30\n1,70\n")
    assert told("--arrivals", str(file)).startswith("100 patients book within 2 min 0 s from 08:00, as the file says;")
    assert told("--arrivals", str(file), "--patients", "50", "--over", "1h").startswith("50 patients book within 1 h")
    file.write_text("5\nmany\n")
    with pytest.raises(CommandError, match="line 2"):
        told("--arrivals", str(file))
    with pytest.raises(CommandError, match="cannot read"):
        told("--arrivals", str(tmp_path / "none"))


def test_it_closes_and_some_never_come() -> None:
    said = told("--patients", "2000", "--over", "5m", "--closes", "08:10", "--no-show", "0.1", "--give-up", "0.5")
    assert "closes at 08:10" in said and "still wait when it closes:" in said and "never ask:" in said


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--patients", "0"), "at least one patient"),
        (("--m", "100"), "m, the filing batch size, must stay above n"),
        (("--closes", "07:00"), "must close after it opens"),
        (("--closes", "09:00"), "Bookings would still be made"),
        (("--insured", "2"), "between 0 and 1"),
        (("--over", "two hours"), "--over must be a time such as"),
        (("--opens", "8"), "--opens must be a time of day"),
        (("--opens", "24:30"), "--opens must be a time of day"),
        (("--assume", "weather=3"), "not a fact and a number"),
        (("--assume", "answer_seconds=fast"), "not a fact and a number"),
    ],
)
def test_what_contradicts_itself_ends_with_one_line(options: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError) as refused:
        told(*options)
    assert why in str(refused.value) and "\n" not in str(refused.value)


def test_another_fact() -> None:
    quick, slow = (
        json.loads(told(*SMALL, "--json", "--assume", f"answer_seconds={seconds}")) for seconds in ("0.1", "3")
    )
    assert slow["figures"]["ends"]["last_turn"] > quick["figures"]["ends"]["last_turn"]
    assert "answer_seconds · 3 · " in told("--facts", "--assume", "answer_seconds=3")


def test_facts_are_those_of_the_system(settings: LazySettings) -> None:
    there = facts.Facts()
    assert (there.window_seconds, there.margin_seconds) == (permits.WINDOW_SECONDS, permits.MARGIN_SECONDS)
    assert (there.brake_factor, there.no_wait_seconds) == (queues.BRAKE_FACTOR, line.NO_WAIT_SECONDS)
    assert there.at_once == settings.INSURANCE_AT_ONCE
    assert (load.SOONEST_LOOK, load.LATEST_LOOK) == (line.SOONEST_POLL_SECONDS, line.LATEST_POLL_SECONDS)
    procfile = (Path(__file__).parents[2] / "Procfile").read_text()
    assert f"INSURANCE_CONCURRENCY:-{there.threads}}}" in procfile


def test_the_rows_that_patients_leave(insurer: Simulator, payments: Simulator) -> None:
    """One whose account covers all, one who has something left to pay, one without insurance: as planned, each."""
    common = [Step.BOOKED, Step.FILED, Step.JOINED, Step.PRICED]
    carried = {
        "covered": (doing.somebody_whose_account_covers(), "insurance", [Step.INSURED, Step.INSURED_TOLD]),
        "cash": (doing.somebody_who_pays_cash(), "insurance", [Step.INSURED, Step.PAID, Step.INSURED_TOLD]),
        "self-pay": (doing.somebody_who_pays_cash(), "self_pay", [Step.SELF_PAY, Step.PAID, Step.SELF_PAY_TOLD]),
    }
    for name, (who, mode, further) in carried.items():
        session = factories.session(seats=1).pk
        before = counted()
        assert carry(who, session, mode) == "completed"
        grown = {table: count - before[table] for table, count in counted().items() if count != before[table]}
        assert grown == dict(rows.of(dict.fromkeys([*common, *further], 1.0))), name


def carry(who: Patient, session: int, mode: str) -> str:
    """Through the API to the end."""
    client = doing.speaking_as(who)
    card = {"type": "02", "number": who.id_number}
    booked = post(client, "appointments/", {"session": session, "insurance_card": card}, key=f"book {who.pk}")
    filing.file_batch(10)
    delivery.send_due()
    trial = post(client, f"appointments/{booked['id']}/trials/", {})
    assert turns.take_one()
    settling = post(client, f"trials/{trial['id']}/settlements/", {"mode": mode}, key=f"settle {who.pk}")
    steps.settle_one()
    upkeep.sweep()
    for order in PaymentOrder.objects.filter(state="open"):
        doing.pay(order.settlement)
    PaymentOrder.objects.update(due_at=Now())
    upkeep.sweep()
    while steps.recover_one():
        pass
    delivery.send_due()
    return str(client.get(f"{doing.API}/settlements/{settling['id']}/").json()["state"])


def post(client: APIClient, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = client.post(f"{doing.API}/{path}", body, format="json", **headers)
    assert answer.status_code in (200, 201, 202), answer.content
    return dict(answer.json())


def counted() -> dict[str, int]:
    """The rows of every table that a patient's story is written in; not those of the line and the limit as such."""
    with connection.cursor() as cursor:
        found = {}
        for table in rows.BYTES_A_ROW:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        return found


def examples() -> list[Any]:
    """Commands of the page and what it shows of each; the search for 50,000 takes a while."""
    found = EXAMPLE.findall(DOCS.read_text())
    return [pytest.param(*one, marks=pytest.mark.long if is_long(one[0]) else (), id=one[0]) for one in found]


def is_long(options: str) -> bool:
    return "50000" in options and "--goal" in options


@pytest.mark.parametrize(("options", "shown"), examples())
def test_what_the_page_shows_is_what_the_command_says(options: str, shown: str) -> None:
    assert shown == told(*options.split())


def test_the_page_has_examples() -> None:
    assert len(examples()) == 3


def test_the_page_names_every_fact_with_its_source() -> None:
    page = DOCS.read_text()
    for name, value, source in facts.table(facts.Facts()):
        assert f"| `{name}` | {value} | {source} |" in page, name
