"""What every test starts from. Tests lie in folders by what they need: see `tests/README.md`."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

HERE = Path(__file__).parent
FOLDER_MARKS = {name: name for name in ("acceptance", "broker", "browser", "chaos", "hosts", "races", "shape")}

ONE_AFTER_THE_OTHER = {
    **dict.fromkeys(("broker", "chaos", "hosts"), "killed"),
    **dict.fromkeys(("acceptance", "browser", "races"), "processes"),
}
"""What starts processes and measures them is not run beside its like: the group of each folder. There are two, since
both mostly wait: whoever kills, freezes and fills up is one, and knows its processes by name."""

SECURITY = {
    *("integration/test_roles.py", "integration/test_api_strangers.py", "integration/test_api_tokens.py"),
    *("integration/test_api_limits.py", "integration/test_api_cors.py", "integration/test_api_around.py"),
    *("integration/test_looks.py", "integration/test_payments.py", "integration/test_notices.py"),
    *("integration/test_decisions.py", "integration/test_metrics.py", "integration/test_configuration.py"),
    *("unit/insurance/test_signing.py", "unit/config/test_masking.py", "unit/config/test_lanes.py"),
    *("unit/interface/test_privacy.py", "unit/hospital/test_privacy.py", "acceptance/test_privacy.py"),
    *("races/test_limit.py", "shape/test_one_door.py", "shape/test_deployment.py"),
}
"""Older tests that show that a threat is met (docs/security.md); newer ones bear the mark themselves."""

LEFT_OUT = {
    mark: re.compile(rf"(?<!not )\b({asked})\b")
    for mark, asked in (("long", "chaos|long"), ("hosts", "hosts"), ("fuzz", "fuzz"))
}
"""Tests with these marks run only for whoever asks for them: by these marks."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screens", default="", help="tests/browser: write pictures of the main pages into this folder")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test is marked by the folder it lies in. What takes hours, or hosts, runs only for those who ask for it."""
    for item in items:
        for folder, mark in FOLDER_MARKS.items():
            if folder in item.path.relative_to(HERE).parts:
                item.add_marker(mark)
        if str(item.path.relative_to(HERE)) in SECURITY:
            item.add_marker("security")
        for folder in ONE_AFTER_THE_OTHER.keys() & set(item.path.relative_to(HERE).parts):
            item.add_marker(pytest.mark.xdist_group(ONE_AFTER_THE_OTHER[folder]))
    for mark, asked in LEFT_OUT.items():
        if not asked.search(config.option.markexpr):
            left_out = [item for item in items if item.get_closest_marker(mark)]
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What jsonschema reads addresses with has a handler of its own. It comes with our tools: hospitals have none."""
    logging.getLogger("lark").handlers.clear()


@pytest.fixture(autouse=True)
def _quiet_hints(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Hints to the broker are dropped as on a full line; tests of the broker ask for `hints` to have them given."""
    if "hints" not in request.fixturenames and "django_db_setup" in request.fixturenames:
        from hospital import wake  # noqa: PLC0415  Django's settings must be read first

        monkeypatch.setattr(wake, "_drop_in", _drop)
    yield


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What an earlier test made of a setting is not remembered, how the line stood, who was told to return."""
    if "django_db_setup" in request.fixturenames:
        from hospital import tuning  # noqa: PLC0415  Django's settings must be read first
        from insurance.trial import outlook, outside  # noqa: PLC0415

        tuning.forget()
        monkeypatch.setattr(outlook, "KEPT_SECONDS", 0.0)
        monkeypatch.setattr(outside, "KEY", f"outside-{uuid4().hex}")


def _drop(hint: Any) -> None:
    """A hint that is lost delays and never loses."""
