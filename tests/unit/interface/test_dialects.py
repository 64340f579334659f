"""The dialects as a whole: what a dialect must be able to do, how it is named, and that its page says what is so."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from insurance.interface.dialects import DIALECTS, is_there, load
from insurance.interface.errors import Refusal
from insurance.interface.exchange import Dialect, Exchange
from insurance.interface.profile import Operation, Profile
from insurance.simulator.insurer.faces import FACES, face
from insurance.simulator.insurer.ledger import Ledger
from tests.centres import CENTRES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/dialects.md").read_text()
LONGEST_NAME = 5
"""`InterfaceCall.infno`."""


def profile(dialect: Dialect) -> Profile:
    return Profile("http://127.0.0.1:1", "H99999900001", "", "999900", **dialect.defaults)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("national", {"reverse": None}), ("national", {"settled_ids": None}), ("delimited", {"by_message": None})],
)
def test_a_lost_settlement_has_a_way_out(name: str, lacks: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="by_message"):
        replace(load(name), **lacks)
    with pytest.raises(ValueError, match="sign_in"):
        replace(load("delimited"), sign_in=None)


@pytest.mark.parametrize("name", sorted(CENTRES))
def test_names_fit_and_are_those_that_the_centre_meters(name: str) -> None:
    """What counts against n is known by two names: nothing else may bear one of them."""
    dialect = load(name)
    parts = {field.name: getattr(dialect, field.name) for field in fields(dialect)}
    exchanges = {name: part for name, part in parts.items() if isinstance(part, Exchange)}
    names = {name: profile(dialect).infno(each.operation) for name, each in exchanges.items()}
    assert all(0 < len(each) <= LONGEST_NAME for each in names.values())
    assert (names["trial"], names["settle"]) == face(CENTRES[name])(Ledger(), refuse_double=False).metered
    for metered in ("trial", "settle"):
        assert [key for key, each in names.items() if each == names[metered]] == [metered]


@pytest.mark.parametrize("name", sorted(CENTRES))
def test_refusals_are_said_in_our_words(name: str) -> None:
    refusals = profile(load(name)).refusals
    assert all(word in set(Refusal) for words in refusals.values() for word in words)
    assert Refusal.NO_SUCH_SETTLEMENT in refusals[Operation.QUERY]


def test_names_and_dotted_paths() -> None:
    assert all(map(is_there, [*DIALECTS, "examples.forms.DIALECT"]))
    assert not any(map(is_there, ["", "x", "Delimited", "nowhere.DIALECT", "examples.nowhere.DIALECT", "a.b c", ".x"]))
    with pytest.raises(ValueError, match="delimited, fhir, mobile, national"):
        load("nowhere.DIALECT")
    with pytest.raises(TypeError):
        load("examples.forms.NAMES")
    assert DIALECTS.keys() <= FACES.keys()


def test_the_page_names_every_operation() -> None:
    table = PAGE.split("| field of `Dialect` |")[1].split("\n\n")[0]
    assert [each.name for each in fields(Dialect) if f"`{each.name}`" not in table] == []


def test_every_line_of_code_on_the_page_is_the_examples() -> None:
    source = "".join(file.read_text() for file in (ROOT / "examples/forms").glob("*.py"))
    blocks = [part.split("```")[0] for part in PAGE.split("```python\n")[1:]]
    assert len(blocks) == 7 and [block for block in blocks if block not in source] == []
