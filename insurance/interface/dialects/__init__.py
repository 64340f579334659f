"""The dialects by name. A new one is a module with a `DIALECT` and a line here."""

from importlib import import_module

from insurance.interface.exchange import Dialect

__all__ = ["DIALECTS", "Dialect", "load"]

DIALECTS: dict[str, str] = {
    "delimited": "insurance.interface.dialects.delimited.DIALECT",
    "fhir": "insurance.interface.dialects.fhir.DIALECT",
    "national": "insurance.interface.dialects.national.DIALECT",
}


def load(name: str) -> Dialect:
    """The dialect of that name. Raises ValueError for a name that is not in DIALECTS."""
    if name not in DIALECTS:
        raise ValueError(f"no dialect {name!r}; known: {', '.join(sorted(DIALECTS))}")
    module, _, attribute = DIALECTS[name].rpartition(".")
    dialect = getattr(import_module(module), attribute)
    if not isinstance(dialect, Dialect):
        raise TypeError(f"{DIALECTS[name]} is not a Dialect")
    return dialect
