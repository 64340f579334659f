"""What `bin/audit` makes of what its tools say."""

import pytest

from demo import auditing
from demo.auditing import Look

pytestmark = pytest.mark.security

HOLE = {"id": "GHSA-1", "fix_versions": ["2.1"]}
LISTED = [
    {"name": "django", "version": "5.2.1", "vulns": [HOLE]},
    {"name": "pytest", "version": "9", "vulns": [{"id": "GHSA-2", "fix_versions": []}]},
    {"name": "httpx", "version": "0.28", "vulns": []},
]


def test_a_hole_is_told_with_what_mends_it_and_whom_it_concerns() -> None:
    look = auditing.advisories(LISTED, "django==5.2.1 \\\nhttpx==0.28 \\\n")
    assert look.says == "3 looked up, 2 known holes"
    assert look.found == [
        "django 5.2.1: GHSA-1, mended in 2.1",
        "pytest 9: GHSA-2, mended in no version (only for development)",
    ]


def test_what_does_not_concern_us_is_passed_over_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "ACCEPTED", {"GHSA-1": "a part that we do not use"})
    assert len(auditing.advisories(LISTED, "").found) == 1
    assert all(len(reason) > 10 for reason in auditing.ACCEPTED.values())


@pytest.mark.parametrize(
    ("looks", "status"),
    [
        ([Look("clean")], 0),
        ([Look("clean"), Look("found", ["one"])], 1),
        ([Look("not reached", reached=False), Look("clean")], 3),
        ([Look("not reached", reached=False), Look("found", ["one"])], 1),
    ],
)
def test_the_exit_status(looks: list[Look], status: int) -> None:
    assert auditing.status(looks) == status


def test_without_the_internet_it_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tool itself, sent to a port where nobody is."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    look = auditing.told("dependencies", auditing.dependencies())
    (line,) = capsys.readouterr().out.splitlines()
    assert "could not be reached" in line and (look.found, look.reached) == ((), False)
