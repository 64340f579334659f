"""SQL is put together from constants: what somebody gives is a parameter, never part of the text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.security

ROOT = Path(__file__).parents[2]
OURS = ("config", "hospital", "insurance", "operations", "tasks")
VERB = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")

AT_RUN_TIME = {
    "config/door/stories.py": "names of tables, by a function that is called while the module is loaded",
    "hospital/retention.py": "table and column names of our own models, and clauses that stand in the module",
    "hospital/rotation.py": "table and column names of our own models; keys and ids are parameters",
    "hospital/worklist.py": "table and column names of our own models, quoted by the database's own rule",
    "insurance/archiving/months.py": "names of the two tables that have months, and clauses that stand in the module",
}
"""Files with SQL that is put together in a function, and of what. Everything else is made when a module is loaded,
before anybody has asked anything."""


def built_in_functions(tree: ast.AST) -> Iterator[int]:
    """Lines of f-strings with SQL in a function that put something into it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.JoinedStr) and VERB.search(_words(node)):
                    yield node.lineno


def _words(text: ast.JoinedStr) -> str:
    return " ".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))


def test_sql_is_made_when_a_module_is_loaded() -> None:
    found = {
        str(path.relative_to(ROOT))
        for part in OURS
        for path in (ROOT / part).rglob("*.py")
        if "migrations" not in path.parts and list(built_in_functions(ast.parse(path.read_text())))
    }
    assert found == set(AT_RUN_TIME)


def test_sql_from_what_was_asked_is_found() -> None:
    """Negative control."""
    assert list(built_in_functions(ast.parse("def f(name):\n  return f'SELECT 1 WHERE name = {name}'"))) == [2]
    assert list(built_in_functions(ast.parse("ALL = f'SELECT {COLUMNS} FROM a'"))) == []
