"""Every address of the URLconf, and things to put into those that hold an id."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from config.urls import API

PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")

OF_NOTHING = 2**40
"""An id that nothing has."""


def every() -> dict[str, URLPattern]:
    """Address as the URLconf has it → its pattern, in the order in which Django looks."""
    return dict(_below(get_resolver().url_patterns, ""))


def _below(patterns: Sequence[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = before + _NAMED_GROUP.sub(r"<\1>", str(pattern.pattern)).replace("^", "").replace("$", "")
        if isinstance(pattern, URLPattern):
            yield address, pattern
        else:
            yield from _below(pattern.url_patterns, address)


def methods(address: str, pattern: URLPattern) -> tuple[str, ...]:
    """Of the API: those that its view has; of a page: looking and sending."""
    if not address.startswith(API):
        return ("GET", "POST")
    view = getattr(pattern.callback, "cls")  # noqa: B009  Django's types do not know it
    return tuple(sorted(set(view().allowed_methods) - {"OPTIONS"}))


def filled(address: str, things: dict[str, Any]) -> str:
    """The address of one thing. `things`: id by the beginning of an address; the rows of the admin are found here."""
    chosen = max((begin for begin in things if address.startswith(begin)), key=len, default="")
    values = {
        "pk": things.get(chosen),
        "token": things.get(chosen),
        "day": timezone.localdate(),
        "ending": "json",
        "app_label": "hospital",
        "url": "nothing-of-ours/",
        "insurer": "default",
        "content_type_id": 1,
    }
    row = re.match(r"admin/(\w+)/(\w+)/.*<(?:path:)?(?:object_id|id)>", address)
    values["object_id"] = values["id"] = _first(*row.groups()) if row else 1
    return "/" + PLACE.sub(lambda place: str(values[place[1]]), address)


def _first(app: str, model: str) -> Any:
    row = apps.get_model(app, model)._default_manager.first()
    return OF_NOTHING if row is None else row.pk
