"""Alert rules, dashboard and runbook name what is really exported."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from hospital import ticks
from insurance.archiving import runs
from operations.metrics import page
from tests.integration import doing
from tests.simulators import Simulator

OPS = Path(__file__).parents[2] / "docs" / "ops"
METRIC = re.compile(r"\b(?:hospital|insurance)_[a-z0-9_]+")
LABELLED = re.compile(r"\b((?:hospital|insurance)_[a-z0-9_]+)\{([^}]*)\}")
SUFFIX = re.compile(r"_(bucket|gcount|gsum)$")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((OPS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    panels = json.loads((OPS / "dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + dashboard_expressions()


def named(text: str) -> set[str]:
    return {SUFFIX.sub("", name) for name in METRIC.findall(text)}


@pytest.fixture
def exported() -> dict[str, set[str]]:
    """Every metric, with the names of its labels."""
    for collector in list(page.registry._collector_to_names):
        collector.forget()
    families = text_string_to_metric_families(Client().get("/metrics").content.decode())
    found: dict[str, set[str]] = {}
    for family in families:
        labels = found.setdefault(SUFFIX.sub("", family.name), set())
        labels.update(*(sample.labels for sample in family.samples))
    return found


def test_every_metric_that_is_named_is_exported(exported: dict[str, set[str]]) -> None:
    asked = set().union(*map(named, expressions()))
    assert len(asked) > 20
    assert asked - set(exported) == set()
    assert named((OPS / "README.md").read_text()) == set(exported)


def test_the_labels_that_rules_choose_by_are_there(
    insurer: Simulator, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    doing.priced(doing.somebody_whose_account_covers())
    ticks.seen("tasks.upkeep.sweep")
    list(runs.run(tmp_path))
    exported = request.getfixturevalue("exported")
    chosen = [
        (name, label)
        for text in expressions()
        for name, inside in LABELLED.findall(text)
        for label in re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", inside)
    ]
    assert len(chosen) > 5
    unknown = [(name, label) for name, label in chosen if label not in exported[SUFFIX.sub("", name)]]
    assert [
        pair
        for pair in unknown
        if pair not in {("hospital_queue_messages", "queue"), ("insurance_eta_error_ratio", "quantile")}
    ] == []


def test_every_alert_has_a_runbook_line_and_every_line_an_alert() -> None:
    runbook = (OPS / "README.md").read_text().partition("## Runbook")[2]
    told = re.findall(r"^### ([A-Z]\w+)\n\n.+\. \*\*Do:\*\* .+\.$", runbook, re.MULTILINE)
    alerts = [rule["alert"] for rule in rules()]
    assert told == alerts and len(set(alerts)) == len(alerts)
    assert all(rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"] for rule in rules())
    links = [f"docs/ops/README.md#{alert.lower()}" for alert in alerts]
    assert [rule["annotations"]["runbook"] for rule in rules()] == links


def test_the_rules_are_tested_with_names_that_exist(exported: dict[str, set[str]]) -> None:
    tested = yaml.safe_load((OPS / "alerts.test.yml").read_text())["tests"]
    series = " ".join(one["series"] for test in tested for one in test["input_series"])
    asked = {case["alertname"] for test in tested for case in test["alert_rule_test"]}
    assert named(series) - set(exported) == set()
    pages = {rule["alert"] for rule in rules() if rule["labels"]["severity"] == "page"}
    assert asked <= {rule["alert"] for rule in rules()} and len(asked & pages) >= len(pages) - 2


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus; the other tests stay")
@pytest.mark.parametrize(("check", "file"), [("check", "alerts.yml"), ("test", "alerts.test.yml")])
def test_promtool_finds_nothing_to_say(check: str, file: str) -> None:
    done = subprocess.run(["promtool", check, "rules", file], cwd=OPS, capture_output=True, text=True, check=False)
    assert (done.returncode, "SUCCESS" in done.stdout) == (0, True), done.stdout + done.stderr


def undrawn(exported: dict[str, set[str]], shown: list[str]) -> set[str]:
    return set(exported) - set().union(*map(named, shown))


def test_every_metric_that_is_exported_has_a_panel(exported: dict[str, set[str]]) -> None:
    shown = dashboard_expressions()
    assert undrawn(exported, shown) == set()
    # Negative control: without its panel, a metric is missed.
    assert undrawn(exported, [text for text in shown if "ticks_missing" not in text]) == {"hospital_ticks_missing"}


def test_what_several_insurers_have_is_told_apart(insurer: Simulator, request: pytest.FixtureRequest) -> None:
    """In each panel a line for each insurer, by its name."""
    doing.priced(doing.somebody_whose_account_covers())
    exported = request.getfixturevalue("exported")
    legends = [
        (target["legendFormat"], exported[name])
        for panel in json.loads((OPS / "dashboard.json").read_text())["panels"]
        for target in panel["targets"]
        for name in named(target["expr"])
    ]
    assert [legend for legend, labels in legends if "insurer" in labels and "{{insurer}}" not in legend] == []
    assert sum("insurer" in labels for _, labels in legends) > 5


def test_a_metric_that_nobody_exports_would_be_found(exported: dict[str, set[str]]) -> None:
    assert named("sum(insurance_recent_answers_bucket) > hospital_sessions") - set(exported)
