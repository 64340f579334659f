"""The table of remedies in `docs/reconciliation.md` is the one in `rules.py`."""

import re
from pathlib import Path

from insurance.reconciliation.rules import RULES, Class, Remedy, Rule, Says

DOCUMENT = (Path(__file__).parents[2] / "docs" / "reconciliation.md").read_text()


def written() -> list[tuple[str, ...]]:
    """The rows of the table under "Remedies"."""
    section = DOCUMENT.split("## Remedies\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \| ([\w, ]+) \| ([\w ]+) \|$", section, re.MULTILINE)
    return [row for row in rows if row[0] != "class"]


def told(rule: Rule) -> tuple[str, ...]:
    says = "whatever" if rule.says == frozenset(Says) else ", ".join(sorted(rule.says))
    return rule.classed.value, ", ".join(sorted(rule.movements)), says, rule.remedy.value


def test_the_table_of_remedies_is_the_rules() -> None:
    assert written() == [told(rule) for rule in RULES]


def test_every_class_and_every_remedy_is_explained() -> None:
    assert set(Class) == set(re.findall(r"^\| (\w+) \| in ", DOCUMENT, re.MULTILINE))
    assert set(Remedy) - {Remedy.STAFF} == set(re.findall(r"^\* \*\*([\w ]+)\*\*", DOCUMENT, re.MULTILINE))
