"""What every test starts from. Tests lie in folders by what they need: see `tests/README.md`."""

from collections.abc import Iterator
from typing import Any

import pytest

FOLDER_MARKS = {name: name for name in ("acceptance", "broker", "browser", "chaos", "races", "shape")}

ONE_AFTER_THE_OTHER = {"acceptance", "broker", "browser", "chaos", "races"}
"""What starts processes and measures them is not run beside its like."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screens", default="", help="tests/browser: write pictures of the main pages into this folder")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the folder it lies in."""
    for item in items:
        for folder, mark in FOLDER_MARKS.items():
            if folder in item.path.parts:
                item.add_marker(mark)
        if ONE_AFTER_THE_OTHER.intersection(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("processes"))


@pytest.fixture(autouse=True)
def _quiet_hints(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Hints to the broker are dropped as on a full line; tests of the broker ask for `hints` to have them given."""
    if "hints" not in request.fixturenames and "django_db_setup" in request.fixturenames:
        from hospital import wake  # noqa: PLC0415  Django's settings must be read first

        monkeypatch.setattr(wake, "_drop_in", _drop)
    yield


@pytest.fixture(autouse=True)
def _nothing_kept(request: pytest.FixtureRequest) -> None:
    """What an earlier test made of a setting is not remembered."""
    if "django_db_setup" in request.fixturenames:
        from hospital import tuning  # noqa: PLC0415  Django's settings must be read first

        tuning.forget()


def _drop(hint: Any) -> None:
    """A hint that is lost delays and never loses."""
