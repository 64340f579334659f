"""The faces of the one centre: the same books, meter and faults behind another wire.

A new face is a module with a class like `Face` and a line in FACES (docs/dialects.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from insurance.simulator.insurer.misbehaviour import Reply, Work

FACES: dict[str, str] = {
    "delimited": "insurance.simulator.insurer.faces.delimited.Delimited",
    "fhir": "insurance.simulator.insurer.faces.fhir.Fhir",
    "mobile": "insurance.simulator.insurer.faces.mobile.Mobile",
    "national": "insurance.simulator.insurer.faces.national.National",
}


FETCHED = frozenset(("fhir",))
"""Those where something is fetched by GET, beside the POST that all are spoken to by."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came in: `kind` is its content type, `msgid` that of the header x-msgid or x-request-id, if there is one."""

    path: str
    body: bytes
    kind: str = ""
    msgid: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """Which transaction it is, for the meter and the faults; whose message; and what is to be done."""

    infno: str
    msgid: str
    work: Work


class NotUnderstood(Exception):
    """It is no message of this wire. It did not arrive as anything that is counted."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Face(Protocol):
    """One wire of the centre, made with its books: `refuse_double` for a second settlement of the same, and `profile`
    where one is asked for by name."""

    @property
    def metered(self) -> tuple[str, str]:
        """The trial and the settlement, in this order."""
        ...

    def understand(self, message: Message) -> Understood:
        """Raises NotUnderstood."""
        ...


def face(name: str) -> Callable[..., Face]:
    """The face of that name, or at that dotted path. Raises ValueError."""
    path = FACES.get(name, name)
    module, _, attribute = path.rpartition(".")
    if not module:
        raise ValueError(f"no face {name!r}; known: {', '.join(sorted(FACES))}")
    found: Callable[..., Face] = getattr(import_module(module), attribute)
    return found
