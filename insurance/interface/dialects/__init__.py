"""The dialects by name. A new one is a package with a `DIALECT` and a line here, or is named by its dotted path
(docs/dialects.md). None is imported before it is asked for."""

from importlib import import_module
from importlib.util import find_spec

from insurance.interface.exchange import Dialect

__all__ = ["DIALECTS", "Dialect", "is_there", "load"]

DIALECTS: dict[str, str] = {
    "delimited": "insurance.interface.dialects.delimited.DIALECT",
    "fhir": "insurance.interface.dialects.fhir.DIALECT",
    "mobile": "insurance.interface.dialects.mobile.DIALECT",
    "national": "insurance.interface.dialects.national.DIALECT",
}


def is_there(name: str) -> bool:
    """Whether it is in DIALECTS, or the dotted path of something in a module that can be found."""
    module, _, attribute = name.rpartition(".")
    if name in DIALECTS or not (module and attribute.isidentifier()):
        return name in DIALECTS
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def load(name: str) -> Dialect:
    """The dialect of that name or dotted path. Raises ValueError for one that is not there, and TypeError."""
    if not is_there(name):
        raise ValueError(f"no dialect {name!r}; known: {', '.join(sorted(DIALECTS))}")
    module, _, attribute = DIALECTS.get(name, name).rpartition(".")
    dialect = getattr(import_module(module), attribute)
    if not isinstance(dialect, Dialect):
        raise TypeError(f"{name} is not a Dialect")
    return dialect
