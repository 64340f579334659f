"""The signed statement of a day: what stands in it, what does not, when there is none, and that a change is seen."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from hospital.errors import Invalid
from insurance.models import ClockStep, InterfaceCall
from insurance.quota import days, paper, sealing, statement
from tests import factories
from tests.integration import doing, recorded
from tests.integration.recorded import DAY, call, calls, changed, moment
from tests.simulators import Simulator
from tests.unit.insurance.test_sealing import private_pem

FILE = f"statement-H99999900001-{DAY}"


def run(*command: str) -> str:
    said = StringIO()
    call_command("statement", *command, stdout=said)
    return said.getvalue()


def written(folder: Path) -> Path:
    run(str(DAY), "--out", str(folder))
    return folder / f"{FILE}.json"


def the_quota() -> dict[str, Any]:
    (found,) = statement.body_of(DAY)["quotas"]
    return dict(found)


@pytest.fixture
def busy_day() -> None:
    quota = recorded.quota(3)
    changed(quota, 2, moment("12:00"), why="the bureau asked for it")
    calls(quota, "08:00:00", "08:00:10.5", "08:30:00")
    call(quota, moment("12:30"), 0)


# --- what stands in it ----------------------------------------------------------------------------


@pytest.mark.usefixtures("busy_day")
def test_it_says_who_which_day_and_what_was_found() -> None:
    body = statement.body_of(DAY)
    assert body["institution"] == {"code": "H99999900001", "name": "互联网医院", "region": "999900"}
    assert (body["day"], body["from"], body["until"], body["is_over"]) == (
        "2024-03-05",
        "2024-03-05T00:00:00.000+08:00",
        "2024-03-06T00:00:00.000+08:00",
        True,
    )
    quota = the_quota()
    figures = {name: quota[name] for name in ("name", "n", "calls", "worst", "over", "worst_possible", "permits_used")}
    assert figures == {
        "name": "trial",
        "n": 3,
        "calls": 4,
        "worst": 2,
        "over": 0,
        "worst_possible": 2,
        "permits_used": 3,
    }
    assert quota["worst_ended_at"] == "2024-03-05T08:00:10.500+08:00"
    assert quota["shortest_gap_milliseconds"] == 16_199_900
    assert quota["holds"]


@pytest.mark.usefixtures("busy_day")
def test_it_has_every_n_of_the_day_with_its_reason_and_nobodys_name() -> None:
    before, change = the_quota()["limits"]
    assert before["in_force"] == 3 and before["at"] < "2024-03-05"
    assert change == {
        "at": "2024-03-05T12:00:00.000+08:00",
        "per_minute": 2,
        "in_force": 2,
        "why": "the bureau asked for it",
    }


@pytest.mark.usefixtures("busy_day")
def test_it_has_the_day_by_the_hour_and_as_a_curve() -> None:
    quota = the_quota()
    assert len(quota["hours"]) == 24 and len(quota["curve"]["levels"]) == 720
    assert quota["hours"][8] == {"from": "2024-03-05T08:00:00.000+08:00", "calls": 3, "worst": 2}
    assert sum(hour["calls"] for hour in quota["hours"]) == quota["calls"]
    assert quota["curve"]["levels"][240] == 2


def test_a_day_on_which_nothing_ran_can_be_stated_too() -> None:
    assert statement.body_of(DAY)["quotas"] == []
    assert "当日没有任何计次调用" in paper.page(statement.signed(DAY))


@pytest.mark.usefixtures("busy_day")
def test_when_the_calls_are_cleared_away_it_has_what_was_kept() -> None:
    before = the_quota()
    days.remember(DAY)
    InterfaceCall.objects.all().delete()
    after = the_quota()
    assert (after["hours"], after["curve"]["levels"]) == ([], [])
    del before["hours"], before["curve"], after["hours"], after["curve"]
    assert after == before
    assert "该日的逐次记录已清理" in paper.page(statement.signed(DAY))


def test_what_went_over_is_said() -> None:
    quota = recorded.quota(1)
    calls(quota, "08:00:00", "08:00:10")
    assert (the_quota()["over"], the_quota()["holds"]) == (1, False)
    assert "当日存在超出限额的调用" in paper.page(statement.signed(DAY))


def test_a_clock_that_was_set_is_said() -> None:
    ClockStep.objects.create(seconds=-1.5, seen_by="host", at=moment("09:00"))
    assert statement.body_of(DAY)["clock_steps"] == [{"at": "2024-03-05T09:00:00.000+08:00", "milliseconds": -1500}]
    assert "-1500 ms" in paper.page(statement.signed(DAY))


def test_what_cannot_be_printed_is_left_out_of_a_reason() -> None:
    changed(recorded.quota(3), 2, moment("12:00"), why="a\x7fb\u2028c 原因")
    assert the_quota()["limits"][-1]["why"] == "abc 原因"


def test_only_whole_numbers_so_that_there_is_one_way_to_write_them(busy_day: None) -> None:
    def numbers(value: Any) -> Any:
        if isinstance(value, dict):
            return [each for part in value.values() for each in numbers(part)]
        if isinstance(value, list):
            return [each for part in value for each in numbers(part)]
        return [value] if isinstance(value, float) else []

    assert numbers(statement.body_of(DAY)) == []


def test_there_is_nothing_of_a_person_in_it(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    today = timezone.localdate()
    signed = statement.signed(today, so_far=True)
    assert json.loads(signed)["body"]["quotas"][0]["calls"] > 0
    patient = settlement.appointment.patient
    archive = settlement.appointment.archive
    told = [patient.name, patient.id_number, patient.phone, archive.card_number, archive.number, patient.user.username]
    told += InterfaceCall.objects.values_list("msgid", flat=True)
    told += InterfaceCall.objects.values_list("purpose", flat=True)
    for text in (signed.decode(), paper.page(signed)):
        assert [word for word in told if word and word in text] == []


# --- when there is none ---------------------------------------------------------------------------


def test_a_day_that_is_not_over_is_refused_unless_so_far(tmp_path: Path) -> None:
    today = str(timezone.localdate())
    with pytest.raises(CommandError, match="not over"):
        run(today, "--out", str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    run(today, "--so-far", "--out", str(tmp_path))
    body = json.loads((tmp_path / f"statement-H99999900001-{today}.json").read_bytes())["body"]
    assert not body["is_over"] and body["until"] == body["made_at"]
    assert "当日尚未结束" in (tmp_path / f"statement-H99999900001-{today}.html").read_text()


def test_a_day_that_has_not_begun_is_always_refused() -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Invalid, match="not_begun"):
        statement.body_of(tomorrow, so_far=True)


@pytest.mark.parametrize("wrong", [(), ("yesterday",), ("2026-02-30",)])
def test_without_a_day_it_says_what_to_do(wrong: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="such as 2026-11-23"):
        run(*wrong)


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot write"):
        run(str(DAY), "--out", str(tmp_path / "file"))


# --- signed ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("busy_day")
def test_a_statement_is_valid_until_a_byte_is_changed(tmp_path: Path) -> None:
    file = written(tmp_path)
    said = run("--verify", str(file))
    assert said.startswith("valid: H99999900001, 2024-03-05, key ")
    statement_before = file.read_bytes()
    for place in (10, len(statement_before) // 2, len(statement_before) - 40):
        changed_byte = bytes([statement_before[place] ^ 1])
        file.write_bytes(statement_before[:place] + changed_byte + statement_before[place + 1 :])
        with pytest.raises(CommandError, match=r"^not valid: ") as raised:
            run("--verify", str(file))
        assert raised.value.returncode == 1


@pytest.mark.usefixtures("busy_day")
def test_another_number_is_seen(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text().replace('"worst":2', '"worst":1'))
    with pytest.raises(CommandError, match="changed after it was signed"):
        run("--verify", str(file))


def test_it_is_verified_with_the_key_that_is_named(tmp_path: Path, settings: LazySettings) -> None:
    old = run("--public-key")
    (tmp_path / "old.pem").write_text(old)
    file = written(tmp_path)
    settings.STATEMENT_KEY = private_pem(Ed25519PrivateKey.generate())
    assert run("--public-key") != old
    with pytest.raises(CommandError, match="another key"):
        run("--verify", str(file))
    assert run("--verify", str(file), "--public-key", str(tmp_path / "old.pem")).startswith("valid")


@pytest.mark.parametrize("derived", [True, False])
def test_it_says_whether_its_key_is_a_derived_one(settings: LazySettings, derived: bool) -> None:
    settings.STATEMENT_KEY = "" if derived else private_pem(Ed25519PrivateKey.generate())
    signed = statement.signed(DAY)
    assert json.loads(signed)["body"]["key"] == {
        "fingerprint": sealing.fingerprint(sealing.own_key()),
        "is_derived": derived,
    }
    assert ("derived key" in paper.page(signed)) == derived


def test_what_is_no_file_or_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot read"):
        run("--verify", str(tmp_path / "missing.json"))
    with pytest.raises(CommandError, match="no Ed25519 public key"):
        run("--verify", str(written(tmp_path)), "--public-key", str(tmp_path / f"{FILE}.json"))


# --- the page -------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Which tags there are, and whether each is closed."""

    VOID = ("meta", "br", "line", "path")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.usefixtures("busy_day")
def test_the_page_needs_nothing_else_and_says_what_the_file_says(tmp_path: Path) -> None:
    file = written(tmp_path)
    page = file.with_suffix(".html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == [] and tags.addresses == []
    assert "script" not in tags.seen and "url(" not in page and "@import" not in page
    sealed = json.loads(file.read_bytes())
    for text in (sealed["signature"], sealed["body"]["key"]["fingerprint"], "H99999900001", "互联网医院", "999900"):
        assert text in page
    assert {"svg", "path"} <= tags.seen
    assert len(re.findall(r"<tr><td>\d\d:00</td>", page)) == 8, "three hours beside each other"
    assert "the bureau asked for it" in page


def test_what_staff_write_is_not_taken_for_html() -> None:
    changed(recorded.quota(3), 2, moment("12:00"), why="<script>alert(1)</script>")
    page = paper.page(statement.signed(DAY))
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_in_any_language_it_is_the_same(settings: LazySettings) -> None:
    signed = statement.signed(DAY)
    settings.LANGUAGE_CODE = "zh-hans"
    assert "医保接口调用频次证明书" in paper.page(signed) and "Statement of the calls" in paper.page(signed)


def test_real_turns_are_stated(insurer: Simulator) -> None:
    doing.priced(factories.patient())
    (quota,) = statement.body_of(timezone.localdate(), so_far=True)["quotas"]
    assert (quota["calls"], quota["holds"]) == (1, True)
