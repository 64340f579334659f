"""Strict reading of a valid resource: what FHIR leaves open and we need is named when it is missing.

The insurer has said that it was carried out, so an answer that cannot be read is OutcomeUnknown.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from insurance.interface.amounts import to_fen
from insurance.interface.dialects.fhir.vocabulary import ENCOUNTER, Codes, Json, Sid, amount_code
from insurance.interface.errors import OutcomeUnknown

CURRENCY = "CNY"


def fen(money: Mapping[str, Any], where: str) -> int:
    """A Money in fen. Another currency is no amount of ours."""
    if money.get("currency") != CURRENCY:
        raise OutcomeUnknown(f"{where} is not in {CURRENCY}")
    value = money.get("value")
    try:
        return to_fen(value if isinstance(value, Decimal | int) else "missing")
    except ValueError:
        raise OutcomeUnknown(f"{where} is not an amount") from None


def identified(identifiers: Iterable[Json], system: str) -> str:
    """The one value in that system; "" if there is none. Raises OutcomeUnknown for several."""
    values = {text(each.get("value")) for each in identifiers if each.get("system") == system}
    if len(values) > 1:
        raise OutcomeUnknown(f"several identifiers of {_short(system)}")
    return values.pop() if values else ""


def required(value: str, where: str) -> str:
    """The value, which must not be empty."""
    if not value:
        raise OutcomeUnknown(f"{where} is missing")
    return value


def referred(reference: Json | None, system: str) -> str:
    """The identifier in a Reference, in that system; "" if it has none."""
    return identified([(reference or {}).get("identifier") or {}], system)


def coded(concept: Json | None, system: str) -> str:
    """The code in that system; "" if the CodeableConcept has none."""
    codings = (concept or {}).get("coding") or ()
    return next((text(each.get("code")) for each in codings if each.get("system") == system), "")


def contained(resource: Json, reference: Json | None, kind: str) -> Json:
    """The contained resource that is referred to (`#id`). Raises OutcomeUnknown if there is none of that kind."""
    wanted = (reference or {}).get("reference") or ""
    for each in resource.get("contained") or ():
        if f"#{each.get('id')}" == wanted and each.get("resourceType") == kind:
            return dict(each)
    raise OutcomeUnknown(f"{kind} is not contained")


def moment(value: object, where: str) -> datetime:
    """A dateTime that says the time and the zone. Raises OutcomeUnknown for a day or a year."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        raise OutcomeUnknown(f"{where} is not a time") from None
    if found.tzinfo is None:
        raise OutcomeUnknown(f"{where} has no zone")
    return found


def amounts(rows: Iterable[Json], where: str) -> Callable[[str], int]:
    """Amounts by their category (total, adjudication): a function of the national name, in fen.

    The function raises OutcomeUnknown for one that is missing, this for one that is said twice.
    """
    said: dict[tuple[str, str], int] = {}
    for row in rows:
        for each in row["category"].get("coding") or ():
            key = (text(each.get("system")), text(each.get("code")))
            if key in said:
                raise OutcomeUnknown(f"{where} has {key[1]} twice")
            if "amount" in row:
                said[key] = fen(row["amount"], f"{where} {key[1]}")

    def amount(name: str) -> int:
        system, code = amount_code(name)
        if (str(system), code) not in said:
            raise OutcomeUnknown(f"{where} has no {name}")
        return said[str(system), code]

    return amount


def has_amount(rows: Iterable[Json], name: str) -> bool:
    """Whether the category is there."""
    system, code = amount_code(name)
    return any(coded(row["category"], system) == code for row in rows)


def visit_of(resource: Json) -> str:
    """The visit that a ClaimResponse names by our extension; "" if it names none."""
    named = [each.get("valueReference") for each in resource.get("extension") or () if each.get("url") == ENCOUNTER]
    return identified([(each or {}).get("identifier") or {} for each in named], Sid.VISIT)


def refusal_code(concept: Json | None) -> str:
    """Our own word for a refusal, where the insurer uses it."""
    return coded(concept, Codes.REFUSAL)


def text(value: object) -> str:
    """A printable text without blanks at its ends; "" for nothing."""
    found = value.replace("\u3000", " ").strip() if isinstance(value, str) else ""
    if not found.isprintable():
        raise OutcomeUnknown("a text is not printable")
    return found


def _short(system: str) -> str:
    return system.rpartition("/")[2]
