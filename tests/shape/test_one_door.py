"""A state is changed in `hospital/worklist.py` and nowhere else (design 2, rule 2)."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "hospital" / "worklist.py"
WRITERS = {"update", "bulk_update", "update_or_create"}


def sources() -> Iterator[Path]:
    for folder in ("hospital", "insurance", "tasks", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" not in path.parts and "simulator" not in path.parts and path != DOOR:
                yield path


def writes_of_state(tree: ast.AST) -> Iterator[int]:
    """Lines that assign `.state`, or call `update(state=…)`, `bulk_update(…, ["state"])`, `save(update_fields=…)`."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
                yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
            named = [keyword.arg for keyword in node.keywords]
            listed = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
            if "state" in named or ("state" in listed and node.func.attr == "bulk_update"):
                yield node.lineno


def test_nobody_else_writes_a_state() -> None:
    trees = {path.relative_to(ROOT): ast.parse(path.read_text()) for path in sources()}
    assert [f"{path}:{line}" for path, tree in trees.items() for line in writes_of_state(tree)] == []


def test_the_search_finds_what_it_looks_for() -> None:
    guilty = "row.state = 'filed'\nArchive.objects.filter(pk=1).update(state='filed')\nA.bulk_update(rows, ['state'])"
    assert sorted(writes_of_state(ast.parse(guilty))) == [1, 2, 3]


def test_only_one_module_makes_a_client() -> None:
    makers = [path.relative_to(ROOT).as_posix() for path in sources() if "InsuranceClient(" in path.read_text()]
    assert makers == ["insurance/quota/exchange.py"]
