"""What may be shown of a resource or a search: there an identifier or a code is known by the end of its system, and an
amount by its currency (docs/fhir.md)."""

from typing import Any
from urllib.parse import parse_qsl

from insurance.interface.masking import HARMLESS, MASK, document, field_name, laid_out
from insurance.interface.masking import masked as hidden

_HARMLESS = frozenset(
    (
        *("resourceType", "status", "use", "intent", "outcome", "severity", "system", "currency", "created"),
        *("sequence", "itemSequence", "focal", "inforce", "type", "method"),
    )
)
_SYSTEMS = HARMLESS | {"amount", "adjudication", "information", "relation", "refusal", "task", "issue-type"}
_ASKED = frozenset(("_count", "status", "status:not"))


def masked(infno: str, text: str) -> str:
    """A resource, or the form of a search; "" for what is neither."""
    found = document(text)
    if found is None:
        return _search(text)
    return laid_out(_resource(found)) if "resourceType" in found else ""


def _resource(value: Any, named: str = "") -> Any:
    """A part of a resource; `named`: how it is called where it stands."""
    match value:
        case {"value": int() | float() as amount, "currency": str(currency)}:
            return {"value": amount, "currency": currency}
        case {"system": str(system)}:
            shown = ("system", "code", "value") if _is_known(system) else ("system",)
            return {field_name(name): inner if name in shown else _resource(inner) for name, inner in value.items()}
        case dict():
            return {field_name(name): _resource(inner, name) for name, inner in value.items()}
        case list():
            return [_resource(inner, named) for inner in value]
        case _:
            return value if named in _HARMLESS else hidden(value)


def _search(text: str) -> str:
    try:
        asked = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return ""
    return "\n".join(f"{field_name(name)} = {_asked(name, value)}" for name, value in asked)


def _asked(name: str, value: str) -> str:
    system, bar, _ = value.rpartition("|")
    if bar:
        return value if _is_known(system) else MASK
    return value if name in _ASKED else MASK


def _is_known(system: str) -> bool:
    return system.rpartition("/")[2] in _SYSTEMS
