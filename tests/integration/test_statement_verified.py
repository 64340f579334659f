"""What `docs/proof.md` tells the bureau to do, done: it says valid, and not when a figure was changed."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from insurance.quota import sealing, statement
from tests.integration import recorded
from tests.integration.recorded import DAY, calls, changed, moment

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "proof.md").read_text()


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """What lies before the bureau: the file, and the key that it was given."""
    quota = recorded.quota(3)
    changed(quota, 2, moment("12:00"), why='医保局要求 "2" \\ \x7f é 🏥')
    calls(quota, "08:00:00", "08:00:10.5")
    (tmp_path / "statement.json").write_bytes(statement.signed(DAY))
    (tmp_path / "institution.pem").write_text(sealing.pem_of(sealing.own_key()))
    return tmp_path


def ran(command: list[str], desk: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)


def with_another_figure(desk: Path) -> None:
    file = desk / "statement.json"
    before = file.read_text()
    file.write_text(before.replace('"calls":2,', '"calls":3,'))
    assert file.read_text() != before


def test_ten_lines_of_python_verify_it(desk: Path) -> None:
    command = [sys.executable, "-c", snippet("python")]
    assert ran(command, desk).stdout == f"valid: H99999900001 {DAY}\n"
    with_another_figure(desk)
    assert "InvalidSignature" in ran(command, desk).stderr


def _openssl_3() -> bool:
    if not (shutil.which("jq") and shutil.which("openssl")):
        return False
    return ran(["openssl", "version"], Path()).stdout.startswith("OpenSSL 3")


@pytest.mark.skipif(not _openssl_3(), reason="jq and OpenSSL 3 are not here; the same is done by Python")
def test_openssl_verifies_it(desk: Path) -> None:
    command = ["sh", "-ec", snippet("sh")]
    ended = ran(command, desk)
    assert (ended.returncode, ended.stdout) == (0, "Signature Verified Successfully\n"), ended.stderr
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", "institution.pem", "-outform", "DER"],
        cwd=desk,
        capture_output=True,
        check=True,
    ).stdout
    assert hashlib.sha256(der).hexdigest() == sealing.fingerprint(sealing.own_key())
    with_another_figure(desk)
    assert ran(command, desk).returncode != 0
