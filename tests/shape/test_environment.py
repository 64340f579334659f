"""What can be set is told in .env.example, and reaches the processes that compose starts."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TOLD = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
READ = set(re.findall(r"env\.[a-z_]+\(\s*\"([A-Z_]+)\"", (ROOT / "config" / "settings.py").read_text()))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

MADE_BY_COMPOSE = {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "DEBUG"}
SELDOM = {
    *("TIME_ZONE", "LANGUAGE_CODE", "INSURANCE_DIALECT", "INSURANCE_SHARED_PER_MINUTE"),
    *("INSURANCE_INSTITUTION_CODE", "INSURANCE_INSTITUTION_NAME", "INSURANCE_REGION"),
}
"""Passed on by compose, and not in everybody's .env."""


def test_every_setting_is_told_of() -> None:
    assert len(READ) > 40
    assert set() == READ - MADE_BY_COMPOSE - SELDOM - TOLD


def test_every_setting_reaches_the_processes() -> None:
    assert READ - set(COMPOSE["services"]["web"]["environment"]) == set()


def test_whatever_is_told_of_is_taken_by_compose() -> None:
    taken = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert TOLD - taken == set()
