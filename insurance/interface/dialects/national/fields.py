"""Strict reading of a success: what is required and missing is named, unknown fields are passed over.

The centre has said that it was carried out, so an answer that cannot be read is OutcomeUnknown.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Never

from insurance.interface.amounts import to_fen
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.times import CENTRE_TIME


class Node:
    """One object of an answer and where it stands."""

    __slots__ = ("_fields", "_path")

    def __init__(self, path: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise OutcomeUnknown(f"{path} is missing")
        self._path, self._fields = path, value

    def node(self, name: str) -> "Node":
        """A required object."""
        return Node(f"{self._path}.{name}", self._fields.get(name))

    def rows(self, name: str) -> tuple["Node", ...]:
        """A required list; null is empty, a single object is a list of one."""
        return rows(f"{self._path}.{name}", self._required(name))

    def text(self, name: str) -> str:
        """A required text or whole number, not empty."""
        return self.text_or_empty(name) or self._fail(name, "is missing")

    def text_or_empty(self, name: str) -> str:
        """An optional text; null or missing is ""."""
        value = self._fields.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            self._fail(name, "is not a text")
        text = str(value).replace("\u3000", " ").strip()
        return text if text.isprintable() else self._fail(name, "is not printable")

    def nullable(self, name: str) -> str:
        """A text that must be there but may be null."""
        self._required(name)
        return self.text_or_empty(name)

    def fen(self, *names: str) -> int:
        """A required amount, under the first of these names that is there; null is 0 (protocol 1.3)."""
        return self.fen_or_null(*names) or 0

    def fen_or_zero(self, name: str) -> int:
        """An optional amount."""
        return self.fen(name) if name in self._fields else 0

    def fen_or_null(self, *names: str) -> int | None:
        """As `fen`, keeping null apart. A name with a value goes before a name with null."""
        present = [name for name in names if name in self._fields]
        if not present:
            self._fail(names[0], "is missing")
        name = next((name for name in present if self._fields[name] is not None), present[0])
        return None if self._fields[name] is None else self._amount(name)

    def moment(self, name: str) -> datetime | None:
        """An optional `yyyy-MM-dd HH:mm:ss`, in the centre's wall time. One that names its zone is taken at its word;
        a year that no settlement has (0001, 9999: "none" in other systems) is no time."""
        text = self.text_or_empty(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self._fail(name, "is not a time")
        if not 1900 <= moment.year < 9999:
            self._fail(name, "is not a time")
        return moment if moment.tzinfo else moment.replace(tzinfo=CENTRE_TIME)

    def present(self, *names: str) -> tuple[str, ...]:
        """Which of these names are there."""
        return tuple(name for name in names if name in self._fields)

    def _required(self, name: str) -> object:
        return self._fields[name] if name in self._fields else self._fail(name, "is missing")

    def _amount(self, name: str) -> int:
        try:
            return to_fen(self._fields[name])
        except ValueError:
            return self._fail(name, "is not an amount")

    def _fail(self, name: str, what: str) -> Never:
        raise OutcomeUnknown(f"{self._path}.{name} {what}") from None


def rows(path: str, value: object) -> tuple[Node, ...]:
    """The objects of a list."""
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(Node(f"{path}[{place}]", item) for place, item in enumerate(items))
