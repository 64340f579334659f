"""What `bin/audit` looks at without a network is clean, and each look finds what was put before it."""

from pathlib import Path

import pytest

from demo import auditing

pytestmark = [pytest.mark.security, pytest.mark.timeout(600)]
"""Seconds of processor time each; a machine that has much else to do takes longer over them."""


def test_bandit_finds_nothing_in_our_code() -> None:
    look = auditing.code()
    assert list(look.found) == [], look.says


def test_no_file_that_hospitals_get_holds_what_looks_like_a_key() -> None:
    """Those of the tests are looked at by `bin/audit`: they take as long again."""
    names = [name for name in auditing.files() if not name.startswith("tests/")]
    assert len(names) > 500 and list(auditing.secrets(names).found) == []


def test_the_settings_of_a_hospital_are_clean() -> None:
    assert list(auditing.settings().found) == []


def test_each_look_finds_what_is_there_to_find(tmp_path: Path) -> None:
    """A key and a hole of our own making; they are put together so that this file holds neither."""
    key = "".join(("AKIA", "Z4Q7W2X5", "N8B3V6M1"))
    (tmp_path / "leaks.py").write_text(f'import subprocess\nsubprocess.run("ls {key}", shell=True)\n')
    assert any("leaks.py:2 B602" in hole for hole in auditing.code([str(tmp_path)]).found)
    (leaked,) = auditing.secrets([str(tmp_path / "leaks.py")]).found
    assert "leaks.py:2 AWS Access Key" in leaked
    assert any("security.W018" in line for line in auditing.settings(DEBUG="1").found)
