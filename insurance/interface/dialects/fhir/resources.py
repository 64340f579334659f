"""Resources in and out, each validated: the only module that knows `fhir.resources`.

R4B (4.3) is what the library has of R4; the resources used here are those of R4 (4.0.1), unchanged. The library takes
long to load, which is why nobody but this dialect may import it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.claim import Claim
from fhir.resources.R4B.claimresponse import ClaimResponse
from fhir.resources.R4B.coverageeligibilityrequest import CoverageEligibilityRequest
from fhir.resources.R4B.coverageeligibilityresponse import CoverageEligibilityResponse
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.parameters import Parameters
from fhir.resources.R4B.paymentnotice import PaymentNotice
from fhir.resources.R4B.paymentreconciliation import PaymentReconciliation
from fhir.resources.R4B.resource import Resource
from fhir.resources.R4B.task import Task
from pydantic import ValidationError

from insurance.interface.dialects.fhir.vocabulary import Json
from insurance.interface.errors import NotWritable

MODELS: Mapping[str, type[Resource]] = MappingProxyType(
    {
        "Bundle": Bundle,
        "Claim": Claim,
        "ClaimResponse": ClaimResponse,
        "CoverageEligibilityRequest": CoverageEligibilityRequest,
        "CoverageEligibilityResponse": CoverageEligibilityResponse,
        "Encounter": Encounter,
        "OperationOutcome": OperationOutcome,
        "Parameters": Parameters,
        "PaymentNotice": PaymentNotice,
        "PaymentReconciliation": PaymentReconciliation,
        "Task": Task,
    }
)

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the library raises for an answer that is not valid: not only its own errors, as fuzzing has shown."""


def written(resource: Json) -> bytes:
    """The resource as JSON, UTF-8, without what is empty, which FHIR does not know (json.html).

    Raises NotWritable for one that is not valid, or has a number that JSON would bend: a code of the hospital's with a
    blank at its end stays wrong until somebody corrects it.
    """
    try:
        valid = MODELS[resource["resourceType"]].model_validate(_without_empty(resource))
    except ValidationError as error:  # its text quotes the value: only the place is told
        raise NotWritable(f"{resource['resourceType']}.{_place(error)}") from None
    _check_numbers(resource)
    text: str = valid.model_dump_json()
    return text.encode()


def _place(error: ValidationError) -> str:
    """Where it stands, in words short enough for a text without numbers and names (`errors.scrub`)."""
    parts = error.errors()[0]["loc"]
    return ".".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(part)) for part in parts)


def read(body: bytes) -> Json:
    """The valid resource in a body. Raises ValueError for anything else.

    A modifierExtension changes what it stands in, and may not be passed over (FHIR, extensibility): none is known here.
    """
    try:
        document: Json = _pruned(parsed(body))
        MODELS[document["resourceType"]].model_validate(document)
    except UNREADABLE as error:
        raise ValueError(type(error).__name__) from None
    if any(name == "modifierExtension" for name, _ in _fields(document)):
        raise ValueError("a modifierExtension that is not known here")
    return document


def parsed(body: bytes) -> Json:
    """The JSON object of a body, its fractions Decimal. Raises ValueError."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
    if isinstance(document, dict):
        return document
    raise ValueError("not a JSON object")


_NOTHING: tuple[object, ...] = (None, [], {})


def _pruned(value: Any) -> Any:
    """A property that is null or empty is as one that is not there: the library lets it pass where one is required
    (json.html has neither). An item of a list that is so would be dropped in silence, and is not valid: what a search
    has found would be nothing."""
    match value:
        case dict():
            kept = {name: _pruned(inner) for name, inner in value.items()}
            return {name: inner for name, inner in kept.items() if inner not in _NOTHING}
        case list():
            items = [_pruned(inner) for inner in value]
            if any(item in _NOTHING for item in items):
                raise ValueError("an empty item")
            return items
        case _:
            return value


def _fields(value: object) -> Iterator[tuple[str, object]]:
    """Every named field at any depth."""
    match value:
        case dict():
            for name, inner in value.items():
                yield name, inner
                yield from _fields(inner)
        case list():
            for inner in value:
                yield from _fields(inner)


def _without_empty(value: Any) -> Any:
    match value:
        case dict():
            kept = {name: _without_empty(inner) for name, inner in value.items()}
            return {name: inner for name, inner in kept.items() if inner not in ("", [], {}, None)}
        case list():
            return [inner for inner in map(_without_empty, value) if inner not in ("", [], {}, None)]
        case _:
            return value


def _check_numbers(resource: Json) -> None:
    """The library writes a decimal by way of a double, which keeps fifteen digits."""
    for name, value in _fields(resource):
        if isinstance(value, Decimal) and Decimal(str(float(value))) != value:
            raise NotWritable(f"{name} has too many digits")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
