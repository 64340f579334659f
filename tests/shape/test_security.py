"""docs/security.md names the proof of each line, and each proof is there and bears the mark."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import SECURITY

pytestmark = pytest.mark.security

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \*\*[STRIDE]\*\* ", line)]


def test_every_threat_has_a_remedy_and_a_proof() -> None:
    assert len(ROWS) > 20 and {row[4] for row in ROWS} == set("STRIDE")
    for row in ROWS:
        _threat, remedy, proof = (cell.strip() for cell in row.strip("|").split("|"))
        assert remedy and "`tests/" in proof, row


@pytest.mark.parametrize(("name", "test"), NAMED)
def test_a_proof_that_is_named_is_there(name: str, test: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert test in tests if test else any(each.startswith("test_") for each in tests)


def test_every_proof_is_run_by_its_mark() -> None:
    unmarked = {name for name, _test in NAMED if "mark.security" not in (ROOT / name).read_text()}
    assert {name for name in unmarked if name.removeprefix("tests/") not in SECURITY} == set()
    assert [name for name in SECURITY if not (ROOT / "tests" / name).exists()] == []


def test_the_tools_and_settings_that_are_named_are_there() -> None:
    for name in re.findall(r"`(config/[\w/]+\.py|bin/audit|\.secrets\.baseline|pyproject\.toml)", PAGE):
        assert (ROOT / name).exists(), name
    assert (ROOT / "docs" / "adr" / "0031-messages-are-json-and-not-signed.md").exists()
